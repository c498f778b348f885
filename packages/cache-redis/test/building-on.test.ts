import { describe, expect, test, vi } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis()

/** Keeps copies of numbers for so many milliseconds, and of text for as long as there is. */
class CacheOfNumbers extends GenericRedisCache {
  found(key: string): Promise<unknown> {
    return this.find(key)
  }

  protected override longestCopyMs(_key: string, value: unknown): number {
    return typeof value === 'number' ? value : Number.POSITIVE_INFINITY
  }

  get inMemory(): number {
    return this.getStats().memory?.activeEntries ?? 0
  }
}

async function open(options: GenericRedisCacheOptions = {}): Promise<CacheOfNumbers> {
  const cache = new CacheOfNumbers({ redisUrl: at.redis.url, ...options })
  at.atTheEnd(() => cache.close())
  await cache.connect()
  return cache
}

const soon = { timeout: 2_000, interval: 1 }

describe('how long a copy may be kept', () => {
  test('is up to the cache, by its value', async () => {
    const cache = await open()
    await cache.set('never', 0)
    await cache.set('text', 'value')
    expect(cache.inMemory).toBe(1)
    await vi.waitFor(async () => {
      await cache.getMany(['never', 'text'])
      expect(await cache.found('text')).toMatchObject({ value: 'value', tier: 'memory' })
    }, soon)
    expect(await cache.found('never')).toMatchObject({ value: 0, tier: 'redis' })
    expect(cache.inMemory).toBe(1)
  })

  test('ends when it says, though Redis has the value for longer', async () => {
    const cache = await open()
    await cache.set('short', 300, '1h')
    await vi.waitFor(async () => {
      expect(await cache.found('short')).toMatchObject({ tier: 'memory' })
    }, soon)
    await vi.waitFor(() => expect(cache.inMemory).toBe(0), soon)
    expect(await cache.found('short')).toMatchObject({ value: 300, tier: 'redis' })
  })

  test('an older copy goes when the new value is not to be kept', async () => {
    const cache = await open()
    await cache.set('key', 'old')
    expect(cache.inMemory).toBe(1)
    await cache.set('key', 0)
    expect(cache.inMemory).toBe(0)
    expect(await cache.get('key')).toBe(0)
  })

  test('is as long as it lives while Redis is away', async () => {
    const cache = await open({ redisUrl: 'redis://127.0.0.1:1' })
    await cache.set('never', 0)
    expect(await cache.found('never')).toMatchObject({ value: 0, tier: 'memory' })
    expect(await cache.found('absent')).toMatchObject({ value: undefined, outcome: 'error' })
  })

  test('without Redis a value lives as long as it should, however long that is', async () => {
    const cache = await open({ redisUrl: 'redis://127.0.0.1:1', defaultTtl: '1m' })
    await cache.set('long', 'value', '1d')
    expect(await cache.getTtl('long')).toBeGreaterThan(86_000)
  })
})

describe('what Redis says of itself', () => {
  test('is how much it holds, and for how many', async () => {
    const cache = await open()
    const { usedMemoryBytes, connectedClients } = await cache.getServerInfo()
    expect(usedMemoryBytes).toBeGreaterThan(100_000)
    expect(connectedClients).toBeGreaterThanOrEqual(2)
  })

  test('is told to those who may ask', async () => {
    await at.raw.call('ACL', 'SETUSER', 'curt', 'on', '>secret', '~*', '&*', '+@all', '-info')
    const redisUrl = at.redis.url.replace('//', '//curt:secret@')
    await expect((await open({ redisUrl })).getServerInfo()).rejects.toThrow('NOPERM')
  })

  test('cannot be asked while it is away', async () => {
    const cache = await open({ redisUrl: 'redis://127.0.0.1:1' })
    await expect(cache.getServerInfo()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})
