import { describe, expect, test } from 'vitest'
import { InMemoryCache } from '../src/index.js'
import { cacheWithClock, countingText, fill } from './cache-with-clock.js'

describe('getStats', () => {
  test('returns the figures of a new cache', () => {
    expect(new InMemoryCache({ maxSize: 10, defaultTtl: 60 }).getStats()).toEqual({
      hits: 0,
      misses: 0,
      joined: 0,
      staleServed: 0,
      evictions: 0,
      expirations: 0,
      refusals: 0,
      notStored: {},
      totalEntries: 0,
      activeEntries: 0,
      expiredEntries: 0,
      maxSize: 10,
      utilizationPercent: 0,
      utilization: '0/10',
      bytes: 0,
      maxBytes: 64 * 2 ** 20,
      defaultTtl: 60,
    })
  })

  test('returns the figures of a used cache', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 4, maxBytes: 20, ...countingText })
    await cache.set('short', 1, '10ms')
    await cache.set('shorter', 1, '5ms')
    await fill(cache, 'abc')
    await cache.set('large', 'a value of twenty bytes')
    for (const key of ['a', 'b', 'c', 'absent']) await cache.get(key)
    clock.advance(6)
    expect(cache.getStats()).toEqual({
      hits: 3,
      misses: 1,
      joined: 0,
      hitRate: 75,
      staleServed: 0,
      evictions: 2,
      expirations: 0,
      refusals: 1,
      notStored: {},
      totalEntries: 3,
      activeEntries: 3,
      expiredEntries: 0,
      maxSize: 4,
      utilizationPercent: 75,
      utilization: '3/4',
      bytes: 6,
      maxBytes: 20,
      defaultTtl: 3_600,
    })
  })

  test('counts one miss for a load, and the joined calls separately', async () => {
    const { cache } = cacheWithClock()
    const load = async (): Promise<string> => 'loaded'
    await Promise.all(Array.from({ length: 10 }, () => cache.getOrSet('key', load)))
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 1, joined: 9, hitRate: 0 })
  })

  test('counts loaded values that could not be stored, by code', async () => {
    const { cache } = cacheWithClock({ isolation: 'clone' })
    const emitted: unknown[] = []
    cache.on('not_stored', (key, { code }) => emitted.push([key, code]))
    for (const key of ['a', 'b']) await cache.getOrSet(key, () => () => 'a function')
    await cache.getOrSet('c', () => 'value', { ttl: () => 0 })
    expect(cache.getStats().notStored).toEqual({ NOT_CLONEABLE: 2, TTL_ZERO: 1 })
    expect(emitted).toEqual([
      ['a', 'NOT_CLONEABLE'],
      ['b', 'NOT_CLONEABLE'],
      ['c', 'TTL_ZERO'],
    ])
  })

  test('counts fresh entries separately from expired and stale ones', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 8 })
    await cache.set('dead', 1, '10ms')
    await cache.getOrSet('stale', () => 1, { ttl: '10ms', staleIfError: '1h' })
    await cache.set('invalidated', 1, { tags: ['tag'] })
    await fill(cache, 'ab')
    clock.advance(11)
    await cache.invalidateTags(['tag'])
    expect(cache.getStats()).toMatchObject({
      expirations: 0,
      totalEntries: 5,
      activeEntries: 2,
      expiredEntries: 3,
      utilizationPercent: 25,
      utilization: '2/8',
    })
  })

  test('returns bytes if either limit is set', async () => {
    const never = Number.POSITIVE_INFINITY
    const sizes = [
      { maxBytes: 100 },
      { maxEntryBytes: 100 },
      { maxBytes: never, maxEntryBytes: 100 },
      { maxBytes: never },
    ]
    const figures = sizes.map(async (options) => {
      const cache = new InMemoryCache({ ...countingText, ...options })
      await cache.set('key', 'value')
      const { bytes, maxBytes } = cache.getStats()
      return { bytes, maxBytes }
    })
    expect(await Promise.all(figures)).toEqual([
      { bytes: 8, maxBytes: 100 },
      { bytes: 8, maxBytes: 64 * 2 ** 20 },
      { bytes: 8, maxBytes: null },
      { bytes: null, maxBytes: null },
    ])
  })

  test('retains the counts after clear', async () => {
    const { cache } = cacheWithClock()
    await fill(cache, 'a')
    await cache.get('a')
    await cache.clear()
    expect(cache.getStats()).toMatchObject({ hits: 1, totalEntries: 0 })
  })
})
