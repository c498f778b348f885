// Runs one measurement in its own process, because other code in the process changes how it is compiled.
// Prints the nanoseconds of one call, the median of nine rounds.
import { createHash } from 'node:crypto'
import { AIResponseCache, CacheKeyGenerator } from '../dist/index.js'

const ROUNDS = 9
const REDIS_URL = process.env['REDIS_URL']

const keys = new CacheKeyGenerator()
const options = { max_length: 100, model: 'gpt-4', temperature: 0.7, tone: 'dry', stop: ['.'] }
const sha256 = (text) => createHash('sha256').update(text).digest('hex')

/** Texts that differ from call to call, so that no result is reused. Each round makes another long text. */
const SHORT = Array.from({ length: 1_024 }, (_, index) => `${index} `.padEnd(100, 'short text '))
const long = () => `${Math.random()}`.padEnd(1_000_000, 'long text to analyze ')

/** The number of calls and the function to call with the number of the call. */
const CELLS = {
  'sha256 of 1,000,000': async () => {
    const text = long()
    return [50, () => sha256(text)]
  },
  'key of 1,000,000': async () => {
    const text = long()
    return [50, () => keys.generateCacheKey(text, 'summarize')]
  },
  'JSON and sha256 of 100': async () => [
    100_000,
    (call) => sha256(JSON.stringify([SHORT[call & 1_023], 'summarize', options])),
  ],
  'key of 100': async () => [
    100_000,
    (call) => keys.generateCacheKey(SHORT[call & 1_023], 'summarize', options),
  ],
  'get in memory': async () => {
    const { cache, requests } = await filled()
    const names = requests.map((each) => cache.buildKey(each.text, each.operation, each.options))
    return [100_000, (call) => cache.get(names[call & 63])]
  },
  'key and get in memory': async () => {
    const { cache, requests } = await filled()
    return [
      100_000,
      (call) => {
        const request = requests[call & 63]
        return cache.get(cache.buildKey(request.text, request.operation, request.options))
      },
    ]
  },
  'response in memory': async () => {
    const { cache, requests } = await filled()
    return [100_000, (call) => cache.getCachedResponse(requests[call & 63])]
  },
  'response in memory, no options': async () => {
    const { cache, requests } = await filled({})
    return [100_000, (call) => cache.getCachedResponse(requests[call & 63])]
  },
  'response in Redis': async () => {
    const { cache, requests } = await filled(options, { enableL1Cache: false })
    return [5_000, (call) => cache.getCachedResponse(requests[call & 63])]
  },
  'store in Redis': async () => {
    const { cache, requests } = await filled(options)
    return [5_000, (call) => cache.cacheResponse({ ...requests[call & 63], response: { a: call } })]
  },
}

/** Returns a cache with 64 responses. A cache with a memory tier has copies of all of them in it. */
async function filled(requestOptions = options, cacheOptions = {}) {
  const cache = new AIResponseCache({ redisUrl: REDIS_URL, ...cacheOptions })
  if (!(await cache.connect())) throw new Error('Redis does not answer')
  const requests = SHORT.slice(0, 64).map((text) => {
    return { text, operation: 'summarize', options: requestOptions }
  })
  for (const request of requests) await cache.cacheResponse({ ...request, response: { a: 1 } })
  const wanted = cacheOptions.enableL1Cache === false ? 'redis' : 'memory'
  for (const request of requests) {
    while ((await cache.getCachedResponse(request))?.cached.tier !== wanted);
  }
  return { cache, requests }
}

const [name = ''] = process.argv.slice(2)
const rounds = []
for (let round = 0; round < ROUNDS; round++) {
  const [times, work] = await CELLS[name]()
  const startedAt = performance.now()
  for (let call = 0; call < times; call++) await work(call)
  rounds.push(((performance.now() - startedAt) / times) * 1e6)
}
console.log(rounds.toSorted((one, other) => one - other)[ROUNDS >> 1])
process.exit()
