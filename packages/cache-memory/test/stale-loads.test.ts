import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '@verbatim/cache-core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { InMemoryCache, type Isolation } from '../src/index.js'
import { cacheWithClock } from './cache-with-clock.js'

const REVALIDATE = { ttl: '10ms', staleWhileRevalidate: '1h' } as const
const IF_ERROR = { ttl: '10ms', staleIfError: '1h' } as const

async function staleCache(isolation: Isolation = 'none'): Promise<InMemoryCache> {
  const { cache, clock } = cacheWithClock({ isolation })
  await cache.getOrSet('key', () => ({ list: ['old'] }), REVALIDATE)
  clock.advance(11)
  return cache
}

describe('refresh_failed', () => {
  test('is emitted once for all callers that received the stale value', async () => {
    const cache = await staleCache()
    const emitted: unknown[] = []
    cache.on('refresh_failed', (...details) => emitted.push(details))
    const down = new Error('down')
    const failing = async (): Promise<never> => {
      await setImmediate()
      throw down
    }
    const callers = Array.from({ length: 5 }, () => cache.getOrSet('key', failing, REVALIDATE))
    expect(await Promise.all(callers)).toEqual(callers.map(() => ({ list: ['old'] })))
    expect(emitted).toEqual([])
    await setImmediate()
    await setImmediate()
    expect(emitted).toEqual([['key', down]])
    expect(cache.getStats().staleServed).toBe(5)
    // During the pause, there is no load that could fail.
    await cache.getOrSet('key', failing, REVALIDATE)
    await setImmediate()
    expect(emitted).toHaveLength(1)
  })

  test('is emitted when a stale value was served, not when every caller received the error', async () => {
    const cache = await staleCache()
    const emitted: unknown[] = []
    cache.on('refresh_failed', (...details) => emitted.push(details))
    const down = new Error('down')
    const failing = (): Promise<never> => Promise.reject(down)
    await expect(cache.getOrSet('key', failing)).rejects.toBe(down)
    await setImmediate()
    expect(emitted).toEqual([])
    expect(await cache.getOrSet('key', failing, IF_ERROR)).toEqual({ list: ['old'] })
    await setImmediate()
    expect(emitted).toEqual([['key', down]])
  })

  test('is not emitted when the new value cannot be stored, but not_stored is', async () => {
    const cache = await staleCache('clone')
    const emitted: unknown[] = []
    cache.on('refresh_failed', (key) => emitted.push('failed', key))
    cache.on('not_stored', (key, error) => emitted.push(key, error.name))
    expect(await cache.getOrSet<unknown>('key', () => () => {}, REVALIDATE)).toEqual({
      list: ['old'],
    })
    await setImmediate()
    expect(emitted).toEqual(['key', 'SerializationError'])
  })
})

test('a refreshed value is fresh and is not counted as stale', async () => {
  const cache = await staleCache()
  expect(await cache.getOrSet<unknown>('key', () => 'new', REVALIDATE)).toEqual({ list: ['old'] })
  await setImmediate()
  expect(await cache.get('key')).toBe('new')
  expect(await cache.getOrSet('key', () => 'newer', REVALIDATE)).toBe('new')
  expect(cache.getStats()).toMatchObject({ staleServed: 1, hits: 2, misses: 2, activeEntries: 1 })
})

describe('stale values are isolated like hits', () => {
  test.each(['freeze', 'clone'] as const)('with %s', async (isolation) => {
    const cache = await staleCache(isolation)
    const failing = (): Promise<{ list: string[] }> => Promise.reject(new Error('down'))
    for (const options of [REVALIDATE, IF_ERROR]) {
      const served = await cache.getOrSet('key', failing, options)
      expect(served).toEqual({ list: ['old'] })
      expect(Object.isFrozen(served.list)).toBe(isolation === 'freeze')
      if (isolation === 'clone') served.list.push('changed')
    }
    expect(cache.snapshot().entries).toMatchObject([{ value: { list: ['old'] } }])
  })

  test('with none, they are the stored object itself', async () => {
    const cache = await staleCache()
    const [stored] = cache.snapshot().entries
    expect(await cache.getOrSet<unknown>('key', () => 'new', REVALIDATE)).toBe(stored?.value)
  })
})

describe('early refresh', () => {
  afterEach(() => void vi.restoreAllMocks())

  test('depends on the duration of the load', async () => {
    // The remaining TTL must be at most 100 ms * -ln(1 - 0.99), about 460.5 ms.
    vi.spyOn(Math, 'random').mockReturnValue(0.99)
    const clock = new ManualClock()
    const cache = new InMemoryCache({ clock })
    const options = { ttl: '1s', earlyRefresh: 1 } as const
    let loads = 0
    const load = (): number => {
      clock.advance(100)
      return ++loads
    }
    expect(await cache.getOrSet('key', load, options)).toBe(1)
    clock.advance(539)
    expect(await cache.getOrSet('key', load, options)).toBe(1)
    await setImmediate()
    expect(loads).toBe(1)
    clock.advance(1)
    // A call without the option does not refresh the value.
    expect(await cache.getOrSet('key', load, { ttl: '1s' })).toBe(1)
    await setImmediate()
    expect(loads).toBe(1)
    expect(await cache.getOrSet('key', load, options)).toBe(1)
    await setImmediate()
    expect(loads).toBe(2)
    expect(await cache.get('key')).toBe(2)
    expect(cache.getStats()).toMatchObject({ staleServed: 0, misses: 1, hits: 4 })
  })

  test('never happens for a value without expiry, or for a value that was set', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON)
    const clock = new ManualClock()
    const cache = new InMemoryCache({ clock })
    const slow = (): string => {
      clock.advance(1e6)
      return 'loaded'
    }
    await cache.getOrSet('endless', slow, { ttl: null, earlyRefresh: 100 })
    await cache.getOrSet('set', slow, { ttl: '1s', earlyRefresh: 100 })
    await cache.set('set', 'written', '1s')
    clock.advance(999)
    const again = (): never => expect.unreachable('it was loaded anew')
    expect(await cache.getOrSet('endless', again, { earlyRefresh: 100 })).toBe('loaded')
    expect(await cache.getOrSet('set', again, { earlyRefresh: 100 })).toBe('written')
  })
})

test('a failed load does not serve a stale value whose tag was invalidated during the load', async () => {
  const { cache, clock } = cacheWithClock()
  await cache.getOrSet('key', () => 'old', { ...IF_ERROR, tags: ['a'] })
  await cache.getOrSet('other', () => 'old', { ...IF_ERROR, tags: ['c'] })
  clock.advance(11)
  const failing = async (): Promise<string> => {
    await setImmediate()
    throw new Error('down')
  }
  const options = { ...IF_ERROR, tags: ['b'] }
  const call = cache.getOrSet('key', failing, options)
  const other = cache.getOrSet('other', failing, options)
  await cache.invalidateTags(['a'])
  await expect(call).rejects.toThrow('down')
  expect(await other).toBe('old')
})
