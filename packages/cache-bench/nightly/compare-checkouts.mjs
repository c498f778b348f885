// Compares the caches of this checkout with those of another one, such as that of an earlier commit. Both must be
// built. Every cell runs in fresh processes, in turn here and there. It needs REDIS_URL.
//   node nightly/compare-checkouts.mjs <other checkout> [--processes 9] [--minutes 20]
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runCells } from '../dist/cells/run-cells.js'
import { median, PerformanceRegressionDetector } from '../dist/index.js'
import { compareRuns } from '../dist/regression/compare-runs.js'

const { values, positionals } = parseArgs({
  options: {
    processes: { type: 'string', default: '9' },
    minutes: { type: 'string', default: '20' },
  },
  allowPositionals: true,
})
const [other = ''] = positionals
const redisUrl = process.env.REDIS_URL
const isBuilt = existsSync(path.join(other, 'packages', 'cache-redis', 'dist', 'index.js'))
if (other === '' || !isBuilt || redisUrl === undefined) {
  console.error('usage: REDIS_URL=<url> compare-checkouts.mjs <other checkout, built>')
  process.exit(2)
}
process.env.OTHER_CHECKOUT = path.resolve(other)
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const SCENARIOS = {
  InMemoryCache: ['get', 'set', 'getOrSet'],
  GenericRedisCache: ['throughput, structured, 1 KB', 'paced latency'],
}
/** Costs of a call explain a change, but are too many for the table. */
const SHOWN = /^[^:]*$|p50|p99/

console.log('| cache | figure | there | here | here / there | verdict |')
console.log('| --- | --- | ---: | ---: | ---: | --- |')
for (const [cache, scenarios] of Object.entries(SCENARIOS)) {
  const report = await measure(cache, scenarios)
  const [there, here] = ['there', 'here'].map((place) => {
    const own = report.cells.filter((cell) => cell.cache === `${cache}, ${place}`)
    const cells = own.map((cell) => Object.assign({}, cell, { cache }))
    return Object.assign({}, report, { cells })
  })
  const { figures } = compareRuns(there, here, new PerformanceRegressionDetector())
  for (const { figure, unit, before, after, severity = 'ok' } of figures) {
    if (!SHOWN.test(figure)) continue
    const ratio = median(ratios(there, here, figure)).toFixed(2)
    const [old, current] = [before, after].map((value) => Number(value.toPrecision(4)))
    console.log(`| ${cache} | ${figure}, ${unit} | ${old} | ${current} | ${ratio} | ${severity} |`)
  }
}

function measure(cache, scenarios) {
  const module = fileURLToPath(new URL('checkouts.mjs', import.meta.url))
  return runCells({
    subjects: ['there', 'here'].map((place) => {
      const name = `${cache}, ${place}`
      const tier = cache === 'InMemoryCache' ? 'memory' : 'redis'
      return { name, variant: name, module, tier, versions: {} }
    }),
    scenarios,
    processes: Number(values.processes),
    seed: 1,
    budgetMs: 200,
    redisUrl,
    maxMinutes: Number(values.minutes) / Object.keys(SCENARIOS).length,
    signal: stop.signal,
    onProgress: (line) => process.stderr.isTTY && process.stderr.write(`${line}\n`),
  })
}

/** Returns the ratio of a figure in each pair of processes. */
function ratios(there, here, name) {
  const valuesOf = ({ cells }) =>
    cells.flatMap(({ figures, process: number }) => {
      return figures.filter((each) => each.name === name).map(({ value }) => [number, value])
    })
  const before = new Map(valuesOf(there))
  return valuesOf(here).flatMap(([number, value]) => {
    return before.has(number) ? [value / before.get(number)] : []
  })
}
