import { describe, expect, test } from 'vitest'
import type { InMemoryCache } from '../src/index.js'
import { cacheWithClock, countingText } from './cache-with-clock.js'

describe('an invalidated entry', () => {
  test('is absent for every method before it is removed', async () => {
    const { cache } = cacheWithClock()
    for (const key of 'abc') await cache.set(key, key, { tags: [`tag ${key}`] })
    await cache.invalidateTags(['tag b'])
    expect(cache.getKeys()).toEqual(['c', 'b', 'a'])
    expect(cache.getActiveKeys()).toEqual(['c', 'a'])
    expect([...cache]).toEqual([
      ['c', 'c'],
      ['a', 'a'],
    ])
    expect(cache.snapshot().entries.map(({ key }) => key)).toEqual(['a', 'c'])
    expect(cache.getStats()).toMatchObject({ totalEntries: 3, activeEntries: 2 })
    expect(cache.peek('b')).toBeUndefined()
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['a', 'a']]))
    expect(cache.size()).toBe(2)
  })

  test('is neither emitted nor counted as expired or evicted, even after its TTL', async () => {
    const { cache, clock } = cacheWithClock()
    const emitted: string[] = []
    cache.on('expired', (key) => emitted.push(key))
    cache.on('evicted', (key) => emitted.push(key))
    for (const key of 'abcd') await cache.set(key, key, { ttl: '10ms', tags: ['tag'] })
    await cache.invalidateTags(['tag'])
    await cache.get('a')
    clock.advance(11)
    await cache.get('b')
    await cache.set('other', 1)
    expect(cache.size()).toBe(1)
    await cache.clear()
    expect(emitted).toEqual([])
    expect(cache.getStats()).toMatchObject({ expirations: 0, evictions: 0, totalEntries: 0 })
  })

  test('never causes the eviction of a fresh one', async () => {
    const { cache } = cacheWithClock({ maxSize: 100 })
    for (let index = 0; index < 40; index++) await cache.set(`live ${index}`, index)
    for (let index = 0; index < 60; index++) await cache.set(`tagged ${index}`, 1, { tags: ['t'] })
    await cache.invalidateTags(['t'])
    // The fresh entries are the least recently used, and 30 writes have not removed all expired ones.
    for (let index = 0; index < 60; index++) {
      await cache.set(`new ${index}`, index)
      expect(cache.getActiveKeys()).toHaveLength(40 + index + 1)
    }
    expect(cache.getStats()).toMatchObject({ evictions: 0, totalEntries: 100 })
    await cache.set('one more', 1)
    expect(cache.getStats().evictions).toBe(1)
    expect(cache.peek('live 0')).toBeUndefined()
  })

  test('is removed once, for any combination of invalidated tags', async () => {
    const { cache } = cacheWithClock()
    const tagsOf = { a: ['x'], b: ['x', 'y'], c: ['y', 'z', 'x'], d: ['z'], e: ['w'] }
    for (const [key, tags] of Object.entries(tagsOf)) await cache.set(key, key, { tags })
    await cache.invalidateTags(['y', 'y', 'unknown'])
    await cache.invalidateTags(['x', 'y'])
    expect(cache.getActiveKeys()).toEqual(['e', 'd'])
    expect(cache.size()).toBe(2)
    expect(cache.getKeys()).toEqual(['e', 'd'])
    await cache.invalidateTags(['z'])
    expect(cache.getActiveKeys()).toEqual(['e'])
  })

  test('can be set again at once with the same tag', async () => {
    const { cache } = cacheWithClock()
    for (const key of 'abcdef') await cache.set(key, 'old', { tags: ['tag'] })
    await cache.invalidateTags(['tag'])
    // The writes remove some expired entries, and overwrite others first.
    for (const key of 'fa') await cache.set(key, 'new', { tags: ['tag'] })
    expect(cache.getActiveKeys()).toEqual(['a', 'f'])
    expect(cache.size()).toBe(2)
    await cache.invalidateTags(['tag'])
    expect(cache.size()).toBe(0)
  })
})

describe('an entry loses its tags', () => {
  const WAYS: Readonly<
    Record<string, (cache: InMemoryCache, advance: (milliseconds: number) => void) => unknown>
  > = {
    'when it is overwritten': (cache) => cache.set('key', 'other'),
    'when it is overwritten with other tags': (cache) => cache.set('key', 1, { tags: ['new'] }),
    'when it is overwritten by a batch': (cache) => cache.setMany([['key', 'other']]),
    'when it is deleted': (cache) => cache.delete('key'),
    'when a pattern matches it': (cache) => cache.invalidatePattern('k*'),
    'when the cache is cleared': (cache) => cache.clear(),
    'when it is evicted': async (cache) => {
      for (const key of 'abcd') await cache.set(key, 1)
    },
    'when it has expired and was removed': async (cache, advance) => {
      advance(101)
      await cache.get('key')
    },
    'when it has expired and is not removed yet': (_cache, advance) => advance(101),
    'when a larger value was refused': (cache) => cache.set('key', 'x'.repeat(100)),
  }

  test.each(Object.entries(WAYS))('%s', async (_name, leave) => {
    const { cache, clock } = cacheWithClock({ maxSize: 4, maxBytes: 100, ...countingText })
    await cache.set('key', 'first', { ttl: '100ms', tags: ['old', 'older'] })
    await leave(cache, (milliseconds) => clock.advance(milliseconds))
    await cache.set('key', 'second')
    await cache.invalidateTags(['old', 'older', 'new'])
    expect(await cache.get('key')).toBe('second')
  })
})

test('a tag that occurs twice is one tag', async () => {
  const { cache } = cacheWithClock()
  await cache.set('a', 1, { tags: ['tag', 'tag'] })
  expect(cache.snapshot().entries[0]?.tags).toEqual(['tag'])
  await cache.delete('a')
  await cache.set('a', 1)
  await cache.invalidateTags(['tag'])
  expect(cache.size()).toBe(1)
})

test('a value loaded by getOrSet has its tags, both fresh and stale', async () => {
  const { cache, clock } = cacheWithClock()
  const options = { ttl: '10ms', staleWhileRevalidate: '1h', tags: ['user:1'] } as const
  for (const age of [0, 11]) {
    await cache.getOrSet('key', () => 'before', options)
    clock.advance(age)
    await cache.invalidateTags(['user:1'])
    expect(await cache.getOrSet('key', () => `after ${age}`, options)).toBe(`after ${age}`)
    await cache.clear()
  }
})
