// What it costs to be watched: nanoseconds for each record, what a hit in memory loses by a monitor, and
// what ten million records leave in memory. Takes half a minute. Wants node --expose-gc.
import { cpus } from 'node:os'
import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor } from '../dist/index.js'

const ROUNDS = 15
const RECORDS = 500_000
const HITS = 1_000_000

const nothing = () => undefined
const floor = {
  observeOperation: nothing,
  observeKeyGeneration: nothing,
  observeCompression: nothing,
  observeInvalidation: nothing,
}

const durations = Float64Array.from({ length: 1_024 }, () => Math.exp(Math.random() * 8 - 7))

/** @type {Record<string, () => number>} */
const RECORDS_OF = {
  'to a monitor that does nothing': () => records(floor),
  'of an operation that was timed': () => records(new CachePerformanceMonitor()),
  'of one that was not': () => untimed(new CachePerformanceMonitor()),
  'of a key': () => keys(new CachePerformanceMonitor()),
}

/** @returns nanoseconds for each */
function records(monitor) {
  return each(RECORDS, (count) =>
    monitor.observeOperation('get', 'hit', 'redis', durations[count & 1_023]),
  )
}

function untimed(monitor) {
  return each(RECORDS, () => monitor.observeOperation('get', 'hit', 'memory', undefined))
}

function keys(monitor) {
  return each(RECORDS, (count) => monitor.observeKeyGeneration(durations[count & 1_023], 100, 'qa'))
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

function summary(values) {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))].toFixed(2)
  return `${at(0.5)} (${at(0.25)}-${at(0.75)})`
}

function heapAfter(monitor, count) {
  each(count, (done) => monitor.observeOperation('get', 'hit', 'redis', durations[done & 1_023]))
  for (let round = 0; round < 3; round++) globalThis.gc()
  return process.memoryUsage().heapUsed
}

console.log(
  `Node ${process.version}, ${cpus().length} cores; medians and quartiles of ${ROUNDS} rounds\n`,
)
console.log('| A record | ns |\n| -- | -- |')
for (const [name, measure] of Object.entries(RECORDS_OF)) {
  measure()
  console.log(`| ${name} | ${summary(Array.from({ length: ROUNDS }, measure))} |`)
}

const rounds = { without: [], floor: [], ratio: [], floorRatio: [] }
for (let round = -1; round < ROUNDS; round++) {
  const without = await hits(undefined)
  const withNothing = await hits(floor)
  const withMonitor = await hits(new CachePerformanceMonitor())
  if (round < 0) continue
  rounds.without.push(without)
  rounds.ratio.push(without / withMonitor)
  rounds.floorRatio.push(without / withNothing)
}
console.log(`
| A hit in memory | speed |
| -- | -- |
| without a monitor | ${summary(rounds.without)} ns |
| with one that does nothing | ${summary(rounds.floorRatio)} of that |
| with a CachePerformanceMonitor | ${summary(rounds.ratio)} of that |`)

const monitor = new CachePerformanceMonitor()
const early = heapAfter(monitor, 1_000)
const late = heapAfter(monitor, 10_000_000)
console.log(`
Heap after 1,000 records ${early}, after 10,000,000 more ${late}: ${((late - early) / 2 ** 20).toFixed(2)} MB`)
process.exit()
