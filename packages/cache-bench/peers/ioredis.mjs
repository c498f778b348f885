// The least that a cache in Redis must do: JSON there and back.
import { Redis } from 'ioredis'

export const packages = ['ioredis']

export const variants = {
  'bare ioredis': {
    tier: 'redis',
    isFloor: true,
    create: async ({ ttlMs, redisUrl, keyPrefix }) => {
      const client = new Redis(redisUrl, { keyPrefix })
      client.on('error', () => undefined)
      await client.ping()
      const parsed = (text) => (text === null ? undefined : JSON.parse(text))
      return {
        get: async (key) => parsed(await client.get(key)),
        set: (key, value) => client.set(key, JSON.stringify(value), 'PX', Math.round(ttlMs)),
        exists: async (key) => (await client.exists(key)) === 1,
        delete: (key) => client.del(key),
        getMany: async (keys) => (await client.mget(...keys)).map(parsed),
        close: async () => client.disconnect(),
      }
    },
  },
}
