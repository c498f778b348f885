// One measurement in a process of its own, for what runs beside it changes what the compiler makes of
// it. Prints nanoseconds, the median of some rounds; or bytes. Wants node --expose-gc.
import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor } from '../dist/index.js'

const ROUNDS = 9
const RECORDS = 500_000
const HITS = 1_000_000

const nothing = () => undefined
const idle = {
  observeOperation: nothing,
  observeKeyGeneration: nothing,
  observeCompression: nothing,
  observeInvalidation: nothing,
}

const durations = Float64Array.from({ length: 1_024 }, () => Math.exp(Math.random() * 8 - 7))

const timed = (monitor) => (count) =>
  monitor.observeOperation('get', 'hit', 'redis', durations[count & 1_023])
const untimed = (monitor) => () => monitor.observeOperation('get', 'hit', 'memory', undefined)
const keys = (monitor) => (count) =>
  monitor.observeKeyGeneration(durations[count & 1_023], 100, 'summarize')

/** @type {Record<string, () => number | Promise<number>>} */
const CELLS = {
  'record nothing': () => each(RECORDS, timed(idle)),
  'record timed': () => each(RECORDS, timed(new CachePerformanceMonitor())),
  'record untimed': () => each(RECORDS, untimed(new CachePerformanceMonitor())),
  'record key': () => each(RECORDS, keys(new CachePerformanceMonitor())),
  'hit unwatched': () => hits(undefined),
  'hit idle': () => hits(idle),
  'hit watched': () => hits(new CachePerformanceMonitor()),
}

function each(times, work) {
  const startedAt = performance.now()
  for (let count = 0; count < times; count++) work(count)
  return ((performance.now() - startedAt) / times) * 1e6
}

async function hits(performanceMonitor) {
  const cache = new InMemoryCache({ performanceMonitor })
  await cache.set('key', 'value')
  const startedAt = performance.now()
  for (let count = 0; count < HITS; count++) await cache.get('key')
  return ((performance.now() - startedAt) / HITS) * 1e6
}

/** Measures the heap after a thousand and after ten million records. */
function heapGrowth() {
  const monitor = new CachePerformanceMonitor()
  const heapAfter = (count) => {
    each(count, timed(monitor))
    for (let round = 0; round < 3; round++) globalThis.gc()
    return process.memoryUsage().heapUsed
  }
  const early = heapAfter(1_000)
  return heapAfter(10_000_000) - early
}

const [name = ''] = process.argv.slice(2)
if (name === 'heap') {
  console.log(heapGrowth())
} else {
  const measure = CELLS[name] ?? nothing
  await measure()
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measure())
  console.log(rounds.toSorted((one, other) => one - other)[ROUNDS >> 1])
}
process.exit()
