import { AIResponseCache, AIResponseCacheConfig } from '@verbatim/cache-ai'

const config = new AIResponseCacheConfig({
  redisUrl: 'redis://127.0.0.1:6379',
  keyPrefix: 'verbatim-example:',
  defaultTtl: 3_600,
  textHashThreshold: 1_000,
  compressionThreshold: 1_000,
  compressionLevel: 6,
  l1CacheSize: 100,
  textSizeTiers: { small: 500, medium: 5_000, large: 50_000 },
}).merge({ redisUrl: process.env['REDIS_URL'] })

const validation = config.validate()
console.log(validation.isValid) // true
console.log(validation.recommendations[0]?.path) // operationTtls

const cache = new AIResponseCache(config)
const request = { text: 'What a fine day.', operation: 'sentiment' }
const { response } = await cache.getOrCompute(request, async () => ({ sentiment: 'positive' }))
console.log(response) // { sentiment: 'positive' }
await cache.close()

// validate() returns all errors at once.
const wrong = new AIResponseCacheConfig({ compressionLevel: 11, l1CacheSize: 0 }).validate()
console.log(wrong.errors.map(({ path }) => path).join(', ')) // l1CacheSize, compressionLevel
