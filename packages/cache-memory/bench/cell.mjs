// One cell: one measurement of one cache in a process of its own. Prints figures as JSON.
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTENDERS } from './caches.mjs'
import { failuresOf } from './gate.mjs'
import { makeValue } from './values.mjs'

const KEYS = 1_000
const TTL = 600_000
const WARM_UP_MS = 150
const MEASURED_MS = 300
/** Reading the clock takes as long as half a hit. */
const CLOCK_EVERY = 1_000
const CALLERS = 1_000
const LOADER_MS = 20
const TRIALS = 7

/** @typedef {Record<string, number>} Figures */

/** @type {Record<string, (name: string) => Promise<Figures | { failures: string[] }>>} */
const MEASUREMENTS = {
  gate: async (name) => ({ failures: await failuresOf(name) }),
  get: async (name) => {
    const { cache, keys } = await filled(name)
    return { get: await rate(keys, (key) => cache.get(key)) }
  },
  getOrSet: async (name) => {
    const { cache, keys, loaded } = await filled(name, { byLoading: true })
    const perSecond = await rate(keys, (key) => cache.getOrSet(key))
    if (loaded() !== KEYS) throw new Error(`${loaded()} loads: these were not all hits`)
    return { getOrSet: perSecond }
  },
  set: async (name) => {
    const { cache, keys, valueOf } = await filled(name)
    return { set: await rate(keys, (key) => cache.set(key, valueOf(key)), 'writes') }
  },
  cold,
  'size 1,000': (name) => atSize(name, 1_000),
  'size 1,000,000': (name) => atSize(name, 1_000_000),
}

/**
 * Creates a cache that contains every key.
 *
 * @param {string} name
 * @param {{ byLoading?: boolean }} [how]
 */
async function filled(name, { byLoading = false } = {}) {
  const keys = Array.from({ length: KEYS }, (_, index) => `article:${index}`)
  const values = new Map(keys.map((key, index) => [key, makeValue(index)]))
  const valueOf = (key) => values.get(key)
  let loads = 0
  const loader = async (key) => {
    loads++
    return valueOf(key)
  }
  // Twice as many places, because caches that spread their keys over shards would evict.
  const cache = await CONTENDERS[name].create({ ttl: TTL, maxSize: 2 * KEYS, loader })
  for (const key of keys) {
    if (byLoading) await cache.getOrSet(key)
    else await cache.set(key, valueOf(key))
  }
  return { cache, keys, valueOf, loaded: () => loads }
}

/**
 * Operations a second, awaited one after the other.
 *
 * @param {string[]} keys
 * @param {(key: string) => Promise<unknown>} operation
 * @param {'reads' | 'writes'} [kind] a read must find something
 */
async function rate(keys, operation, kind = 'reads') {
  let next = 0
  await during(WARM_UP_MS)
  return during(MEASURED_MS)

  async function during(wanted) {
    const startedAt = performance.now()
    let operations = 0
    let found = 0
    let milliseconds = 0
    do {
      for (let count = 0; count < CLOCK_EVERY; count++) {
        if ((await operation(keys[next])) !== undefined) found++
        next = next + 1 === keys.length ? 0 : next + 1
      }
      operations += CLOCK_EVERY
      milliseconds = performance.now() - startedAt
    } while (milliseconds < wanted)
    if (kind === 'reads' && found !== operations) throw new Error(`${operations - found} misses`)
    return (operations / milliseconds) * 1_000
  }
}

/**
 * Measures many simultaneous callers of a key that must be loaded.
 *
 * @param {string} name
 * @returns {Promise<Figures>}
 */
async function cold(name) {
  let loads = 0
  const loader = async (key) => {
    loads++
    await sleep(LOADER_MS)
    return key
  }
  const cache = await CONTENDERS[name].create({ ttl: TTL, maxSize: 100, loader })
  const alone = []
  const together = []
  let mostLoads = 0
  for (let trial = 0; trial < TRIALS; trial++) {
    alone.push(await timed(() => loader('')))
    loads = 0
    const key = `cold:${trial}`
    const calls = async () => {
      const values = await Promise.all(Array.from({ length: CALLERS }, () => cache.getOrSet(key)))
      if (values.some((value) => value !== key)) throw new Error('a wrong value')
    }
    together.push(await timed(calls))
    mostLoads = Math.max(mostLoads, loads)
  }
  return { coldMilliseconds: median(together), loaderAlone: median(alone), coldLoads: mostLoads }
}

/**
 * Measures memory for each entry, and speed in random order. All entries have the same value, so the
 * result is the memory that the cache adds to it.
 *
 * @param {string} name
 * @param {number} size in entries
 * @returns {Promise<Figures>}
 */
async function atSize(name, size) {
  const value = makeValue(1)
  const keys = Array.from({ length: size }, (_, index) => flat(`article:${index}`))
  const newKeys = Array.from({ length: size }, (_, index) => flat(`new:${index}`))

  const before = memoryInUse()
  const wanted = { ttl: TTL, maxSize: size, loader: async () => value }
  const cache = await CONTENDERS[name].create(wanted)
  for (const key of keys) await cache.set(key, value)
  const bytesPerEntry = (memoryInUse() - before) / size

  const getInOrder = await rate(keys, (key) => cache.get(key))
  shuffle(keys)
  const get = await rate(keys, (key) => cache.get(key))
  const set = await rate(keys, (key) => cache.set(key, value), 'writes')
  // Twice as many keys as places, in turn: each write adds an entry and evicts another.
  const evict = await rate([...newKeys, ...keys], (key) => cache.set(key, value), 'writes')
  return { bytesPerEntry, getInOrder, getAtSize: get, setAtSize: set, evictAtSize: evict }
}

/** Copies a text, because V8 stores a joined string as its parts, which would look like saved memory. */
const flat = (text) => Buffer.from(text).toString('latin1')

function memoryInUse() {
  for (let round = 0; round < 3; round++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Shuffles in the same order in every process. @param {string[]} list */
function shuffle(list) {
  let state = 12_345
  for (let index = list.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const other = state % (index + 1)
    const item = list[index]
    list[index] = list[other]
    list[other] = item
  }
}

/** @param {() => Promise<unknown>} action */
async function timed(action) {
  const startedAt = performance.now()
  await action()
  return performance.now() - startedAt
}

/** @param {number[]} numbers */
function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
}

const [, , measurement, name] = process.argv
console.log(JSON.stringify(await MEASUREMENTS[measurement](name)))
// Some peers leave timers and sockets behind.
process.exit()
