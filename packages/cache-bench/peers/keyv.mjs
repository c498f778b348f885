import { Keyv } from 'keyv'

export const packages = ['keyv']

const memory = (options, setup) => ({
  tier: 'memory',
  setup,
  isUnbounded: true,
  create: ({ ttlMs }) => {
    const cache = new Keyv({ ttl: ttlMs, ...options })
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      exists: (key) => cache.has(key),
      delete: (key) => cache.delete(key),
      getMany: (keys) => cache.getMany(keys),
      setMany: (entries) => cache.setMany(entries.map(([key, value]) => ({ key, value }))),
    }
  },
})

export const variants = {
  keyv: memory({}, 'stock'),
  'keyv, serialization: false': memory({ serialization: false }, 'tuned'),
}
