import { runInNewContext } from 'node:vm'
import { ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import type { InMemoryCache } from '../src/index.js'
import { cacheWithClock } from './cache-with-clock.js'

/** Each value is its own size. The keys of these tests have one byte. */
const counted = { sizeOf: (value: unknown): number => value as number }

const bytesOf = (cache: InMemoryCache): number | null => cache.getStats().bytes

describe('maxBytes', () => {
  test('maxBytes limits the size of keys and values together', async () => {
    const { cache } = cacheWithClock({ maxBytes: 100, ...counted })
    await cache.set('é', 6)
    expect(bytesOf(cache)).toBe(2 + 6)
    await cache.set('key', 10)
    expect(bytesOf(cache)).toBe(8 + 3 + 10)
  })

  test('maxBytes limits the estimated memory of entries without sizeOf', async () => {
    const { cache } = cacheWithClock({ maxBytes: 5_000 })
    for (const key of 'abc') await cache.set(key, 'x'.repeat(2_000))
    expect(cache.getKeys()).toEqual(['c', 'b'])
    expect(bytesOf(cache)).toBeGreaterThan(4_000)
    await cache.set('d', { list: Array.from({ length: 500 }, (_, index) => index) })
    expect(cache.getKeys()).toEqual(['d'])
  })

  test('the entries may occupy exactly maxBytes, but not more', async () => {
    const { cache } = cacheWithClock({ maxBytes: 30, ...counted })
    for (const key of 'abc') await cache.set(key, 9)
    expect(cache.getStats()).toMatchObject({ bytes: 30, evictions: 0 })
    await cache.set('d', 0)
    expect(cache.getKeys()).toEqual(['d', 'c', 'b'])
    expect(cache.getStats()).toMatchObject({ bytes: 21, evictions: 1 })
  })

  test('a write evicts as many of the least recently used entries as necessary', async () => {
    const { cache } = cacheWithClock({ maxBytes: 50, ...counted })
    for (const key of 'abcde') await cache.set(key, 9)
    await cache.get('a')
    await cache.set('f', 28)
    expect(cache.getKeys()).toEqual(['f', 'a', 'e'])
    await cache.set('g', 49)
    expect(cache.getKeys()).toEqual(['g'])
    expect(bytesOf(cache)).toBe(50)
  })

  test('an overwrite counts the difference in size', async () => {
    const { cache } = cacheWithClock({ maxBytes: 30, ...counted })
    for (const key of 'abc') await cache.set(key, 9)
    await cache.set('a', 4)
    expect(bytesOf(cache)).toBe(25)
    await cache.set('a', 9)
    expect(cache.getKeys()).toEqual(['a', 'c', 'b'])
    // The entry that grows is the most recently used, and is evicted last.
    await cache.set('b', 19)
    expect(cache.getKeys()).toEqual(['b', 'a'])
    expect(cache.getStats()).toMatchObject({ bytes: 30, evictions: 1 })
  })

  test('an expired entry never causes the eviction of a fresh one', async () => {
    const { cache, clock } = cacheWithClock({ maxBytes: 1_000, ...counted })
    for (const key of 'abcde') await cache.set(key, 99)
    for (const key of 'vw') await cache.set(key, 99, '10ms')
    for (const key of 'xyz') await cache.set(key, 99, { tags: ['tag'] })
    await cache.invalidateTags(['tag'])
    clock.advance(11)
    await cache.set('f', 499)
    expect(cache.getKeys()).toEqual(['f', 'e', 'd', 'c', 'b', 'a'])
    expect(cache.getStats()).toMatchObject({ bytes: 1_000, evictions: 0, expirations: 2 })
  })

  test('every removed entry frees its bytes', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 4, maxBytes: 1_000, ...counted })
    for (const key of 'abcde') await cache.set(key, 9)
    expect(bytesOf(cache)).toBe(40)
    await cache.delete('b')
    expect(bytesOf(cache)).toBe(30)
    await cache.set('c', 9, '10ms')
    await cache.set('d', 9, { tags: ['tag'] })
    await cache.invalidateTags(['tag'])
    clock.advance(11)
    expect(bytesOf(cache)).toBe(30)
    expect(cache.size()).toBe(1)
    expect(bytesOf(cache)).toBe(10)
    await cache.clear()
    expect(bytesOf(cache)).toBe(0)
    await cache.set('a', 9)
    await cache.close()
    expect(bytesOf(cache)).toBe(0)
  })
})

