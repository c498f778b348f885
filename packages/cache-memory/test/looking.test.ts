import { describe, expect, test } from 'vitest'
import { cacheWithClock, fill } from './cache-with-clock.js'

describe('peek', () => {
  test('peek returns a value without counting as use or as a read', async () => {
    const { cache } = cacheWithClock({ maxSize: 3 })
    await fill(cache, 'abc')
    expect(cache.peek('a')).toBe('a')
    expect(cache.peek('absent')).toBeUndefined()
    expect(cache.getKeys()).toEqual(['c', 'b', 'a'])
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 0 })
    await cache.set('d', 1)
    expect(cache.peek('a')).toBeUndefined()
  })

  test.each([0, null, false, ''])('peek returns %j as a value', async (value) => {
    const { cache } = cacheWithClock()
    await cache.set('key', value)
    expect(cache.peek('key')).toBe(value)
  })

  test('peek removes and counts an expired entry', async () => {
    const { cache, clock } = cacheWithClock()
    await cache.set('key', 1, '10ms')
    clock.advance(10)
    expect(cache.peek('key')).toBe(1)
    clock.advance(1)
    expect(cache.peek('key')).toBeUndefined()
    expect(cache.getStats()).toMatchObject({ expirations: 1, totalEntries: 0 })
  })

  test('peek throws for a bad key', () => {
    const { cache } = cacheWithClock()
    for (const key of ['', 42, undefined]) {
      expect(() => cache.peek(key as string)).toThrow(
        expect.objectContaining({ code: 'INVALID_KEY' }),
      )
    }
  })

  test.each(['freeze', 'clone'] as const)(
    "peek is as safe as get with isolation '%s'",
    async (isolation) => {
      const { cache } = cacheWithClock({ isolation })
      const value = { list: [1] }
      await cache.set('key', value)
      const seen = [cache.peek<typeof value>('key'), ...[...cache].map(([, entry]) => entry)]
      for (const one of seen as (typeof value)[]) {
        expect(one).toEqual(value)
        expect(one).not.toBe(value)
        expect(Object.isFrozen(one.list)).toBe(isolation === 'freeze')
        if (isolation === 'clone') one.list.push(2)
      }
      expect(await cache.get('key')).toEqual({ list: [1] })
    },
  )
})

describe('iterating over a cache', () => {
  test('yields the fresh entries, most recently used first, without using them', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 5 })
    await cache.set('short', 1, '10ms')
    await fill(cache, 'ab')
    await cache.set('tagged', 1, { tags: ['tag'] })
    await cache.set('null', null)
    await cache.get('a')
    clock.advance(11)
    await cache.invalidateTags(['tag'])
    expect([...cache]).toEqual([
      ['a', 'a'],
      ['null', null],
      ['b', 'b'],
    ])
    expect(cache.getActiveKeys()).toEqual(['a', 'null', 'b'])
    expect(cache.getStats()).toMatchObject({ hits: 1, misses: 0 })
  })

  test('omits entries that are removed or added during the iteration', async () => {
    const { cache, clock } = cacheWithClock()
    await cache.set('short', 1, '10ms')
    await fill(cache, 'abcd')
    const seen: unknown[] = []
    for (const [key, value] of cache) {
      seen.push(key, value)
      if (key !== 'd') continue
      await cache.delete('c')
      await cache.set('new', 1)
      await cache.set('b', 'changed')
      clock.advance(11)
    }
    expect(seen).toEqual(['d', 'd', 'b', 'changed', 'a', 'a'])
  })

  test('can be stopped and started again', async () => {
    const { cache } = cacheWithClock()
    await fill(cache, 'abc')
    for (const [key] of cache) if (key === 'b') break
    expect(new Map(cache)).toEqual(new Map(Array.from('cba', (key) => [key, key])))
  })
})
