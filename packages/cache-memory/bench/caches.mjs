// The caches that are measured, each behind the same few calls.
import { InMemoryCache } from '../dist/index.js'

/**
 * @typedef {object} Subject A cache as it is measured. What it cannot do is left out.
 * @property {(key: string) => Promise<unknown>} [get]
 * @property {(key: string, value: unknown) => Promise<unknown>} [set]
 * @property {(key: string) => Promise<unknown>} [getOrSet] loads with the loader it was made with
 *
 * @typedef {object} Wanted
 * @property {number} life of every entry, in milliseconds
 * @property {number} maxSize in entries
 * @property {(key: string) => Promise<unknown>} loader
 *
 * @typedef {'reference' | 'reads' | 'safe'} Isolation What a caller who changes its object does to
 * the cache: `reference`, both writer and reader change it; `reads`, the writer does; `safe`, none.
 *
 * @typedef {object} Contender
 * @property {Isolation} isolation as its authors describe it; the gate looks whether it is so
 * @property {string} [installed] the package whose version is printed; ours when left out
 * @property {number} [shortestLife] the shortest life it knows, in milliseconds, if that is long
 * @property {(wanted: Wanted) => Promise<Subject>} create
 */

/**
 * Loads a peer only where it is measured: no process holds the code of two.
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
  async ({ life, maxSize, loader }) => {
    const { CachePerformanceMonitor } = await import('../../cache-monitoring/dist/index.js')
    const performanceMonitor = monitored ? new CachePerformanceMonitor() : undefined
    const defaultTtl = life / 1_000
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
  async ({ life, maxSize, loader }) => {
    const { BentoCache, bentostore } = await peer('bentocache')
    const { memoryDriver } = await peer('bentocache/drivers/memory')
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: maxSize, serialize }))
    const cache = new BentoCache({ default: 'memory', stores: { memory }, ttl: life })
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
  async ({ life, maxSize, loader }) => {
    const { Cacheable, Keyv, KeyvCacheableMemory } = await peer('cacheable')
    const cache = new Cacheable({ ttl: life })
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
  async ({ life }) => {
    const { Keyv } = await peer('keyv-6')
    const cache = new Keyv({ ttl: life, ...options })
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
    create: async ({ life, maxSize, loader }) => {
      const { LRUCache } = await peer('lru-cache')
      const cache = new LRUCache({ max: maxSize, ttl: life, fetchMethod: loader })
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
    create: async ({ life, maxSize, loader }) => {
      const { Loader, ManualCache } = await peer('layered-loader')
      const inMemoryCache = { ttlInMsecs: life, maxItems: maxSize }
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
    create: async ({ life, loader }) => {
      const { createCache } = await peer('cache-manager')
      const cache = createCache({ ttl: life })
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
    shortestLife: 1_000,
    create: async ({ life, maxSize, loader }) => {
      const { createCache } = await peer('async-cache-dedupe')
      const ttl = life / 1_000
      const cache = createCache({ ttl, storage: { type: 'memory', options: { size: maxSize } } })
      cache.define('load', loader)
      return {
        get: (key) => cache.get('load', `load~${key}`),
        set: (key, value) => cache.set('load', `load~${key}`, value, ttl),
        getOrSet: (key) => cache.load(key),
      }
    },
  },
  '@epic-web/cachified on lru-cache': {
    isolation: 'reference',
    installed: '@epic-web/cachified',
    create: async ({ life, maxSize, loader }) => {
      const { cachified } = await peer('@epic-web/cachified')
      const { LRUCache } = await peer('lru-cache')
      const cache = new LRUCache({ max: maxSize })
      return {
        getOrSet: (key) => cachified({ cache, key, ttl: life, getFreshValue: () => loader(key) }),
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
