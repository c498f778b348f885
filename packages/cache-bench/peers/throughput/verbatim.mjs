// GenericRedisCache without its memory tier, as installed and without compression.
import { installed } from '../verbatim.mjs'

export const packages = ['@verbatim/cache-redis']

const withoutMemoryTier = (options) => ({
  tier: 'redis',
  create: async ({ ttlMs, redisUrl, keyPrefix }) => {
    const { GenericRedisCache } = await installed('@verbatim/cache-redis')
    const cache = new GenericRedisCache({
      redisUrl,
      keyPrefix,
      defaultTtl: ttlMs / 1_000,
      enableL1Cache: false,
      ...options,
    })
    await cache.connect({ required: true })
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      close: () => cache.close(),
    }
  },
})

export const variants = {
  Verbatim: withoutMemoryTier({}),
  // The largest threshold: none of the measured values is compressed.
  'Verbatim, no compression': withoutMemoryTier({ compressionThreshold: 1_048_576 }),
}
