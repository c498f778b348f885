import { LRUCache } from 'lru-cache'

export const packages = ['lru-cache']

export const variants = {
  'lru-cache': {
    tier: 'memory',
    create: ({ ttlMs, maxSize, load }) => {
      const cache = new LRUCache({ max: maxSize, ttl: ttlMs, fetchMethod: load })
      return {
        get: async (key) => cache.get(key),
        set: async (key, value) => cache.set(key, value),
        exists: async (key) => cache.has(key),
        delete: async (key) => cache.delete(key),
        getOrSet: (key) => cache.fetch(key),
      }
    },
  },
}
