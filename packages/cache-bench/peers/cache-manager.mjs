import KeyvRedis from '@keyv/redis'
import { createCache } from 'cache-manager'
import { KeyvCacheableMemory } from 'cacheable'
import { Keyv } from 'keyv'

export const packages = ['cache-manager', '@keyv/redis@5', 'keyv@5', 'cacheable']

const subjectOf = (cache, load) => ({
  get: (key) => cache.get(key),
  set: (key, value) => cache.set(key, value),
  delete: (key) => cache.del(key),
  getMany: (keys) => cache.mget(keys),
  setMany: (entries) => cache.mset(entries.map(([key, value]) => ({ key, value }))),
  getOrSet: (key) => cache.wrap(key, () => load(key)),
})

export const variants = {
  'cache-manager': {
    tier: 'memory',
    isUnbounded: true,
    create: ({ ttlMs, load }) => subjectOf(createCache({ ttl: ttlMs }), load),
  },
  'cache-manager, CacheableMemory': {
    tier: 'memory',
    setup: 'tuned',
    create: ({ ttlMs, maxSize, load }) => {
      const store = new KeyvCacheableMemory({ ttl: ttlMs, lruSize: maxSize })
      return subjectOf(createCache({ ttl: ttlMs, stores: [new Keyv({ store })] }), load)
    },
  },
  'cache-manager, Redis': {
    tier: 'redis',
    create: ({ ttlMs, redisUrl, keyPrefix, load }) => {
      const store = new Keyv({ store: new KeyvRedis(redisUrl), namespace: keyPrefix })
      store.on('error', () => undefined)
      const cache = createCache({ ttl: ttlMs, stores: [store] })
      return { ...subjectOf(cache, load), close: () => cache.disconnect() }
    },
  },
}
