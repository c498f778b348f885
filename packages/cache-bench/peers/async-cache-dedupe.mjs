import { createCache } from 'async-cache-dedupe'
import { Redis } from 'ioredis'

export const packages = ['async-cache-dedupe', 'ioredis']

const subjectOf = (cache, seconds, load) => {
  cache.define('load', load)
  return {
    get: (key) => cache.get('load', `load~${key}`),
    set: (key, value) => cache.set('load', `load~${key}`, value, seconds),
    getOrSet: (key) => cache.load(key),
  }
}

export const variants = {
  'async-cache-dedupe': {
    tier: 'memory',
    shortestTtlMs: 1_000,
    create: ({ ttlMs, maxSize, load }) => {
      const storage = { type: 'memory', options: { size: maxSize } }
      const ttl = Math.max(1, Math.round(ttlMs / 1_000))
      return subjectOf(createCache({ ttl, storage }), ttl, load)
    },
  },
  'async-cache-dedupe, Redis': {
    tier: 'redis',
    shortestTtlMs: 1_000,
    create: ({ ttlMs, redisUrl, keyPrefix, load }) => {
      const client = new Redis(redisUrl, { keyPrefix })
      client.on('error', () => undefined)
      const ttl = Math.max(1, Math.round(ttlMs / 1_000))
      const cache = createCache({ ttl, storage: { type: 'redis', options: { client } } })
      return { ...subjectOf(cache, ttl, load), close: async () => client.disconnect() }
    },
  },
}
