// One measurement in a process of its own, because code that ran before it in the process changes how it is
// compiled. Prints nanoseconds of one call, or bytes. Needs node --expose-gc.
import { InMemoryCache } from '@verbatim/cache-memory'
import { measureOperation, median } from '../../cache-bench/dist/index.js'
import { CachePerformanceMonitor } from '../dist/index.js'

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

/** @type {Record<string, () => Promise<number>>} */
const CELLS = {
  'record nothing': () => nanoseconds(timed(idle)),
  'record timed': () => nanoseconds(timed(new CachePerformanceMonitor())),
  'record untimed': () => nanoseconds(untimed(new CachePerformanceMonitor())),
  'record key': () => nanoseconds(keys(new CachePerformanceMonitor())),
  'hit unwatched': () => hit(undefined),
  'hit idle': () => hit(idle),
  'hit watched': () => hit(new CachePerformanceMonitor()),
}

/** @param {(count: number) => unknown} call */
async function nanoseconds(call) {
  let count = 0
  const { samplesNs } = await measureOperation(() => call(count++))
  return median(samplesNs)
}

async function hit(performanceMonitor) {
  const cache = new InMemoryCache({ performanceMonitor })
  await cache.set('key', 'value')
  return nanoseconds(() => cache.get('key'))
}

/** Measures the heap after a thousand and after ten million records. */
function heapGrowth() {
  const monitor = new CachePerformanceMonitor()
  const heapAfter = (count) => {
    const record = timed(monitor)
    for (let call = 0; call < count; call++) record(call)
    for (let round = 0; round < 3; round++) globalThis.gc()
    return process.memoryUsage().heapUsed
  }
  const early = heapAfter(1_000)
  return heapAfter(10_000_000) - early
}

const [name = ''] = process.argv.slice(2)
console.log(name === 'heap' ? heapGrowth() : await CELLS[name]?.())
process.exit()
