import KeyvRedis from '@keyv/redis'
import { Cacheable, Keyv, KeyvCacheableMemory } from 'cacheable'

export const packages = ['cacheable', '@keyv/redis@5']

const subjectOf = (cache, load) => ({
  get: (key) => cache.get(key),
  set: (key, value) => cache.set(key, value),
  exists: (key) => cache.has(key),
  delete: (key) => cache.delete(key),
  getMany: (keys) => cache.getMany(keys),
  setMany: (entries) => cache.setMany(entries.map(([key, value]) => ({ key, value }))),
  getOrSet: (key) => cache.getOrSet(key, () => load(key)),
  close: () => cache.disconnect(),
})

const memory = (useClone, setup) => ({
  tier: 'memory',
  setup,
  create: ({ ttlMs, maxSize, load }) => {
    const store = new KeyvCacheableMemory({ useClone, lruSize: maxSize })
    const primary = new Keyv({ store })
    if (!useClone) {
      primary.serialize = undefined
      primary.deserialize = undefined
    }
    return subjectOf(new Cacheable({ ttl: ttlMs, primary }), load)
  },
})

const tiered = (isTuned) => ({
  tier: 'redis',
  setup: isTuned ? 'tuned' : 'stock',
  create: ({ ttlMs, maxSize, redisUrl, keyPrefix, load }) => {
    const limits = isTuned ? { connectionTimeout: 200, throwOnConnectError: false } : {}
    const secondary = new Keyv({ store: new KeyvRedis(redisUrl, limits), namespace: keyPrefix })
    const store = new KeyvCacheableMemory({ useClone: !isTuned, lruSize: maxSize })
    const cache = new Cacheable({ ttl: ttlMs, primary: new Keyv({ store }), secondary })
    cache.on('error', () => undefined)
    return subjectOf(cache, load)
  },
})

export const variants = {
  cacheable: memory(true, 'stock'),
  'cacheable, useClone: false': memory(false, 'tuned'),
  'cacheable, Redis': tiered(false),
  'cacheable, Redis, tuned': tiered(true),
}
