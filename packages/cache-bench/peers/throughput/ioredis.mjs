// The least that a cache in Redis must do: JSON there and back.
import { Redis } from 'ioredis'

export const packages = ['ioredis']

const bare = (enableAutoPipelining) => ({
  tier: 'redis',
  isFloor: true,
  create: async ({ ttlMs, redisUrl, keyPrefix }) => {
    const client = new Redis(redisUrl, { keyPrefix, enableAutoPipelining })
    client.on('error', () => undefined)
    await client.ping()
    return {
      get: async (key) => {
        const text = await client.get(key)
        return text === null ? undefined : JSON.parse(text)
      },
      set: (key, value) => client.set(key, JSON.stringify(value), 'PX', Math.round(ttlMs)),
      close: async () => client.disconnect(),
    }
  },
})

export const variants = {
  'bare ioredis': bare(false),
  'bare ioredis, auto-pipelining': bare(true),
}
