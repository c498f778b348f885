// Measures set and get of 1 KB with and without encryption, in one process and in turn.
//   node --import tsx bench/encryption.mjs [--rounds 7]
// The speed is per second of processor time, so that load on the machine affects both about equally.
import { parseArgs } from 'node:util'
import { startRedis } from '@verbatim/test-support'
import requireRedis from '@verbatim/test-support/require-redis'
import { GenericRedisCache, KeyRing } from '../dist/index.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
const OPERATIONS = 5_000
const CALLERS = 50
const KEYS = 1_000
/** 1 KB as JSON, of words that compress as text does. */
const VALUE = {
  text: Array.from({ length: 160 }, (_, index) => (index * 7_919).toString(36))
    .join(' ')
    .slice(0, 1_013),
}

await requireRedis()
const redis = await startRedis()
const keys = KeyRing.generate()
const uncompressed = { compressionThreshold: 1_048_576 }
const comparisons = {
  'default options (without encryption, 1 KB is compressed)': [{}, { encryption: { keys } }],
  'both compressed': [{}, { encryption: { keys, compress: true } }],
  'neither compressed': [uncompressed, { encryption: { keys } }],
}

console.log('| | operation | plain, per second | encrypted, per second | encrypted / plain |')
console.log('| --- | --- | --- | --- | --- |')
for (const [name, options] of Object.entries(comparisons)) {
  const caches = options.map(
    (each, index) =>
      new GenericRedisCache({
        ...{ redisUrl: redis.url, keyPrefix: `${index}:`, enableL1Cache: false },
        ...{ commandTimeout: 10_000, onBackendError: 'throw' },
        ...each,
      }),
  )
  for (const [operation, call] of Object.entries({
    set: (cache, key) => cache.set(key, VALUE),
    get: (cache, key) => cache.get(key),
  })) {
    for (const cache of caches) await speedOf(cache, call)
    const figures = [[], []]
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
        figures[index].push(await speedOf(caches[index], call))
      }
    }
    const [plain, encrypted] = figures.map((all) => Math.round(median(all)))
    const ratio = median(figures[1].map((figure, round) => figure / figures[0][round])).toFixed(2)
    console.log(`| ${name} | ${operation} | ${plain} | ${encrypted} | ${ratio} |`)
  }
  for (const cache of caches) await cache.close()
}
await redis.stop()

async function speedOf(cache, call) {
  const before = process.cpuUsage()
  let next = 0
  const caller = async () => {
    while (next < OPERATIONS) await call(cache, `key ${next++ % KEYS}`)
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  const { user, system } = process.cpuUsage(before)
  return OPERATIONS / ((user + system) / 1e6)
}

function median(figures) {
  const sorted = figures.toSorted((one, another) => one - another)
  return sorted[Math.floor(sorted.length / 2)]
}
