import { setImmediate } from 'node:timers/promises'
import { ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import type { InMemoryCache } from '../src/index.js'
import { cacheWithClock, countingText, fill } from './cache-with-clock.js'

type Entry = readonly [key: string, value: unknown]

const BAD_KEYS: readonly unknown[] = ['', 42, null, undefined, ['a'], '\ud800', 'k'.repeat(1_025)]

/** Returns the entries, TTLs, figures of a cache. A rejected batch must not change them. */
async function everythingIn(cache: InMemoryCache): Promise<unknown> {
  const ttls = cache.getKeys().map((key) => cache.getTtl(key))
  return { entries: [...cache], ttls: await Promise.all(ttls), stats: cache.getStats() }
}

describe('setMany', () => {
  const BAD_BATCHES: readonly [name: string, batch: readonly unknown[], code: string][] = [
    ...BAD_KEYS.map((key, index) => {
      return [
        `a bad key (${index})`,
        [
          ['b', 1],
          [key, 1],
        ],
        'INVALID_KEY',
      ] as const
    }).map(([name, batch, code]): [string, readonly unknown[], string] => [name, batch, code]),
    [
      'a value that is undefined',
      [
        ['b', 1],
        ['c', undefined],
      ],
      'INVALID_VALUE',
    ],
    ['a key without a value', [['b', 1], ['c']], 'INVALID_ARGUMENT'],
    [
      'a value that has no copy',
      [
        ['b', 1],
        ['c', () => {}],
      ],
      'NOT_CLONEABLE',
    ],
  ]

  test.each(BAD_BATCHES)(
    'setMany stores nothing for a batch with %s',
    async (_name, batch, code) => {
      const { cache } = cacheWithClock({ isolation: 'clone' })
      await fill(cache, 'ab')
      const before = await everythingIn(cache)
      await expect(cache.setMany(batch as Entry[])).rejects.toMatchObject({ code })
      await expect(cache.setMany(batch.toReversed() as Entry[])).rejects.toMatchObject({ code })
      expect(await everythingIn(cache)).toEqual(before)
    },
  )

  test.each<[name: string, ttl: unknown, code: string]>([
    ['a bad TTL', 0, 'INVALID_TTL'],
    ['a bad TTL in options', { ttl: 'soon' }, 'INVALID_TTL'],
    ['a bad tag', { tags: ['a', ''] }, 'INVALID_TAGS'],
    ['no list of tags', { tags: 'a' }, 'INVALID_TAGS'],
  ])('setMany stores nothing and does not read the batch for %s', async (_name, ttl, code) => {
    const { cache } = cacheWithClock()
    const unread = {
      [Symbol.iterator]: (): never => expect.unreachable('the entries were read'),
    }
    await expect(cache.setMany(unread, ttl as number)).rejects.toMatchObject({ code })
    expect(cache.getKeys()).toEqual([])
  })

  test.each([[{ a: 1 }], [undefined], [null], [5], [[undefined]], [[null]]])(
    'refuses %j, which holds no entries',
    async (entries) => {
      const { cache } = cacheWithClock()
      await expect(cache.setMany(entries as unknown as Entry[])).rejects.toThrow(ValidationError)
      expect(cache.getKeys()).toEqual([])
    },
  )

  test('setMany reads the whole iterable once before it stores anything', async () => {
    const { cache } = cacheWithClock()
    const heldMeanwhile: string[][] = []
    const entries = function* (): Iterable<Entry> {
      for (const key of 'abc') {
        heldMeanwhile.push(cache.getKeys())
        yield [key, key]
      }
    }
    const reading = entries()
    await cache.setMany(reading)
    expect(heldMeanwhile).toEqual([[], [], []])
    expect([...reading]).toEqual([])
    expect(cache.getKeys()).toEqual(['c', 'b', 'a'])
  })

  test('setMany stores nothing if the iterable throws in the middle', async () => {
    const { cache } = cacheWithClock()
    const failure = new Error('the source is down')
    const entries = function* (): Iterable<Entry> {
      yield ['a', 1]
      throw failure
    }
    await expect(cache.setMany(entries())).rejects.toBe(failure)
    expect(cache.getKeys()).toEqual([])
  })

  test('setMany stores the last value of a key that occurs twice, without an eviction', async () => {
    const { cache } = cacheWithClock({ maxSize: 2, maxBytes: 100, ...countingText })
    const entries: Entry[] = [
      ['a', 'first'],
      ['b', 'other'],
      ['a', 'second'],
    ]
    await cache.setMany(entries, { tags: ['tag'] })
    expect([...cache]).toEqual([
      ['a', 'second'],
      ['b', 'other'],
    ])
    expect(cache.getStats()).toMatchObject({ evictions: 0, totalEntries: 2, bytes: 13 })
    await cache.invalidateTags(['tag'])
    expect(cache.size()).toBe(0)
  })

  test('setMany retains the last entries of a batch larger than the cache', async () => {
    const { cache } = cacheWithClock({ maxSize: 3 })
    await cache.setMany(Array.from('abcdefg', (key): Entry => [key, 1]))
    expect(cache.getKeys()).toEqual(['g', 'f', 'e'])
  })

  test('setMany fences the loads in flight for all of its keys', async () => {
    const { cache } = cacheWithClock()
    const loads = ['a', 'b'].map((key) => cache.getOrSet(key, () => setImmediate('loaded')))
    await cache.setMany([
      ['a', 'written'],
      ['b', 'written'],
    ])
    expect(await Promise.all(loads)).toEqual(['loaded', 'loaded'])
    expect([...cache].map(([, value]) => value)).toEqual(['written', 'written'])
  })
})

describe.each(['getMany', 'deleteMany'] as const)('%s', (method) => {
  test.each(BAD_KEYS.map((key, index) => [index, key]))(
    'with a bad key (%d) does nothing',
    async (_index, key) => {
      const { cache } = cacheWithClock()
      await fill(cache, 'abc')
      const before = await everythingIn(cache)
      const keys = ['a', key, 'b'] as string[]
      await expect(cache[method](keys)).rejects.toMatchObject({ code: 'INVALID_KEY' })
      expect(await everythingIn(cache)).toEqual(before)
    },
  )
})

test('getMany returns entries in the order of the keys, and counts a key that occurs twice as two reads', async () => {
  const { cache } = cacheWithClock()
  await fill(cache, 'abc')
  const found = await cache.getMany(['c', 'absent', 'a', 'c'])
  expect([...found]).toEqual([
    ['c', 'c'],
    ['a', 'a'],
  ])
  expect(cache.getStats()).toMatchObject({ hits: 3, misses: 1 })
})

test('deleteMany counts a key that occurs twice once, and expired entries not at all', async () => {
  const { cache, clock } = cacheWithClock()
  await cache.set('dead', 1, '10ms')
  clock.advance(11)
  await fill(cache, 'ab')
  expect(await cache.deleteMany(['b', 'dead', 'b', 'absent'])).toBe(1)
  expect(cache.getKeys()).toEqual(['a'])
  expect(cache.getStats().expirations).toBe(1)
})
