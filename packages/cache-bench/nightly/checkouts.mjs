// The caches of this checkout and of the checkout in OTHER_CHECKOUT, for compare-checkouts.mjs.
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const HERE = fileURLToPath(new URL('../../..', import.meta.url))
const THERE = process.env.OTHER_CHECKOUT ?? HERE

const variant = (checkout, name, tier, create) => ({
  tier,
  create: async (options) => {
    const file = path.resolve(checkout, 'packages', name, 'dist', 'index.js')
    return create(await import(pathToFileURL(file).href), options)
  },
})

const memory = (checkout) =>
  variant(checkout, 'cache-memory', 'memory', ({ InMemoryCache }, { ttlMs, maxSize, load }) => {
    return subjectOf(new InMemoryCache({ maxSize, defaultTtl: ttlMs / 1_000 }), load)
  })

const redis = (checkout) =>
  variant(checkout, 'cache-redis', 'redis', async ({ GenericRedisCache }, options) => {
    const { ttlMs, redisUrl, keyPrefix, load } = options
    const defaultTtl = ttlMs / 1_000
    const cache = new GenericRedisCache({ redisUrl, keyPrefix, defaultTtl, enableL1Cache: false })
    await cache.connect({ required: true })
    return { ...subjectOf(cache, load), close: () => cache.close() }
  })

const subjectOf = (cache, load) => ({
  get: (key) => cache.get(key),
  set: (key, value) => cache.set(key, value),
  getOrSet: (key) => cache.getOrSet(key, () => load(key)),
})

export const variants = {
  'InMemoryCache, here': memory(HERE),
  'InMemoryCache, there': memory(THERE),
  'GenericRedisCache, here': redis(HERE),
  'GenericRedisCache, there': redis(THERE),
}
