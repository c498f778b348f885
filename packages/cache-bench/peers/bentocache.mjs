import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import { Redis } from 'ioredis'

export const packages = ['bentocache', 'ioredis@5']

const subjectOf = (cache, load) => ({
  get: (key) => cache.get({ key }),
  set: (key, value) => cache.set({ key, value }),
  exists: (key) => cache.has({ key }),
  delete: (key) => cache.delete({ key }),
  getMany: (keys) => cache.getMany({ keys }),
  getOrSet: (key) => cache.getOrSet({ key, factory: () => load(key) }),
  setTagged: (key, value, tag) => cache.set({ key, value, tags: [tag] }),
  invalidateTag: (tag) => cache.deleteByTag({ tags: [tag] }),
  close: () => cache.disconnectAll(),
})

const memory = (serialize, setup) => ({
  tier: 'memory',
  setup,
  create: ({ ttlMs, maxSize, load }) => {
    const store = bentostore().useL1Layer(memoryDriver({ maxItems: maxSize, serialize }))
    return subjectOf(new BentoCache({ default: 'store', stores: { store }, ttl: ttlMs }), load)
  },
})

// The tuned set-up is the advice for production of its documentation: limits, and a circuit breaker.
const tiered = (isTuned) => ({
  tier: 'redis',
  setup: isTuned ? 'tuned' : 'stock',
  create: ({ ttlMs, maxSize, redisUrl, keyPrefix, load }) => {
    const limits = isTuned
      ? { commandTimeout: 200, maxRetriesPerRequest: 0, enableOfflineQueue: false }
      : {}
    const { hostname: host, port, username, password } = new URL(redisUrl)
    const login = password === '' ? {} : { username, password }
    const address = { host, port: Number(port || 6379), ...login }
    const connection = new Redis({ ...address, ...limits })
    connection.on('error', () => undefined)
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: maxSize, serialize: !isTuned }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection: address }))
    const breaker = isTuned ? { l2CircuitBreakerDuration: '1s', suppressL2Errors: true } : {}
    const stores = { store }
    const cache = new BentoCache({
      ...{ default: 'store', stores, ttl: ttlMs, prefix: keyPrefix, ...breaker },
    })
    return subjectOf(cache, load)
  },
})

export const variants = {
  bentocache: memory(true, 'stock'),
  'bentocache, serialize: false': memory(false, 'tuned'),
  'bentocache, Redis': tiered(false),
  'bentocache, Redis, tuned': tiered(true),
}
