import NodeCache from 'node-cache'

export const packages = ['node-cache']

const nodeCache = (useClones, setup) => ({
  tier: 'memory',
  setup,
  // With `maxKeys`, a full cache throws.
  isUnbounded: true,
  create: ({ ttlMs }) => {
    const cache = new NodeCache({ stdTTL: ttlMs / 1_000, useClones })
    return {
      get: async (key) => cache.get(key),
      set: async (key, value) => cache.set(key, value),
      exists: async (key) => cache.has(key),
      delete: async (key) => cache.del(key),
      getMany: async (keys) => cache.mget(keys),
      close: async () => cache.close(),
    }
  },
})

export const variants = {
  'node-cache': nodeCache(true, 'stock'),
  'node-cache, useClones: false': nodeCache(false, 'tuned'),
}
