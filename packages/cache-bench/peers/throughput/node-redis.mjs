// The least that a cache in Redis must do: JSON there and back.
import { createClient as createClient5 } from 'redis-5'
import { createClient as createClient6 } from 'redis-6'

export const packages = ['redis-5@npm:redis@5', 'redis-6@npm:redis@6']

const bare = (createClient) => ({
  tier: 'redis',
  isFloor: true,
  create: async ({ ttlMs, redisUrl, keyPrefix }) => {
    const client = createClient({ url: redisUrl })
    client.on('error', () => undefined)
    await client.connect()
    const expiration = { type: 'PX', value: Math.round(ttlMs) }
    return {
      get: async (key) => {
        const text = await client.get(keyPrefix + key)
        return text === null ? undefined : JSON.parse(text)
      },
      set: (key, value) => client.set(keyPrefix + key, JSON.stringify(value), { expiration }),
      close: async () => client.destroy(),
    }
  },
})

export const variants = {
  'bare node-redis 5': bare(createClient5),
  'bare node-redis 6': bare(createClient6),
}
