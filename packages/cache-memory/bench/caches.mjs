// The measured caches, each with the same three functions.
import { InMemoryCache } from '../dist/index.js'

/**
 * @typedef {object} Subject A measured cache. Functions that it does not have are absent.
 * @property {(key: string) => Promise<unknown>} [get]
 * @property {(key: string, value: unknown) => Promise<unknown>} [set]
 * @property {(key: string) => Promise<unknown>} [getOrSet] calls the loader of the cache
 *
 * @typedef {object} Wanted
 * @property {number} ttl TTL of every entry, in milliseconds
 * @property {number} maxSize in entries
 * @property {(key: string) => Promise<unknown>} loader
 *
 * @typedef {'reference' | 'reads' | 'safe'} Isolation Who can change a cached object: `reference`,
 * writer and reader; `reads`, only the writer; `safe`, neither.
 *
 * @typedef {object} Contender
 * @property {Isolation} isolation as its authors describe it; the gate checks it
 * @property {string} [installed] package whose version is printed. Default: this package
 * @property {number} [shortestTtl] its shortest TTL in milliseconds, if that is long
 * @property {(wanted: Wanted) => Promise<Subject>} create
 */

/**
 * Loads a peer only where it is measured, so that no process loads two.
 *
 * @param {string} name
 */
const peer = (name) => import(name)

/**
 * @param {'none' | 'freeze' | 'clone'} isolation
 * @param {boolean} [monitored]
 * @returns {Contender['create']}
 */
const ours =
  (isolation, monitored = false) =>
  async ({ ttl, maxSize, loader }) => {
    const { CachePerformanceMonitor } = await import('../../cache-monitoring/dist/index.js')
    const performanceMonitor = monitored ? new CachePerformanceMonitor() : undefined
    const defaultTtl = ttl / 1_000
    const cache = new InMemoryCache({ maxSize, defaultTtl, isolation, performanceMonitor })
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key) => cache.getOrSet(key, () => loader(key)),
    }
  }

/**
 * @param {boolean} serialize
 * @returns {Contender['create']}
 */
const bentocache =
  (serialize) =>
  async ({ ttl, maxSize, loader }) => {
    const { BentoCache, bentostore } = await peer('bentocache')
    const { memoryDriver } = await peer('bentocache/drivers/memory')
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: maxSize, serialize }))
    const cache = new BentoCache({ default: 'memory', stores: { memory }, ttl })
    return {
      get: (key) => cache.get({ key }),
      set: (key, value) => cache.set({ key, value }),
      getOrSet: (key) => cache.getOrSet({ key, factory: () => loader(key) }),
    }
  }

/**
 * @param {boolean} clones
 * @returns {Contender['create']}
 */
const cacheable =
  (clones) =>
  async ({ ttl, maxSize, loader }) => {
    const { Cacheable, Keyv, KeyvCacheableMemory } = await peer('cacheable')
    const cache = new Cacheable({ ttl })
    if (!clones) {
      const store = new KeyvCacheableMemory({ useClone: false, lruSize: maxSize })
      const primary = new Keyv({ store })
      primary.serialize = undefined
      primary.deserialize = undefined
      cache.setPrimary(primary)
    }
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key) => cache.getOrSet(key, () => loader(key)),
    }
  }

/**
 * @param {object} options
 * @returns {Contender['create']}
 */
const keyv =
  (options) =>
  async ({ ttl }) => {
    const { Keyv } = await peer('keyv-6')
    const cache = new Keyv({ ttl, ...options })
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) }
  }

/** @type {Readonly<Record<string, Contender>>} */
export const CONTENDERS = {
  "ours, 'none'": { isolation: 'reference', create: ours('none') },
  "ours, 'none', monitored": { isolation: 'reference', create: ours('none', true) },
  "ours, 'freeze'": { isolation: 'safe', create: ours('freeze') },
  "ours, 'clone'": { isolation: 'safe', create: ours('clone') },

  'lru-cache': {
    isolation: 'reference',
    installed: 'lru-cache',
    create: async ({ ttl, maxSize, loader }) => {
      const { LRUCache } = await peer('lru-cache')
      const cache = new LRUCache({ max: maxSize, ttl, fetchMethod: loader })
      return {
        get: async (key) => cache.get(key),
        set: async (key, value) => cache.set(key, value),
        getOrSet: (key) => cache.fetch(key),
      }
    },
  },
  'layered-loader': {
    isolation: 'reference',
    installed: 'layered-loader',
    create: async ({ ttl, maxSize, loader }) => {
      const { Loader, ManualCache } = await peer('layered-loader')
      const inMemoryCache = { ttlInMsecs: ttl, maxItems: maxSize }
      const manual = new ManualCache({ inMemoryCache })
      const loading = new Loader({ inMemoryCache, dataSourceGetOneFn: loader })
      return {
        get: (key) => manual.get(key),
        set: (key, value) => manual.set(key, value),
        getOrSet: (key) => loading.get(key),
      }
    },
  },
  'cache-manager': {
    isolation: 'reference',
    installed: 'cache-manager',
    create: async ({ ttl, loader }) => {
      const { createCache } = await peer('cache-manager')
      const cache = createCache({ ttl })
      return {
        get: (key) => cache.get(key),
        set: (key, value) => cache.set(key, value),
        getOrSet: (key) => cache.wrap(key, () => loader(key)),
      }
    },
  },
  'async-cache-dedupe': {
    isolation: 'reference',
    installed: 'async-cache-dedupe',
    shortestTtl: 1_000,
    create: async ({ ttl, maxSize, loader }) => {
      const { createCache } = await peer('async-cache-dedupe')
      const seconds = ttl / 1_000
      const cache = createCache({
        ttl: seconds,
        storage: { type: 'memory', options: { size: maxSize } },
      })
      cache.define('load', loader)
      return {
        get: (key) => cache.get('load', `load~${key}`),
        set: (key, value) => cache.set('load', `load~${key}`, value, seconds),
        getOrSet: (key) => cache.load(key),
      }
    },
  },
  '@epic-web/cachified on lru-cache': {
    isolation: 'reference',
    installed: '@epic-web/cachified',
    create: async ({ ttl, maxSize, loader }) => {
      const { cachified } = await peer('@epic-web/cachified')
      const { LRUCache } = await peer('lru-cache')
      const cache = new LRUCache({ max: maxSize })
      return {
        getOrSet: (key) => cachified({ cache, key, ttl, getFreshValue: () => loader(key) }),
      }
    },
  },
  'bentocache, serialize: false': {
    isolation: 'reference',
    installed: 'bentocache',
    create: bentocache(false),
  },
  bentocache: { isolation: 'safe', installed: 'bentocache', create: bentocache(true) },
  'cacheable, no clones': {
    isolation: 'reference',
    installed: 'cacheable',
    create: cacheable(false),
  },
  cacheable: { isolation: 'reads', installed: 'cacheable', create: cacheable(true) },
  'keyv, serialization: false': {
    isolation: 'reference',
    installed: 'keyv-6',
    create: keyv({ serialization: false }),
  },
  keyv: { isolation: 'safe', installed: 'keyv-6', create: keyv({}) },
  unstorage: {
    isolation: 'safe',
    installed: 'unstorage',
    create: async () => {
      const { createStorage } = await peer('unstorage')
      const cache = createStorage()
      return { get: (key) => cache.getItem(key), set: (key, value) => cache.setItem(key, value) }
    },
  },
}
