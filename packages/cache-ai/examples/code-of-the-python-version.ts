import { AIResponseCache } from '@verbatim/cache-ai'
import { CacheCompatibilityWrapper } from '@verbatim/cache-ai/legacy'

const redisUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
const keyPrefix = `verbatim-example:${process.pid}:`
const cache = new CacheCompatibilityWrapper(new AIResponseCache({ redisUrl, keyPrefix }), {
  // Without this option, Node prints a DeprecationWarning for each Python name.
  emitWarnings: false,
})

const [text, operation] = ['Long document to analyze...', 'summarize']
const options = { max_length: 100, model: 'gpt-4' }
await cache.cache_response(text, operation, options, { summary: 'Brief', confidence: 0.95 })
const cached = await cache.get_cached_response(text, operation, options)
console.log(cached?.['summary'], cached?.['cache_hit'], cached?.['text_tier']) // Brief true small

const stats = await cache.get_cache_stats()
console.log(stats.memory.memory_cache_utilization) // 1/100
console.log(cache.get_cache_hit_ratio()) // 100
console.log(await cache.invalidate_by_operation('summarize', 'model_update')) // 1
console.log(await cache.invalidate_pattern('sentiment', 'batch_invalidation')) // 0
await cache.close()
