import { describe, expect, test } from 'vitest'
import type { InMemoryCache } from '../src/index.js'
import { cacheWithClock, countingText } from './cache-with-clock.js'

describe('an invalidated entry', () => {
  test('is gone for every way of asking, before anything has dropped it', async () => {
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

  test('is not told or counted as expired or evicted, even when its life has ended since', async () => {
    const { cache, clock } = cacheWithClock()
    const told: string[] = []
    cache.on('expired', (key) => told.push(key))
    cache.on('evicted', (key) => told.push(key))
    for (const key of 'abcd') await cache.set(key, key, { ttl: '10ms', tags: ['tag'] })
    await cache.invalidateTags(['tag'])
    await cache.get('a')
    clock.advance(11)
    await cache.get('b')
    await cache.set('other', 1)
    expect(cache.size()).toBe(1)
    await cache.clear()
    expect(told).toEqual([])
    expect(cache.getStats()).toMatchObject({ expirations: 0, evictions: 0, totalEntries: 0 })
  })

  test('never costs a live one its place', async () => {
    const { cache } = cacheWithClock({ maxSize: 100 })
    for (let index = 0; index < 40; index++) await cache.set(`live ${index}`, index)
    for (let index = 0; index < 60; index++) await cache.set(`tagged ${index}`, 1, { tags: ['t'] })
    await cache.invalidateTags(['t'])
    // The live ones are the least recently used, and 30 writes have not dropped all the dead.
    for (let index = 0; index < 60; index++) {
      await cache.set(`new ${index}`, index)
      expect(cache.getActiveKeys()).toHaveLength(40 + index + 1)
    }
    expect(cache.getStats()).toMatchObject({ evictions: 0, totalEntries: 100 })
    await cache.set('one more', 1)
    expect(cache.getStats().evictions).toBe(1)
    expect(cache.peek('live 0')).toBeUndefined()
  })

  test('is dropped once, whichever of its tags were invalidated', async () => {
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

  test('may be set anew at once, with the same tag, and lives', async () => {
    const { cache } = cacheWithClock()
    for (const key of 'abcdef') await cache.set(key, 'old', { tags: ['tag'] })
    await cache.invalidateTags(['tag'])
    // Some of the dead are dropped by the writes, others are overwritten before that.
    for (const key of 'fa') await cache.set(key, 'new', { tags: ['tag'] })
    expect(cache.getActiveKeys()).toEqual(['a', 'f'])
    expect(cache.size()).toBe(2)
    await cache.invalidateTags(['tag'])
    expect(cache.size()).toBe(0)
  })
})

describe('an entry gives up its tags', () => {
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
    'when it has expired and was dropped': async (cache, advance) => {
      advance(101)
      await cache.get('key')
    },
    'when it has expired and was not dropped yet': (_cache, advance) => advance(101),
    'when a value was refused in its stead': (cache) => cache.set('key', 'x'.repeat(100)),
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

test('a tag named twice is one tag', async () => {
  const { cache } = cacheWithClock()
  await cache.set('a', 1, { tags: ['tag', 'tag'] })
  expect(cache.snapshot().entries[0]?.tags).toEqual(['tag'])
  await cache.delete('a')
  await cache.set('a', 1)
  await cache.invalidateTags(['tag'])
  expect(cache.size()).toBe(1)
})

test('what getOrSet has loaded carries its tags, stale and fresh', async () => {
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
