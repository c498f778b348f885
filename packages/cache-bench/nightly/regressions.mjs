// Measures the same code again and again against one baseline, then code with a planted slow-down.
//   --runs 20   number of comparisons of each kind
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runCells } from '../dist/cells/run-cells.js'
import { PerformanceRegressionDetector } from '../dist/index.js'
import { compareRuns } from '../dist/regression/compare-runs.js'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } })
const runs = Number(values.runs)
const module = fileURLToPath(new URL('subject.mjs', import.meta.url))
const detector = new PerformanceRegressionDetector()

/** Caches of subject.mjs with the scenario that shows their change. */
const MEASURED = { 'one microsecond': 'get', 'with a tail': 'latency' }

const EXPERIMENTS = [
  { name: 'the same code', variables: {}, isPlanted: () => true },
  {
    name: 'all calls 10 % slower',
    variables: { SLOWER_PERCENT: '10' },
    isPlanted: ({ figure }) => figure === 'get',
  },
  {
    name: 'the slowest 2 % of the calls 30 % slower',
    variables: { SLOWER_TAIL_PERCENT: '30' },
    isPlanted: ({ figure }) => figure === 'p99',
  },
]

const baseline = await measure({}, 1)
console.log('| experiment | comparisons | with a warning | critical | detected |')
console.log('| --- | ---: | ---: | ---: | ---: |')
for (const { name, variables, isPlanted } of EXPERIMENTS) {
  let warnings = 0
  let critical = 0
  let detected = 0
  for (let run = 0; run < runs; run++) {
    const { figures } = compareRuns(baseline, await measure(variables, run + 2), detector)
    const worse = figures.filter(({ severity }) => severity !== undefined)
    if (worse.some(({ severity }) => severity === 'warning')) warnings++
    if (worse.some(({ severity }) => severity === 'critical')) critical++
    if (worse.some(isPlanted)) detected++
    if (process.env.DETAILS)
      console.error(
        name,
        figures.map(
          (each) =>
            `${each.figure} ${each.worseByPercent.toFixed(1)} % p ${each.pValue.toFixed(4)}`,
        ),
      )
  }
  console.log(`| ${name} | ${runs} | ${warnings} | ${critical} | ${detected} |`)
}

/** Measures with variables that the processes of the cells inherit. */
async function measure(variables, seed) {
  Object.assign(process.env, variables)
  const reports = []
  for (const [name, scenario] of Object.entries(MEASURED)) {
    const report = await runCells({
      subjects: [{ name, variant: name, module, tier: 'memory', versions: {} }],
      scenarios: [scenario],
      processes: 7,
      seed,
      budgetMs: 60,
      redisUrl: undefined,
      maxMinutes: 60,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    })
    reports.push(report)
  }
  for (const name of Object.keys(variables)) delete process.env[name]
  const [first] = reports
  return { ...first, cells: reports.flatMap(({ cells }) => cells) }
}
