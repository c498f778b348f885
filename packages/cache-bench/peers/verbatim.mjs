// The caches of this repository. The packages are those of the folder that the command runs in.
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** @param {string} name of a package */
export async function installed(name) {
  const { resolve } = createRequire(path.join(process.cwd(), 'package.json'))
  const file = resolve(name).replace(`${path.sep}cjs${path.sep}`, path.sep)
  return import(pathToFileURL(file).href)
}

export const packages = ['@verbatim/cache-memory', '@verbatim/cache-redis', '@verbatim/cache-ai']

const memory = (options) => ({
  tier: 'memory',
  create: async ({ ttlMs, maxSize, load }) => {
    const { InMemoryCache } = await installed('@verbatim/cache-memory')
    const cache = new InMemoryCache({ maxSize, defaultTtl: ttlMs / 1_000, ...options })
    return subjectOf(cache, load)
  },
})

const redis = (enableL1Cache) => ({
  tier: 'redis',
  create: async ({ ttlMs, maxSize, redisUrl, keyPrefix, load }) => {
    const { GenericRedisCache } = await installed('@verbatim/cache-redis')
    const cache = new GenericRedisCache({
      redisUrl,
      keyPrefix,
      defaultTtl: ttlMs / 1_000,
      enableL1Cache,
      ...(enableL1Cache && { l1CacheSize: maxSize }),
    })
    await cache.connect({ required: true })
    return { ...subjectOf(cache, load), close: () => cache.close() }
  },
})

export const variants = {
  InMemoryCache: memory({}),
  // Most other caches have no limit in bytes.
  'InMemoryCache, maxBytes: Infinity': {
    ...memory({ maxBytes: Number.POSITIVE_INFINITY }),
    setup: 'tuned',
  },
  "InMemoryCache, isolation: 'freeze'": memory({ isolation: 'freeze' }),
  "InMemoryCache, isolation: 'clone'": memory({ isolation: 'clone' }),
  GenericRedisCache: redis(true),
  'GenericRedisCache, no memory tier': redis(false),
  AIResponseCache: {
    tier: 'redis',
    create: async ({ ttlMs, maxSize, redisUrl, keyPrefix, load }) => {
      const { AIResponseCache } = await installed('@verbatim/cache-ai')
      const cache = new AIResponseCache({
        redisUrl,
        keyPrefix,
        defaultTtl: ttlMs / 1_000,
        l1CacheSize: maxSize,
      })
      await cache.connect({ required: true })
      const request = (text) => ({ text, operation: 'summarize', options: { model: 'gpt-4' } })
      return {
        ...subjectOf(cache, load),
        buildKey: (text) => cache.buildKey(text, 'summarize', { model: 'gpt-4' }),
        storeResponse: (text) => cache.cacheResponse({ ...request(text), response: { text } }),
        getResponse: (text) => cache.getCachedResponse(request(text)),
        close: () => cache.close(),
      }
    },
  },
}

function subjectOf(cache, load) {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    exists: (key) => cache.exists(key),
    delete: (key) => cache.delete(key),
    getOrSet: (key) => cache.getOrSet(key, () => load(key)),
    getMany: (keys) => cache.getMany(keys),
    setMany: (entries) => cache.setMany(entries),
    setTagged: (key, value, tag) => cache.set(key, value, { tags: [tag] }),
    invalidateTag: (tag) => cache.invalidateTags([tag]),
    invalidatePattern: (pattern) => cache.invalidatePattern(pattern),
  }
}
