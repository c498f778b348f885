// The least that a cache in Redis must do: JSON there and back.
import { createClient } from 'redis'

export const packages = ['redis']

export const variants = {
  'bare node-redis': {
    tier: 'redis',
    isFloor: true,
    create: async ({ ttlMs, redisUrl, keyPrefix }) => {
      const client = createClient({ url: redisUrl })
      client.on('error', () => undefined)
      await client.connect()
      const parsed = (text) => (text === null ? undefined : JSON.parse(text))
      return {
        get: async (key) => parsed(await client.get(keyPrefix + key)),
        set: (key, value) => {
          return client.set(keyPrefix + key, JSON.stringify(value), {
            expiration: { type: 'PX', value: Math.round(ttlMs) },
          })
        },
        exists: async (key) => (await client.exists(keyPrefix + key)) === 1,
        delete: (key) => client.del(keyPrefix + key),
        getMany: async (keys) =>
          (await client.mGet(keys.map((key) => keyPrefix + key))).map(parsed),
        close: async () => client.destroy(),
      }
    },
  },
}
