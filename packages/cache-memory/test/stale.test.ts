import { describe, expect, test } from 'vitest'
import type { InMemoryCache } from '../src/index.js'
import { cacheWithClock } from './cache-with-clock.js'
import { iterationSteps } from './iteration-count.js'

const STALE_OPTIONS = { ttl: '10ms', staleWhileRevalidate: '50ms', staleIfError: '100ms' } as const

async function load(cache: InMemoryCache, keys: string): Promise<void> {
  for (const key of keys) await cache.getOrSet(key, () => `loaded ${key}`, STALE_OPTIONS)
}

describe('an entry in its grace period', () => {
  test('is visible to getOrSet only', async () => {
    const { cache, clock } = cacheWithClock()
    await load(cache, 'ab')
    clock.advance(10)
    expect(cache.getActiveKeys()).toEqual(['b', 'a'])
    clock.advance(0.001)

    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.exists('a')).toBe(false)
    expect(await cache.getTtl('a')).toBeUndefined()
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map())
    expect(cache.peek('a')).toBeUndefined()
    expect(cache.size()).toBe(0)
    expect(cache.getActiveKeys()).toEqual([])
    expect([...cache]).toEqual([])
    for await (const key of cache.scan()) expect.unreachable(key)
    expect(cache.getStats()).toMatchObject({
      totalEntries: 2,
      activeEntries: 0,
      expiredEntries: 2,
      expirations: 0,
    })
    const failing = (): never => {
      throw new Error('not to be seen')
    }
    expect(await cache.getOrSet('a', failing, STALE_OPTIONS)).toBe('loaded a')
    expect(cache.getStats().staleServed).toBe(1)
  })

  test('getTtl does not include the grace period', async () => {
    const { cache, clock } = cacheWithClock()
    await load(cache, 'a')
    clock.advance(4)
    expect(await cache.getTtl('a')).toBe(0.006)
    expect(cache.snapshot().entries).toMatchObject([{ value: 'loaded a', leftMs: 6 }])
    clock.advance(10)
    expect(cache.snapshot().entries).toMatchObject([{ value: 'loaded a', leftMs: -4 }])
  })

  test('is removed after the grace period, and counted as expired once', async () => {
    const { cache, clock } = cacheWithClock()
    const expired: unknown[] = []
    cache.on('expired', (...details) => expired.push(details))
    await load(cache, 'abc')
    clock.advance(110)
    expect(cache.snapshot().entries).toHaveLength(3)
    clock.advance(0.001)
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.get('b')).toBeUndefined()
    expect(cache.getStats()).toMatchObject({ expirations: 2, totalEntries: 1 })
    expect(cache.size()).toBe(0)
    for (const key of 'abc') expect(await cache.exists(key)).toBe(false)
    expect(cache.getStats()).toMatchObject({ expirations: 3, totalEntries: 0 })
    expect(expired).toEqual([
      ['a', 'loaded a'],
      ['b', 'loaded b'],
      ['c', 'loaded c'],
    ])
  })

  test('is removed by every method, though none of them reports it', async () => {
    const ways: ((cache: InMemoryCache) => Promise<boolean | number>)[] = [
      (cache) => cache.delete('a'),
      (cache) => cache.deleteMany(['a']),
      (cache) => cache.invalidatePattern('a'),
      (cache) => cache.clear(),
    ]
    for (const remove of ways) {
      const { cache, clock } = cacheWithClock()
      await load(cache, 'a')
      clock.advance(11)
      expect(Number(await remove(cache))).toBe(0)
      expect(cache.getKeys()).toEqual([])
      expect(await cache.getOrSet('a', () => 'new', STALE_OPTIONS)).toBe('new')
      expect(cache.getStats()).toMatchObject({ staleServed: 0, expirations: 0 })
    }
  })

  test('is not counted with the fresh entries that are removed with it', async () => {
    const { cache, clock } = cacheWithClock()
    await load(cache, 'ab')
    clock.advance(11)
    await load(cache, 'cde')
    expect(await cache.invalidatePattern('[ac]')).toBe(1)
    expect(cache.getKeys()).toEqual(['e', 'd', 'b'])
    expect(await cache.deleteMany(['b', 'd'])).toBe(1)
    await load(cache, 'a')
    clock.advance(11)
    await cache.set('f', 1)
    expect(await cache.clear()).toBe(1)
  })

  test('is evicted only as the least recently used entry', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 3 })
    await load(cache, 'ab')
    clock.advance(11)
    await cache.set('c', 1)
    await cache.getOrSet('a', () => Promise.reject(new Error('down')), STALE_OPTIONS)
    await cache.set('d', 1)
    expect(cache.getKeys()).toEqual(['d', 'a', 'c'])
    expect(cache.getStats()).toMatchObject({ evictions: 1, expirations: 0 })
  })
})

test('size counts only fresh entries, including those without expiry', async () => {
  const { cache, clock } = cacheWithClock()
  await cache.getOrSet('endless', () => 1, { ttl: null, staleWhileRevalidate: '1h' })
  await load(cache, 'dead')
  clock.advance(110)
  await load(cache, 'st')
  await cache.set('over', 1, '10ms')
  clock.advance(11)
  await load(cache, 'f')
  await cache.set('plain', 1)
  expect(cache.getActiveKeys()).toEqual(['plain', 'f', 'endless'])
  expect(cache.size()).toBe(3)
  expect(cache.getKeys()).toEqual(['plain', 'f', 't', 's', 'endless'])
  expect(cache.getStats()).toMatchObject({ activeEntries: 3, totalEntries: 5, expiredEntries: 2 })
  // Without an entry in its grace period, the count is the number of all entries.
  for (const key of ['s', 't', 'f', 'endless']) await cache.set(key, 1)
  expect(cache.size()).toBe(5)
  expect(await iterationSteps(() => cache.size())).toBe(0)
  clock.advance(1e9)
  expect(cache.size()).toBe(0)
})

test('a value that is set over a stale one has no grace period', async () => {
  const { cache, clock } = cacheWithClock()
  await load(cache, 'a')
  clock.advance(11)
  await cache.set('a', 'set', '10ms')
  expect(await cache.get('a')).toBe('set')
  clock.advance(11)
  expect(cache.peek('a')).toBeUndefined()
  expect(cache.getStats().expirations).toBe(1)
})

test('each call of getOrSet returns a stale value only within its own options', async () => {
  const { cache, clock } = cacheWithClock()
  await load(cache, 'a')
  clock.advance(61)
  const down = new Error('down')
  const failing = (): Promise<string> => Promise.reject(down)
  await expect(cache.getOrSet('a', failing)).rejects.toBe(down)
  await expect(cache.getOrSet('a', failing, { staleIfError: '50ms' })).rejects.toBe(down)
  expect(await cache.getOrSet('a', failing, { staleIfError: '51ms' })).toBe('loaded a')
  expect(await cache.getOrSet('a', failing, { staleWhileRevalidate: '51ms' })).toBe('loaded a')
  expect(await cache.getOrSet('a', () => 'new')).toBe('new')
  expect(cache.getStats().staleServed).toBe(2)
})