describe('a value that is too large', () => {
  const limits = [
    { name: 'maxBytes', options: { maxBytes: 10, ...counted } },
    { name: 'maxEntryBytes', options: { maxBytes: 1_000, maxEntryBytes: 10, ...counted } },
    { name: 'maxEntryBytes alone', options: { maxEntryBytes: 10, ...counted } },
    { name: 'the smaller', options: { maxBytes: 10, maxEntryBytes: 1_000, ...counted } },
  ]

  test.each(limits)('is not stored and replaces nothing, by $name', async ({ options }) => {
    const { cache } = cacheWithClock(options)
    const refused: unknown[] = []
    cache.on('refused', (...details) => refused.push(details))
    await cache.set('a', 9)
    expect(await cache.get('a')).toBe(9)
    await cache.set('a', 10)
    expect(cache.getKeys()).toEqual([])
    expect(refused).toEqual([['a', 11]])
    expect(cache.getStats()).toMatchObject({
      refusals: 1,
      evictions: 0,
      expirations: 0,
      bytes: 0,
    })
  })

  test('is returned by getOrSet and loaded again by the next call', async () => {
    const { cache } = cacheWithClock({ maxEntryBytes: 10, ...counted })
    expect(await cache.getOrSet('a', () => 10)).toBe(10)
    expect(await cache.getOrSet('a', () => 11)).toBe(11)
    expect(cache.getStats()).toMatchObject({ refusals: 2, misses: 2, totalEntries: 0 })
  })

  test('does not evict other entries', async () => {
    const { cache } = cacheWithClock({ maxBytes: 10, ...counted })
    await cache.set('a', 9)
    await cache.set('b', 10)
    expect(cache.getKeys()).toEqual(['a'])
  })

  test('does not affect the other entries of its batch', async () => {
    const { cache } = cacheWithClock({ maxBytes: 10, ...counted })
    await cache.setMany([
      ['a', 1],
      ['b', 100],
      ['c', 2],
    ])
    expect(cache.getKeys()).toEqual(['c', 'a'])
    expect(cache.getStats().refusals).toBe(1)
  })
})

describe('sizeOf', () => {
  test('sizeOf is called once for each write, with value and key', async () => {
    const calls: unknown[] = []
    const sizeOf = (...details: unknown[]): number => calls.push(details)
    const { cache } = cacheWithClock({ maxBytes: 1_000, sizeOf })
    const value = { a: 1 }
    await cache.set('key', value)
    await cache.setMany([['other', 1]])
    await cache.getOrSet('loaded', () => 2)
    await cache.get('key')
    expect(calls).toEqual([
      [value, 'key'],
      [1, 'other'],
      [2, 'loaded'],
    ])
    const { cache: unlimited } = cacheWithClock({ sizeOf, maxBytes: Number.POSITIVE_INFINITY })
    await unlimited.set('key', value)
    expect(calls).toHaveLength(3)
  })

  test('sizeOf may return a fraction, which is rounded up', async () => {
    const { cache } = cacheWithClock({ maxBytes: 100, ...counted })
    for (let value = 0.1; value < 3; value += 0.1) await cache.set('a', value)
    expect(bytesOf(cache)).toBe(1 + 3)
    await cache.set('a', Number.MIN_VALUE)
    await cache.set('b', 0)
    expect(bytesOf(cache)).toBe(1 + 1 + 1)
  })

  test.each<[answer: unknown, shown: string]>([
    [Number.NaN, 'NaN'],
    [-1, '-1'],
    [-0.5, '-0.5'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    ['5', 'a string'],
    [5n, 'a bigint'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Promise.resolve(5), 'an object'],
  ])('sizeOf must not return %s', async (answer, shown) => {
    const bad = {}
    const sizeOf = (value: unknown): number => (value === bad ? (answer as number) : 1)
    const { cache } = cacheWithClock({ maxBytes: 100, sizeOf })
    await cache.set('key', 'before')
    const before = cache.getStats()
    const refusal = await cache.set('key', bad).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ValidationError)
    expect(refusal).toMatchObject({
      code: 'INVALID_SIZE',
      message: `the result of sizeOf must be a number of bytes from 0; received ${shown}`,
      context: { argument: 'sizeOf', received: shown },
    })
    const batch: [string, object][] = [
      ['key', {}],
      ['other', bad],
    ]
    await expect(cache.setMany(batch)).rejects.toMatchObject({ code: 'INVALID_SIZE' })
    expect(await cache.getOrSet('new', () => bad)).toBe(bad)
    expect([...cache]).toEqual([['key', 'before']])
    expect(cache.getStats()).toEqual({
      ...before,
      misses: 1,
      hitRate: 0,
      notStored: { INVALID_SIZE: 1 },
    })
  })

  test('an error of sizeOf rejects the write and changes nothing', async () => {
    const failure = new Error('cannot tell')
    const sizeOf = (value: unknown): number => {
      if (value === 'bad') throw failure
      return 1
    }
    const { cache } = cacheWithClock({ maxBytes: 100, sizeOf })
    await cache.set('key', 'before')
    await expect(cache.set('key', 'bad')).rejects.toBe(failure)
    expect(await cache.get('key')).toBe('before')
    expect(bytesOf(cache)).toBe(4)
  })
})

test.each([
  ['an async sizeOf that rejects', () => Promise.reject(new Error('lost'))],
  ['a sizeOf with a promise of another realm', () => runInNewContext('Promise.reject(Error())')],
])('%s is rejected without an unhandled rejection', async (_, rejects) => {
  const sizeOf = rejects as unknown as () => number
  const { cache } = cacheWithClock({ maxBytes: 100, sizeOf })
  await expect(cache.set('key', 1)).rejects.toMatchObject({ code: 'INVALID_SIZE' })
})

describe('a value larger than maxEntryBytes', () => {
  test('is loaded, returned and reported as not stored', async () => {
    const { cache } = cacheWithClock({ maxBytes: 1_000 })
    const large = 'x'.repeat(5_000)
    expect(await cache.getOrSet('key', () => large)).toBe(large)
    expect(await cache.exists('key')).toBe(false)
    expect(cache.getStats().notStored).toEqual({ VALUE_TOO_LARGE: 1 })
  })

  test('add returns false', async () => {
    const { cache } = cacheWithClock({ maxBytes: 1_000 })
    expect(await cache.add('key', 'x'.repeat(5_000))).toBe(false)
    expect(await cache.add('key', 'small')).toBe(true)
  })
})
