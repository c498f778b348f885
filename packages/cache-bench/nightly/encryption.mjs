// Compares set and get of 1 KB with and without encryption, in one process and in turn. It needs REDIS_URL.
//   --rounds 7   measurements of each cache
// The speed is per second of processor time, so that load on the machine affects both about equally.
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { GenericRedisCache, KeyRing } from '@verbatim/cache-redis'
import { makeSizedValue } from '../dist/cells/sized-values.js'
import { measureThroughput, median } from '../dist/index.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
const LOAD = { callers: 50, durationMs: 500 }
const KEYS = 1_000
const VALUE = makeSizedValue('structured', 1_024, 1)

const keys = KeyRing.generate()
const uncompressed = { compressionThreshold: 1_048_576 }
const COMPARISONS = {
  'default options (without encryption, 1 KB is compressed)': [{}, { encryption: { keys } }],
  'both compressed': [{}, { encryption: { keys, compress: true } }],
  'neither compressed': [uncompressed, { encryption: { keys } }],
}
const OPERATIONS = {
  set: (cache, call) => cache.set(`key ${call % KEYS}`, VALUE),
  get: (cache, call) => cache.get(`key ${call % KEYS}`),
}

console.log('| | operation | plain, per second | encrypted, per second | encrypted / plain |')
console.log('| --- | --- | ---: | ---: | ---: |')
for (const [name, options] of Object.entries(COMPARISONS)) {
  const caches = options.map((each) => {
    return new GenericRedisCache({
      redisUrl: process.env.REDIS_URL,
      keyPrefix: `encryption:${randomUUID()}:`,
      enableL1Cache: false,
      commandTimeout: 10_000,
      onBackendError: 'throw',
      ...each,
    })
  })
  for (const cache of caches) {
    await cache.setMany(Array.from({ length: KEYS }, (_, index) => [`key ${index}`, VALUE]))
  }
  for (const [operation, call] of Object.entries(OPERATIONS)) {
    const [plain, encrypted] = await inTurn(caches, call)
    const ratio = median(encrypted.map((speed, round) => speed / plain[round])).toFixed(2)
    const speeds = [plain, encrypted].map((all) => Math.round(median(all)))
    console.log(`| ${name} | ${operation} | ${speeds.join(' | ')} | ${ratio} |`)
  }
  for (const cache of caches) {
    await cache.clear()
    await cache.close()
  }
}

/** Returns the calls per second of processor time of both caches, one figure per round. */
async function inTurn(caches, call) {
  const speedOf = async (cache) => {
    return 1e6 / (await measureThroughput((index) => call(cache, index), LOAD)).cpuMicroseconds
  }
  for (const cache of caches) await speedOf(cache)
  const speeds = caches.map(() => [])
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      speeds[index].push(await speedOf(caches[index]))
    }
  }
  return speeds
}
