import { Redis } from 'ioredis'
import { Loader, ManualCache, RedisCache } from 'layered-loader'

export const packages = ['layered-loader', 'ioredis']

export const variants = {
  'layered-loader': {
    tier: 'memory',
    create: ({ ttlMs, maxSize, load }) => {
      const inMemoryCache = { ttlInMsecs: ttlMs, maxItems: maxSize }
      const manual = new ManualCache({ inMemoryCache })
      const loading = new Loader({ inMemoryCache, dataSourceGetOneFn: load })
      return {
        get: async (key) => manual.get(key),
        set: async (key, value) => manual.set(key, value),
        delete: async (key) => manual.invalidateCacheFor(key),
        getOrSet: (key) => loading.get(key),
      }
    },
  },
  'layered-loader, Redis': {
    tier: 'redis',
    create: ({ ttlMs, maxSize, redisUrl, keyPrefix, load }) => {
      const client = new Redis(redisUrl)
      client.on('error', () => undefined)
      const asyncCache = new RedisCache(client, {
        json: true,
        prefix: keyPrefix,
        ttlInMsecs: ttlMs,
      })
      const inMemoryCache = { ttlInMsecs: ttlMs, maxItems: maxSize }
      const loading = new Loader({ inMemoryCache, asyncCache, dataSourceGetOneFn: load })
      return {
        get: (key) => asyncCache.get(key),
        set: (key, value) => asyncCache.set(key, value),
        getOrSet: (key) => loading.get(key),
        close: async () => client.disconnect(),
      }
    },
  },
}
