import { cachified } from '@epic-web/cachified'
import { LRUCache } from 'lru-cache'

export const packages = ['@epic-web/cachified', 'lru-cache']

export const variants = {
  'cachified on lru-cache': {
    tier: 'memory',
    create: ({ ttlMs, maxSize, load }) => {
      const cache = new LRUCache({ max: maxSize })
      return {
        delete: async (key) => cache.delete(key),
        getOrSet: (key) => cachified({ cache, key, ttl: ttlMs, getFreshValue: () => load(key) }),
      }
    },
  },
}
