import { describe, expect, test } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis()

async function open(options: GenericRedisCacheOptions = {}): Promise<GenericRedisCache> {
  const cache = new GenericRedisCache({ redisUrl: at.redis.url, ...options })
  at.atTheEnd(() => cache.close())
  await cache.connect()
  return cache
}

describe('getServerInfo', () => {
  test('returns the bytes that Redis uses and the number of its clients', async () => {
    const cache = await open()
    const { usedMemoryBytes, connectedClients } = await cache.getServerInfo()
    expect(usedMemoryBytes).toBeGreaterThan(100_000)
    expect(connectedClients).toBeGreaterThanOrEqual(2)
  })

  test('rejects where the user may not send INFO', async () => {
    await at.raw.call('ACL', 'SETUSER', 'curt', 'on', '>secret', '~*', '&*', '+@all', '-info')
    const redisUrl = at.redis.url.replace('//', '//curt:secret@')
    await expect((await open({ redisUrl })).getServerInfo()).rejects.toThrow('NOPERM')
  })

  test('rejects while Redis is unavailable', async () => {
    const cache = await open({ redisUrl: 'redis://127.0.0.1:1' })
    await expect(cache.getServerInfo()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})
