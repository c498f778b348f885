import { setImmediate } from 'node:timers/promises'
import { ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { InMemoryCache } from '../src/index.js'
import { cacheWithClock, fill } from './cache-with-clock.js'

describe('the least recently used entry is evicted first', () => {
  test('entries are evicted in the exact order of use', async () => {
    const { cache } = cacheWithClock({ maxSize: 3 })
    await fill(cache, 'abc')
    await cache.get('a')
    await cache.set('d', 1)
    expect(cache.getKeys()).toEqual(['d', 'a', 'c'])
    await cache.get('c')
    await cache.set('e', 1)
    await cache.set('f', 1)
    expect(cache.getKeys()).toEqual(['f', 'e', 'c'])
    expect(cache.getStats().evictions).toBe(3)
  })

  test('an overwrite counts as use and evicts nothing, also in a full cache', async () => {
    const { cache } = cacheWithClock({ maxSize: 3 })
    await fill(cache, 'abc')
    await cache.set('a', 'again')
    expect(cache.getKeys()).toEqual(['a', 'c', 'b'])
    expect(cache.getStats()).toMatchObject({ evictions: 0, totalEntries: 3 })
    await cache.set('d', 1)
    expect(cache.getKeys()).toEqual(['d', 'a', 'c'])
  })

  test('peek, exists, getTtl and listings count neither as use nor as reads', async () => {
    const { cache } = cacheWithClock({ maxSize: 3 })
    await fill(cache, 'abc')
    await cache.exists('a')
    await cache.getTtl('a')
    cache.getKeys()
    cache.getActiveKeys()
    cache.size()
    cache.getStats()
    for await (const key of cache.scan()) expect(key).toHaveLength(1)
    for await (const entry of cache.inspect()) expect(entry).toHaveProperty('value')
    await expect(cache.set('a', undefined)).rejects.toThrow(ValidationError)
    await expect(cache.set('a', 1, 0)).rejects.toThrow(ValidationError)
    expect(cache.getKeys()).toEqual(['c', 'b', 'a'])
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 0 })
    await cache.set('d', 1)
    expect(cache.getKeys()).toEqual(['d', 'c', 'b'])
  })

  test('getMany counts as use, in the order of its keys', async () => {
    const { cache } = cacheWithClock({ maxSize: 3 })
    await fill(cache, 'abc')
    await cache.getMany(['b', 'absent', 'a'])
    expect(cache.getKeys()).toEqual(['a', 'b', 'c'])
    expect(cache.getStats()).toMatchObject({ hits: 2, misses: 1 })
  })

  test('an expired entry never causes the eviction of a fresh one', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 4 })
    await cache.set('live', 1)
    await cache.set('x', 1, '10ms')
    await cache.set('y', 1, '20ms')
    await cache.set('z', 1, '30ms')
    clock.advance(31)
    // The fresh entry is the least recently used of the four.
    await fill(cache, 'abc')
    expect(cache.getKeys()).toEqual(['c', 'b', 'a', 'live'])
    expect(cache.getStats()).toMatchObject({ evictions: 0, expirations: 3 })
    await cache.set('d', 1)
    expect(cache.getKeys()).toEqual(['d', 'c', 'b', 'a'])
    expect(cache.getStats().evictions).toBe(1)
  })
})

