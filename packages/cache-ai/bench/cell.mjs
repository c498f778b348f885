// Runs one measurement in its own process, because other code in the process changes how it is compiled.
// Prints the nanoseconds of one call.
import { createHash } from 'node:crypto'
import { measureOperation, median } from '../../cache-bench/dist/index.js'
import { AIResponseCache, CacheKeyGenerator } from '../dist/index.js'

const REDIS_URL = process.env['REDIS_URL']

const keys = new CacheKeyGenerator()
const options = { max_length: 100, model: 'gpt-4', temperature: 0.7, tone: 'dry', stop: ['.'] }
const sha256 = (text) => createHash('sha256').update(text).digest('hex')

/** Texts that differ from call to call, so that no result is reused. */
const SHORT = Array.from({ length: 1_024 }, (_, index) => `${index} `.padEnd(100, 'short text '))
const longTexts = () =>
  Array.from({ length: 8 }, () => `${Math.random()}`.padEnd(1_000_000, 'long text to analyze '))

/** Functions that create the measured function. It receives the number of the call. */
const CELLS = {
  'sha256 of 1,000,000': async () => {
    const texts = longTexts()
    return (call) => sha256(texts[call & 7])
  },
  'key of 1,000,000': async () => {
    const texts = longTexts()
    return (call) => keys.generateCacheKey(texts[call & 7], 'summarize')
  },
  'JSON and sha256 of 100': async () => (call) =>
    sha256(JSON.stringify([SHORT[call & 1_023], 'summarize', options])),
  'key of 100': async () => (call) =>
    keys.generateCacheKey(SHORT[call & 1_023], 'summarize', options),
  'get in memory': async () => {
    const { cache, requests } = await filled()
    const names = requests.map((each) => cache.buildKey(each.text, each.operation, each.options))
    return (call) => cache.get(names[call & 63])
  },
  'key and get in memory': async () => {
    const { cache, requests } = await filled()
    return (call) => {
      const request = requests[call & 63]
      return cache.get(cache.buildKey(request.text, request.operation, request.options))
    }
  },
  'response in memory': async () => {
    const { cache, requests } = await filled()
    return (call) => cache.getCachedResponse(requests[call & 63])
  },
  'response in memory, no options': async () => {
    const { cache, requests } = await filled({})
    return (call) => cache.getCachedResponse(requests[call & 63])
  },
  'response in Redis': async () => {
    const { cache, requests } = await filled(options, { enableL1Cache: false })
    return (call) => cache.getCachedResponse(requests[call & 63])
  },
  'store in Redis': async () => {
    const { cache, requests } = await filled(options)
    return (call) => cache.cacheResponse({ ...requests[call & 63], response: { a: call } })
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
const call = await CELLS[name]?.()
let calls = 0
const { samplesNs } = await measureOperation(() => call(calls++))
console.log(median(samplesNs))
process.exit()
