// cacheable and keyv without a memory tier. Both use node-redis 5.
import KeyvRedis from '@keyv/redis'
import { Cacheable } from 'cacheable'
import { Keyv } from 'keyv'

export const packages = ['cacheable', 'keyv@5', '@keyv/redis@5']

const storeOf = ({ ttlMs, redisUrl, keyPrefix: namespace }) => {
  // The store writes the namespace before the key. Keyv would write it again.
  const store = new KeyvRedis(redisUrl, { namespace })
  const keyv = new Keyv({ store, namespace, useKeyPrefix: false, ttl: ttlMs })
  keyv.on('error', () => undefined)
  return keyv
}

const subjectOf = (cache) => ({
  get: (key) => cache.get(key),
  set: (key, value) => cache.set(key, value),
  close: () => cache.disconnect(),
})

export const variants = {
  cacheable: {
    tier: 'redis',
    create: (options) => {
      const cache = new Cacheable({ ttl: options.ttlMs, primary: storeOf(options) })
      cache.on('error', () => undefined)
      return subjectOf(cache)
    },
  },
  keyv: { tier: 'redis', create: (options) => subjectOf(storeOf(options)) },
}
