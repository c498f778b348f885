// The caches that are measured, each behind the same few calls.
import { once } from 'node:events'

/**
 * @typedef {object} Subject
 * @property {(key: string) => Promise<unknown>} get
 * @property {(key: string, value: unknown) => Promise<unknown>} set
 * @property {(key: string, load: () => Promise<unknown>) => Promise<unknown>} [getOrSet]
 *
 * @typedef {object} Wanted
 * @property {number} port of the server
 * @property {boolean} memory whether the memory of the process is used too
 * @property {boolean} tuned whether the author's advice for a server in trouble is followed
 *
 * @typedef {object} Contender
 * @property {string} [installed] the package whose version is printed. Default: this package
 * @property {readonly boolean[]} tuned the set-ups there are
 * @property {(wanted: Wanted) => Promise<Subject>} create
 */

const TTL_MS = 600_000
const HOST = '127.0.0.1'

/**
 * @param {number} port
 * @param {(text: string) => string | Buffer} toArgument
 */
async function bare(port, toArgument) {
  const { Redis } = await import('ioredis-6')
  const client = new Redis({ host: HOST, port })
  await client.ping()
  return {
    get: async (key) => {
      const bytes = await client.getBuffer(key)
      return bytes === null ? undefined : JSON.parse(bytes.toString())
    },
    set: (key, value) => client.set(key, toArgument(JSON.stringify(value)), 'PX', TTL_MS),
  }
}

/** @type {Readonly<Record<string, Contender>>} */
export const CONTENDERS = {
  // The least that any cache in Redis must do: JSON there and back, as text or, as for values that are
  // compressed or encrypted, as bytes.
  'bare ioredis': {
    installed: 'ioredis-6',
    tuned: [false],
    create: ({ port }) => bare(port, (text) => text),
  },
  'bare ioredis, bytes': {
    tuned: [false],
    create: ({ port }) => bare(port, (text) => Buffer.from(text)),
  },

  // The least that a hit in memory takes.
  InMemoryCache: {
    tuned: [false],
    create: async () => {
      const { InMemoryCache } = await import('@verbatim/cache-memory')
      const cache = new InMemoryCache({ maxSize: 2_000, defaultTtl: TTL_MS / 1_000 })
      return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) }
    },
  },

  ours: {
    tuned: [false],
    create: async ({ port, memory }) => {
      const { GenericRedisCache } = await import('../dist/index.js')
      const redisUrl = `redis://${HOST}:${port}`
      const cache = new GenericRedisCache({
        ...{ redisUrl, enableL1Cache: memory, l1CacheSize: 2_000, defaultTtl: TTL_MS / 1_000 },
        // The value is 1 KB: whether that is compressed is not what is compared.
        compressionThreshold: 1_048_576,
      })
      await cache.connect()
      return {
        get: (key) => cache.get(key),
        set: (key, value) => cache.set(key, value),
        getOrSet: (key, load) => cache.getOrSet(key, load),
      }
    },
  },

  bentocache: {
    installed: 'bentocache',
    tuned: [false, true],
    create: async ({ port, memory, tuned }) => {
      const { BentoCache, bentostore } = await import('bentocache')
      const { memoryDriver } = await import('bentocache/drivers/memory')
      const { redisBusDriver, redisDriver } = await import('bentocache/drivers/redis')
      const { Redis } = await import('ioredis')
      const limits = tuned
        ? { commandTimeout: 200, maxRetriesPerRequest: 0, enableOfflineQueue: false }
        : {}
      const connection = new Redis({ host: HOST, port, ...limits })
      connection.on('error', () => undefined)
      if (connection.status !== 'ready') await once(connection, 'ready')
      const redis = redisDriver({ connection })
      const bus = redisBusDriver({ connection: { host: HOST, port } })
      const store = memory
        ? bentostore()
            .useL1Layer(memoryDriver({ maxItems: 2_000, serialize: !tuned }))
            .useL2Layer(redis)
            .useBus(bus)
        : bentostore().useL2Layer(redis)
      const breaker = tuned ? { l2CircuitBreakerDuration: '1s', suppressL2Errors: true } : {}
      const cache = new BentoCache({
        ...{ default: 'store', stores: { store }, ttl: TTL_MS, ...breaker },
      })
      return {
        get: (key) => cache.get({ key }),
        set: (key, value) => cache.set({ key, value }),
        getOrSet: (key, load) => cache.getOrSet({ key, factory: load }),
      }
    },
  },

  cacheable: {
    installed: 'cacheable',
    tuned: [false, true],
    create: async ({ port, memory, tuned }) => {
      const { Cacheable, Keyv, KeyvCacheableMemory } = await import('cacheable')
      const { default: KeyvRedis } = await import('@keyv/redis')
      const uri = `redis://${HOST}:${port}`
      const limits = tuned ? { connectionTimeout: 200, throwOnConnectError: false } : {}
      const redis = new Keyv({ store: new KeyvRedis(uri, limits), useKeyPrefix: false })
      const options = memory
        ? {
            primary: new Keyv({
              store: new KeyvCacheableMemory({ useClone: !tuned, lruSize: 2_000 }),
            }),
            secondary: redis,
          }
        : { primary: redis }
      const cache = new Cacheable({ ttl: TTL_MS, ...options })
      cache.on('error', () => undefined)
      return {
        get: (key) => cache.get(key),
        set: (key, value) => cache.set(key, value),
        getOrSet: (key, load) => cache.getOrSet(key, load),
      }
    },
  },
}
