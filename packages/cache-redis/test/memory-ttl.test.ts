import { describe, expect, test, vi } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../src/index.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis()

async function open(options: GenericRedisCacheOptions = {}): Promise<GenericRedisCache> {
  const cache = new GenericRedisCache({ redisUrl: at.redis.url, ...options })
  at.atTheEnd(() => cache.close())
  await cache.connect()
  return cache
}

function inMemory(cache: GenericRedisCache): number {
  return cache.getStats().memory?.activeEntries ?? 0
}

const soon = { timeout: 2_000, interval: 1 }

describe('memoryTtl', () => {
  test('of 0 keeps a written value out of memory', async () => {
    const cache = await open()
    await cache.set('never', 0, { memoryTtl: 0 })
    await cache.set('text', 'value')
    expect(inMemory(cache)).toBe(1)
    expect(await cache.getEntry('never')).toMatchObject({ value: 0, source: 'redis' })
  })

  test('of 0 keeps a value that is read out of memory', async () => {
    const cache = await open()
    await cache.setMany([['key', 'value']], { memoryTtl: 0 })
    await cache.set('another', 'value')
    await vi.waitFor(async () => {
      expect(await cache.getEntry('another')).toMatchObject({ source: 'memory' })
    }, soon)
    for (let read = 0; read < 5; read++) {
      expect(await cache.getEntry('key', { memoryTtl: 0 })).toMatchObject({ source: 'redis' })
      const loaded = await cache.getOrSetEntry('key', () => 'new', { memoryTtl: 0 })
      expect(loaded).toMatchObject({ value: 'value', source: 'redis' })
    }
  })

  test('of 0 keeps a loaded value out of memory', async () => {
    const cache = await open()
    await cache.getOrSet('key', () => 'value', { memoryTtl: 0 })
    expect(inMemory(cache)).toBe(0)
    expect(await cache.getEntry('key', { memoryTtl: 0 })).toMatchObject({ value: 'value' })
  })

  test('may depend on the value that is read or loaded', async () => {
    const cache = await open()
    await cache.setMany(
      [1, 2].map((value) => [`key ${value}`, value]),
      { memoryTtl: 0 },
    )
    const memoryTtl = (value: unknown): number => (value === 1 ? 0 : 60)
    await vi.waitFor(async () => {
      const sources: (string | undefined)[] = []
      for (const key of ['key 1', 'key 2']) {
        sources.push((await cache.getEntry(key, { memoryTtl }))?.source)
      }
      expect(sources).toEqual(['redis', 'memory'])
    }, soon)
    await cache.getOrSet('loaded 1', () => 1, { memoryTtl })
    expect(inMemory(cache)).toBe(1)
  })

  test('ends a copy although Redis has the value for longer', async () => {
    const cache = await open()
    await cache.set('short', 300, '1h')
    const read = (): Promise<unknown> => cache.getEntry('short', { memoryTtl: '300ms' })
    await vi.waitFor(async () => expect(await read()).toMatchObject({ source: 'memory' }), soon)
    await vi.waitFor(() => expect(inMemory(cache)).toBe(0), soon)
    expect(await read()).toMatchObject({ value: 300, source: 'redis' })
  })

  test('of 0 removes the older copy of the key', async () => {
    const cache = await open()
    await cache.set('key', 'old')
    expect(inMemory(cache)).toBe(1)
    await cache.set('key', 0, { memoryTtl: 0 })
    expect(inMemory(cache)).toBe(0)
    expect(await cache.get('key')).toBe(0)
  })

  test('is ignored while Redis is unavailable, because no other tier has the value', async () => {
    const cache = await open({ redisUrl: 'redis://127.0.0.1:1' })
    await cache.set('never', 0, { memoryTtl: 0 })
    expect(await cache.getEntry('never')).toMatchObject({ value: 0, source: 'memory' })
    const outcomes: string[] = []
    const onLookup = (outcome: string): void => void outcomes.push(outcome)
    expect(await cache.getEntry('absent', { onLookup })).toBeUndefined()
    expect(await cache.getOrSet('absent', () => 1, { onLookup })).toBe(1)
    expect(outcomes).toEqual(['error', 'error'])
  })

  test('without Redis a value has its whole TTL, however long that is', async () => {
    const cache = await open({ redisUrl: 'redis://127.0.0.1:1', defaultTtl: '1m' })
    await cache.set('long', 'value', '1d')
    expect(await cache.getTtl('long')).toBeGreaterThan(86_000)
  })
})

describe('a copy that ends during a call does not hide its entry in Redis', () => {
  test.each([
    ['getMany', async (cache: GenericRedisCache) => (await cache.getMany(['key'])).get('key')],
    [
      'getOrSet',
      (cache: GenericRedisCache) => cache.getOrSet('key', () => 'loaded', { jitter: 0 }),
    ],
    [
      'getOrSet with an early refresh',
      (cache: GenericRedisCache) =>
        cache.getOrSet('key', () => 'loaded', { earlyRefresh: Number.MIN_VALUE }),
    ],
    ['getEntry', async (cache: GenericRedisCache) => (await cache.getEntry('key'))?.value],
    ['get', (cache: GenericRedisCache) => cache.get('key')],
    ['exists', async (cache: GenericRedisCache) => (await cache.exists('key')) && 'stored'],
  ])('for %s', async (_name, read) => {
    let now = 0
    let stepMs = 0
    const short = { memoryTtl: '10ms' } as const
    const clock = { now: () => (now += stepMs), wallTime: () => Date.now() }
    const cache = await open({ clock })
    for (let ticks = 0; ticks < 20; ticks++) {
      await cache.set('key', 'stored', { ttl: '1h', memoryTtl: 0 })
      await vi.waitFor(async () => {
        await cache.getEntry('key', short)
        expect(await cache.getEntry('key', short)).toMatchObject({ source: 'memory' })
      }, soon)
      // The copy ends at another tick of the clock each time.
      now += 10 - ticks
      stepMs = 1
      expect(await read(cache), `${ticks} ticks`).toBe('stored')
      stepMs = 0
    }
  })
})
