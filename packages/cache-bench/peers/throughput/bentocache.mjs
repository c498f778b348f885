// bentocache without a memory tier.
import { BentoCache, bentostore } from 'bentocache'
import { redisDriver } from 'bentocache/drivers/redis'
import { Redis } from 'ioredis'

export const packages = ['bentocache', 'ioredis@5']

export const variants = {
  bentocache: {
    tier: 'redis',
    create: async ({ ttlMs, redisUrl, keyPrefix }) => {
      const connection = new Redis(redisUrl)
      connection.on('error', () => undefined)
      await connection.ping()
      const store = bentostore().useL2Layer(redisDriver({ connection }))
      const cache = new BentoCache({
        default: 'store',
        stores: { store },
        ttl: ttlMs,
        prefix: keyPrefix,
      })
      return {
        get: (key) => cache.get({ key }),
        set: (key, value) => cache.set({ key, value }),
        close: () => cache.disconnectAll(),
      }
    },
  },
}
