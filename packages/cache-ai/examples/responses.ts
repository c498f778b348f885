import { AIResponseCache } from '@verbatim/cache-ai'

const cache = new AIResponseCache({
  redisUrl: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  keyPrefix: `verbatim-example:${process.pid}:`,
  compressionThreshold: 2_000,
  l1CacheSize: 200,
})
// Returns false without Redis. The cache then works from memory.
await cache.connect()

const request = {
  text: 'Long document to analyze...',
  operation: 'summarize',
  options: { max_length: 100, model: 'gpt-4' },
}
await cache.cacheResponse({ ...request, response: { summary: 'Brief summary', confidence: 0.95 } })

const found = await cache.getCachedResponse<{ summary: string; confidence: number }>(request)
console.log(found?.response) // { summary: 'Brief summary', confidence: 0.95 }
console.log(found?.cached.hit, found?.cached.textTier) // true small

// A request with other options has another response.
const longer = { ...request, options: { max_length: 200, model: 'gpt-4' } }
console.log(await cache.getCachedResponse(longer)) // undefined

const { performance } = await cache.getCacheStats()
// A look-up that Redis could not answer is an error, neither a hit nor a miss.
console.log(performance.cacheHits) // 1
console.log(cache.getPerformanceSummary().hitsByOperation) // { summarize: 1 }

const reason = 'model_update'
console.log(await cache.invalidateByOperation('summarize', { reason })) // 1
console.log(await cache.invalidatePattern('op:sentiment|*', { reason })) // 0
await cache.invalidateByModel('gpt-4')
console.log(await cache.getCachedResponse(request)) // undefined
await cache.close()
