import { createStorage } from 'unstorage'
import lruCacheDriver from 'unstorage/drivers/lru-cache'
import redisDriver from 'unstorage/drivers/redis'

export const packages = ['unstorage', 'ioredis@5', 'lru-cache']

const subjectOf = (storage) => ({
  get: (key) => storage.getItem(key),
  set: (key, value) => storage.setItem(key, value),
  exists: (key) => storage.hasItem(key),
  delete: (key) => storage.removeItem(key),
  close: () => storage.dispose(),
})

export const variants = {
  unstorage: { tier: 'memory', isUnbounded: true, create: () => subjectOf(createStorage()) },
  'unstorage, lru-cache driver': {
    tier: 'memory',
    setup: 'tuned',
    create: ({ ttlMs, maxSize }) => {
      return subjectOf(createStorage({ driver: lruCacheDriver({ max: maxSize, ttl: ttlMs }) }))
    },
  },
  'unstorage, Redis': {
    tier: 'redis',
    shortestTtlMs: 1_000,
    create: ({ ttlMs, redisUrl, keyPrefix }) => {
      const ttl = Math.max(1, Math.round(ttlMs / 1_000))
      const base = keyPrefix.slice(0, -1)
      return subjectOf(createStorage({ driver: redisDriver({ url: redisUrl, base, ttl }) }))
    },
  },
}
