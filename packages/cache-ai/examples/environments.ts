import { AIResponseCache, AIResponseCacheConfig } from '@verbatim/cache-ai'
import type { CacheInterface } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'

/** Opens the cache of an environment. Variables such as `CACHE_TTL` override the preset. */
function openCache(environment: string): CacheInterface {
  if (environment === 'development') return new InMemoryCache({ defaultTtl: 1_800, maxSize: 100 })
  const preset = AIResponseCacheConfig.preset('production')
  const variables = AIResponseCacheConfig.fromEnv({
    AI_CACHE_REDIS_URL: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
    AI_CACHE_KEY_PREFIX: 'verbatim-example:',
    AI_CACHE_DEFAULT_TTL: process.env['CACHE_TTL'],
    AI_CACHE_COMPRESSION_THRESHOLD: process.env['CACHE_COMPRESSION_THRESHOLD'],
  })
  return new AIResponseCache(preset.merge(variables))
}

for (const environment of ['development', 'production']) {
  await using cache = openCache(environment)
  await cache.set('user:123', { name: 'John' })
  console.log(cache.constructor.name, await cache.get('user:123'))
}
// prints: InMemoryCache { name: 'John' }
// prints: AIResponseCache { name: 'John' }