describe('TTLs', () => {
  test('an entry is returned until its TTL has passed, and not after', async () => {
    const { cache, clock } = cacheWithClock()
    await cache.set('key', 1, '100ms')
    clock.advance(100)
    expect(await cache.get('key')).toBe(1)
    expect(await cache.getTtl('key')).toBe(0)
    clock.advance(0.001)
    expect(await cache.get('key')).toBeUndefined()
  })

  test('getTtl returns seconds with a fraction', async () => {
    const { cache, clock } = cacheWithClock()
    await cache.set('key', 1, '2s')
    clock.advance(750)
    expect(await cache.getTtl('key')).toBe(1.25)
    expect(await cache.getTtl('absent')).toBeUndefined()
  })

  test('entries do not expire with a defaultTtl of null', async () => {
    const { cache, clock } = cacheWithClock({ defaultTtl: null })
    await cache.set('key', 1)
    clock.advance(1e15)
    expect(await cache.get('key')).toBe(1)
    expect(await cache.getTtl('key')).toBeNull()
    expect(cache.getStats().defaultTtl).toBeNull()
  })

  test('defaultTtl accepts a unit', async () => {
    const { cache, clock } = cacheWithClock({ defaultTtl: '5m' })
    await cache.set('key', 1)
    expect(await cache.getTtl('key')).toBe(300)
    expect(cache.getStats().defaultTtl).toBe(300)
    clock.advance(300_001)
    expect(await cache.exists('key')).toBe(false)
  })

  test('every read removes an expired entry and counts it once', async () => {
    const { cache, clock } = cacheWithClock()
    for (const key of 'abcd') await cache.set(key, 1, '10ms')
    clock.advance(11)
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.exists('b')).toBe(false)
    expect(await cache.getTtl('c')).toBeUndefined()
    expect(await cache.delete('d')).toBe(false)
    for (const key of 'abcd') expect(await cache.exists(key)).toBe(false)
    expect(cache.getStats()).toMatchObject({ expirations: 4, totalEntries: 0 })
  })

  test('entries expire by the clock of the machine', async () => {
    const cache = new InMemoryCache()
    await cache.set('short', 1, '1ms')
    await cache.set('long', 1)
    await expect.poll(() => cache.exists('short'), { timeout: 5_000 }).toBe(false)
    expect(await cache.exists('long')).toBe(true)
  })
})

describe('listing', () => {
  test('getKeys returns all keys and getActiveKeys the fresh ones, most recently used first', async () => {
    const { cache, clock } = cacheWithClock()
    await cache.set('short', 1, '10ms')
    await fill(cache, 'ab')
    clock.advance(11)
    expect(cache.getKeys()).toEqual(['b', 'a', 'short'])
    expect(cache.getActiveKeys()).toEqual(['b', 'a'])
  })

  test('size counts the fresh entries and removes the expired ones', async () => {
    const { cache, clock } = cacheWithClock()
    for (const key of 'abcdef') await cache.set(key, 1, '10ms')
    await cache.set('long', 1)
    clock.advance(11)
    expect(cache.size()).toBe(1)
    expect(cache.getKeys()).toEqual(['long'])
    expect(cache.getStats().expirations).toBe(6)
  })

  test('scan is not affected by changes during the iteration', async () => {
    const { cache } = cacheWithClock()
    await fill(cache, 'abc')
    const seen: string[] = []
    for await (const key of cache.scan()) {
      seen.push(key)
      await cache.delete(key)
      await cache.set(`new ${key}`, 1)
    }
    expect(seen).toEqual(['c', 'b', 'a'])
  })

  test('scan rejects a bad pattern', async () => {
    const { cache } = cacheWithClock()
    const first = async (): Promise<void> => {
      for await (const key of cache.scan('')) throw new Error(`listed ${key}`)
    }
    await expect(first()).rejects.toMatchObject({ code: 'INVALID_PATTERN' })
  })

  test('invalidatePattern and clear count only fresh entries', async () => {
    const { cache, clock } = cacheWithClock()
    await cache.set('user:1', 1, '10ms')
    await fill(cache, 'ab')
    await cache.set('user:2', 1)
    clock.advance(11)
    expect(await cache.invalidatePattern('user:*')).toBe(1)
    await cache.set('short', 1, '10ms')
    clock.advance(11)
    expect(await cache.clear()).toBe(2)
    expect(cache.getKeys()).toEqual([])
    expect(cache.getStats()).toMatchObject({ evictions: 0, expirations: 2 })
  })
})

test('a closed cache is empty, and a cache closes at the end of its block', async () => {
  const { cache } = cacheWithClock()
  {
    await using scoped = cache
    await fill(scoped, 'abc')
  }
  expect(cache.getKeys()).toEqual([])
})

test('a load in flight at close is returned but not stored', async () => {
  const { cache } = cacheWithClock()
  const answer = cache.getOrSet('key', () => setImmediate('loaded'))
  await cache.close()
  expect(await answer).toBe('loaded')
  expect(cache.getKeys()).toEqual([])
})

test('concurrent calls do not affect each other', async () => {
  const { cache } = cacheWithClock({ maxSize: 100 })
  await Promise.all(
    Array.from({ length: 2_000 }, async (_, index) => {
      const key = `key:${index % 150}`
      await cache.set(key, key)
      const value = await cache.get(key)
      expect([key, undefined]).toContain(value)
      if (index % 3 === 0) await cache.delete(key)
    }),
  )
  expect(cache.size()).toBeLessThanOrEqual(100)
})
