// Compares the same code with itself again and again, and with code that has a planted slow-down.
//   --rounds 20    comparisons of each kind; each is of seven fresh processes, as those of `cache-bench regress`
//   --minutes 10   after this time, and after Ctrl-C, the table has only the finished comparisons
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runCells } from '../dist/cells/run-cells.js'
import { measureOperation, median, PerformanceRegressionDetector } from '../dist/index.js'
import { compareRuns } from '../dist/regression/compare-runs.js'
import { getOf } from './subject.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '10' },
  },
})
const rounds = Number(values.rounds)
const PROCESSES = 7
const detector = new PerformanceRegressionDetector()
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

/** Caches of subject.mjs, the scenario that measures them, and the figure that shows the slow-down. */
const EXPERIMENTS = [
  {
    cache: 'one microsecond',
    slower: 'one microsecond, 10 % slower',
    scenario: 'get',
    planted: 'get',
  },
  {
    cache: 'with a tail',
    slower: 'with a tail, its tail 30 % slower',
    scenario: 'latency',
    planted: 'p99',
  },
]

await calibrate()
const total = { same: 0, warnings: 0, critical: 0, planted: 0, detected: 0 }
console.log('| compared | figure | change, median (range) | comparisons | warnings | critical |')
console.log('| --- | --- | ---: | ---: | ---: | ---: |')
for (const { cache, slower, scenario, planted } of EXPERIMENTS) {
  const cells = await measure([cache, slower], scenario)
  for (const name of [cache, slower]) {
    for (const [figure, results] of figuresOf(comparisons(cells, cache, name))) {
      const found = print(name === cache ? `${cache}, with itself` : slower, figure, results)
      if (name === cache) {
        total.same += results.length
        total.warnings += found.warnings
        total.critical += found.critical
      } else if (figure === planted) {
        total.planted += results.length
        total.detected += found.warnings + found.critical
      }
    }
  }
}
console.log(
  `\nSame code: ${total.warnings} warnings and ${total.critical} critical in ${total.same} comparisons of a figure.`,
)
console.log(`Planted slow-downs: ${total.detected} of ${total.planted} detected.`)
const isComplete = total.planted === EXPERIMENTS.length * rounds
if (!isComplete) console.log('The run was stopped before its end.')
const isGood = total.critical === 0 && total.warnings <= 1 && total.detected === total.planted
process.exitCode = isComplete && isGood ? 0 : 1

/** Sets the numbers of steps with which `get` takes 1 µs and 1.1 µs. The processes of the cells inherit them. */
async function calibrate() {
  const nanosecondsOf = async (steps) => median((await measureOperation(getOf(steps))).samplesNs)
  const fixed = await nanosecondsOf(0)
  const perStep = ((await nanosecondsOf(1_000)) - fixed) / 1_000
  const stepsFor = (nanoseconds) => Math.max(1, Math.round((nanoseconds - fixed) / perStep))
  process.env.STEPS = String(stepsFor(1_000))
  process.env.SLOWER_STEPS = String(stepsFor(1_100))
  console.log(
    `A get takes ${fixed.toFixed(0)} ns without steps and ${perStep.toFixed(2)} ns per step. ` +
      `1 µs: ${process.env.STEPS} steps, 1.1 µs: ${process.env.SLOWER_STEPS} steps.\n`,
  )
}

/** Measures two caches in turn, in fresh processes: seven more than the comparisons need, for the first baseline. */
async function measure(names, scenario) {
  const module = fileURLToPath(new URL('subject.mjs', import.meta.url))
  return runCells({
    subjects: names.map((name) => {
      return { name, variant: name, module, tier: 'memory', versions: {} }
    }),
    scenarios: [scenario],
    processes: PROCESSES * (rounds + 1),
    seed: 1,
    budgetMs: 60,
    redisUrl: undefined,
    maxMinutes: Number(values.minutes) / EXPERIMENTS.length,
    signal: stop.signal,
    onProgress: (line) => process.stderr.isTTY && process.stderr.write(`${line}\n`),
  })
}

/** Compares each group of a cache with the next group of another one, because a baseline is older than a change. */
function comparisons(report, cache, name) {
  const baselines = groupsOf(report, cache)
  const changed = groupsOf(report, name)
  return baselines.slice(0, rounds).flatMap((cells, round) => {
    const next = changed[round + 1]?.map((cell) => Object.assign({}, cell, { cache }))
    if (next === undefined) return []
    return [compareRuns({ ...report, cells }, { ...report, cells: next }, detector)]
  })
}

/** Returns the complete groups of seven processes. */
function groupsOf({ cells }, cache) {
  const own = cells.filter((cell) => cell.cache === cache && cell.error === undefined)
  const count = Math.floor(own.length / PROCESSES)
  return Array.from({ length: count }, (_, group) => {
    return own.slice(group * PROCESSES, (group + 1) * PROCESSES)
  })
}

/** Returns the results of all comparisons by figure. */
function figuresOf(all) {
  const byFigure = new Map()
  for (const each of all.flatMap(({ figures }) => figures)) {
    byFigure.set(each.figure, [...(byFigure.get(each.figure) ?? []), each])
  }
  return byFigure
}

function print(compared, figure, results) {
  const changes = results.map(({ worseByPercent }) => worseByPercent)
  const [middle, low, high] = [median(changes), Math.min(...changes), Math.max(...changes)].map(
    (percent) => `${percent.toFixed(1)} %`,
  )
  const warnings = results.filter(({ severity }) => severity === 'warning').length
  const critical = results.filter(({ severity }) => severity === 'critical').length
  console.log(
    `| ${compared} | ${figure} | ${middle} (${low} to ${high}) | ${results.length} | ${warnings} | ${critical} |`,
  )
  return { warnings, critical }
}
