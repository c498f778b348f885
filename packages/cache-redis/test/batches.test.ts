import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { redisPerTest, sharedRedis } from './set-up.js'

type Entries = (readonly [key: string, value: unknown])[]

const entriesOf = (count: number, prefix = 'new:'): Entries =>
  Array.from({ length: count }, (_, index) => [`${prefix}${index}`, index] as const)

const keysOf = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

describe('a batch on a healthy Redis', () => {
  const at = sharedRedis()

  const withEntries = async (count = 50): Promise<GenericRedisCache> => {
    const cache = await at.openConnected({ l1CacheSize: 10 })
    await cache.setMany(entriesOf(count, 'keep:'))
    return cache
  }

  /** Returns the generation of the prefix in Redis. */
  const generation = async (): Promise<(string | null)[]> => {
    const names = (await at.raw.keys('*')).filter((name) => name.endsWith('generation'))
    return names.length === 0 ? [] : at.raw.mget(names)
  }

  test.each([20_000, 21_000])(
    'setMany stores all of %i entries and keeps the others',
    async (count) => {
      const cache = await withEntries()
      await cache.setMany(entriesOf(count))
      expect(await at.keysOfCallers()).toHaveLength(count + 50)
      expect(await cache.get('keep:7')).toBe(7)
      expect(cache.getStats().redis).toMatchObject({ errors: {}, unconfirmedDeletes: 0 })
      await sleep(500)
      expect(await at.keysOfCallers()).toHaveLength(count + 50)
    },
  )

  test.each([20_000, 21_000])(
    'deleteMany of %i absent keys removes nothing else',
    async (count) => {
      const cache = await withEntries()
      expect(await cache.deleteMany(keysOf(count, 'gone:'))).toBe(0)
      await sleep(500)
      expect(await at.keysOfCallers()).toHaveLength(50)
      expect(await cache.get('keep:7')).toBe(7)
      expect(cache.getStats().redis).toMatchObject({ errors: {}, unconfirmedDeletes: 0 })
    },
  )

  test('deleteMany removes all of 20,000 entries and counts a key that is named twice once', async () => {
    const cache = await withEntries()
    await cache.setMany(entriesOf(20_000))
    const keys = keysOf(20_000, 'new:')
    expect(await cache.deleteMany([...keys, 'new:0', 'new:19999'])).toBe(20_000)
    expect(await at.keysOfCallers()).toHaveLength(50)
  })

  test('getMany returns all of 20,000 entries in the order of the keys', async () => {
    const cache = await withEntries()
    const entries = entriesOf(20_000)
    await cache.setMany(entries)
    const found = await cache.getMany([...keysOf(20_000, 'new:'), 'absent', 'new:3'])
    expect(found).toEqual(new Map(entries))
    expect(cache.getStats()).toMatchObject({ hits: 20_000, misses: 1 })
  })

  test('of 25,000 concurrent sets only those that cannot be sent fail', async () => {
    // A busy machine takes longer than the default for as many commands as can be sent at once.
    const cache = await at.openConnected({ l1CacheSize: 10, commandTimeout: 10_000 })
    await cache.setMany(entriesOf(500, 'keep:'))
    const codes = new Set<string>()
    cache.on('backend_error', ({ code }) => codes.add(code))
    const before = await generation()
    await Promise.all(entriesOf(25_000).map(([key, value]) => cache.set(key, value)))
    const { changes } = cache.getStats().redis
    expect(changes.ok - 500 + changes.failed).toBe(25_000)
    expect(changes.failed).toBeLessThan(25_000)
    expect(changes.indeterminate).toBe(0)
    expect([...codes].filter((code) => code !== 'BACKEND_OVERLOADED')).toEqual([])
    await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0), 10_000)
    const other = await at.openConnected({ enableL1Cache: false, commandTimeout: 5_000 })
    expect((await other.getMany(keysOf(500, 'keep:'))).size).toBe(500)
    const stored = await other.getMany(keysOf(25_000, 'new:'))
    expect(stored.size).toBe(25_000 - changes.failed)
    expect(await generation()).toEqual(before)
    expect(before.length).toBeGreaterThan(0)
  })

  test('of 25,000 concurrent sets none that fails takes an earlier key along', async () => {
    const cache = await withEntries(500)
    const before = await generation()
    const startedAt = performance.now()
    await Promise.all(entriesOf(25_000).map(([key, value]) => cache.set(key, value)))
    expect(performance.now() - startedAt).toBeLessThan(15_000)
    const { changes } = cache.getStats().redis
    expect(changes.ok - 500 + changes.failed + changes.indeterminate).toBe(25_000)
    await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0), 15_000)
    const other = await at.openConnected({ enableL1Cache: false, commandTimeout: 5_000 })
    expect((await other.getMany(keysOf(500, 'keep:'))).size).toBe(500)
    expect(await generation()).toEqual(before)
  }, 30_000)

  test('12,000 concurrent deletes of absent keys remove nothing else', async () => {
    const cache = await withEntries()
    await Promise.all(keysOf(12_000, 'gone:').map((key) => cache.delete(key)))
    await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0), 10_000)
    expect(await at.keysOfCallers()).toHaveLength(50)
  })

  test('several large batches at once store everything', async () => {
    const cache = await withEntries()
    await Promise.all(
      keysOf(4, 'batch:').map((prefix) => cache.setMany(entriesOf(5_000, `${prefix}:`))),
    )
    expect(await at.keysOfCallers()).toHaveLength(20_050)
    expect(cache.getStats().redis.errors).toEqual({})
  })

  describe('with one invalid entry among 3,000', () => {
    const replaced = (entry: unknown): Entries => {
      const entries = entriesOf(3_000)
      entries[2_500] = entry as Entries[number]
      return entries
    }
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    class Point {
      readonly x = 1
    }

    test.each<[string, unknown]>([
      ['a function inside a value', ['bad', { run: () => 1 }]],
      ['a symbol inside a value', ['bad', [Symbol('s')]]],
      ['an instance of a class', ['bad', new Point()]],
      ['a circular value', ['bad', circular]],
      ['undefined', ['bad', undefined]],
      ['an empty key', ['', 1]],
      ['a key that is not well formed', ['\ud800', 1]],
      ['a key that is too long', ['k'.repeat(1_025), 1]],
      ['a number for a key', [5, 1]],
      ['a pair that is a string', 'ab'],
      ['a pair of one', ['bad']],
      ['null', null],
    ])('stores nothing: %s', async (_, entry) => {
      const cache = await withEntries()
      await expect(cache.setMany(replaced(entry))).rejects.toMatchObject({
        name: expect.stringMatching(/ValidationError|SerializationError/),
      })
      const generator = function* (): Generator<Entries[number]> {
        yield* replaced(entry)
      }
      await expect(cache.setMany(generator())).rejects.toThrow()
      await sleep(50)
      expect(await at.keysOfCallers()).toHaveLength(50)
      expect(await cache.get('new:0')).toBeUndefined()
    })

    test('stores nothing when the generator throws', async () => {
      const cache = await withEntries()
      const generator = function* (): Generator<Entries[number]> {
        yield* entriesOf(3_000)
        throw new Error('the source failed')
      }
      await expect(cache.setMany(generator())).rejects.toThrow('the source failed')
      expect(await at.keysOfCallers()).toHaveLength(50)
    })

    test('stores nothing when a tag or the TTL is invalid', async () => {
      const cache = await withEntries()
      await expect(cache.setMany(entriesOf(3_000), { tags: [''] })).rejects.toThrow()
      await expect(cache.setMany(entriesOf(3_000), 0)).rejects.toThrow()
      expect(await at.keysOfCallers()).toHaveLength(50)
    })

    test.each([10, 3_000])(
      'stores nothing when one of %i values is larger than maxValueBytes',
      async (count) => {
        const cache = await at.openConnected({
          maxValueBytes: 1_024,
          compressionThreshold: 1_048_576,
        })
        const entries = entriesOf(count)
        entries[count - 1] = ['large', 'x'.repeat(5_000)]
        await expect(cache.setMany(entries)).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' })
        await sleep(50)
        expect(await at.keysOfCallers()).toEqual([])
      },
    )

    test('deleteMany removes nothing and getMany reads nothing', async () => {
      const cache = await withEntries()
      const keys = [...keysOf(3_000, 'keep:'), '']
      await expect(cache.deleteMany(keys)).rejects.toMatchObject({ name: 'ValidationError' })
      await expect(cache.getMany(keys)).rejects.toMatchObject({ name: 'ValidationError' })
      expect(await at.keysOfCallers()).toHaveLength(50)
    })
  })

  test.each([[undefined], [{ tags: ['group'] }]])(
    'stores the later value of a key that is named twice, also in another chunk (options %o)',
    async (options) => {
      const cache = await withEntries()
      const other = await at.openConnected({ enableL1Cache: false })
      for (const count of [2, 100, 600, 3_000]) {
        const entries = entriesOf(count, 'twice:')
        const last = entries.length - 1
        entries[last] = ['twice:0', 'later']
        entries.unshift(['twice:0', 'earliest'])
        await cache.setMany(entries, options)
        expect(await cache.get('twice:0')).toBe('later')
        expect(await other.get('twice:0')).toBe('later')
        await cache.clear()
      }
    },
  )

  test('a batch that waits for its tags is not sent after a later change of one of its keys', async () => {
    const cache = await withEntries()
    const other = await at.openConnected({ enableL1Cache: false })
    for (let turns = 20; turns < 60; turns++) {
      const batch = cache.setMany(
        [
          ['single', 'batch'],
          ['neighbour', 'batch'],
        ],
        { tags: ['group'] },
      )
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      const change = turns % 2 === 0 ? cache.set('single', 'later') : cache.delete('single')
      await Promise.all([batch, change])
      const expected = turns % 2 === 0 ? 'later' : undefined
      expect(await other.get('single')).toBe(expected)
      expect(await cache.get('single')).toBe(expected)
      expect(await other.get('neighbour')).toBe('batch')
    }
  })

  test('stores the later value although the earlier one takes longer to encode', async () => {
    const cache = await withEntries()
    const other = await at.openConnected({ enableL1Cache: false, commandTimeout: 5_000 })
    const entries: Entries = [['twice', 'x'.repeat(3_000_000)], ...entriesOf(2_000)]
    entries.push(['twice', 'later'])
    await cache.setMany(entries, { tags: ['group'] })
    expect(await cache.get('twice')).toBe('later')
    expect(await other.get('twice')).toBe('later')
  })

  test('stores huge values among small ones', async () => {
    const cache = await withEntries()
    const huge = 'y'.repeat(6_000_000)
    const entries = entriesOf(1_500)
    for (const index of [0, 700, 1_499]) entries[index] = [`huge:${index}`, `${huge}${index}`]
    await cache.setMany(entries)
    expect(cache.getStats().redis.errors).toEqual({})
    const other = await at.openConnected({ enableL1Cache: false, commandTimeout: 5_000 })
    const found = await other.getMany(entries.map(([key]) => key))
    expect(found.size).toBe(1_500)
    expect(found.get('huge:700')).toBe(`${huge}700`)
  })

  test('stores incompressible values of 1 MB', async () => {
    const { randomBytes } = await import('node:crypto')
    const cache = await withEntries()
    const entries = keysOf(40, 'huge:').map((key) => [key, randomBytes(1_000_000)] as const)
    await cache.setMany(entries)
    expect(cache.getStats().redis.errors).toEqual({})
    for (const [key, value] of entries)
      expect(await at.raw.strlen(`cache:${key}`)).toBeGreaterThan(value.length)
  })

  test('an empty batch sends nothing', async () => {
    const cache = await withEntries()
    const before = cache.getStats().redis.changes
    await cache.setMany([])
    await cache.setMany(new Map())
    await cache.setMany((function* (): Generator<Entries[number]> {})())
    expect(await cache.deleteMany([])).toBe(0)
    expect(await cache.getMany([])).toEqual(new Map())
    expect(cache.getStats().redis.changes).toEqual(before)
  })

  test.each([10, 2_500])('setMany of %i entries applies tags and TTL to each', async (count) => {
    const cache = await withEntries()
    const other = await at.openConnected()
    await cache.setMany(entriesOf(count), { ttl: '90s', tags: ['group', 'second'] })
    for (const key of ['new:0', `new:${count - 1}`]) {
      expect(await cache.getTtl(key)).toBeGreaterThan(60)
      expect(await cache.getTtl(key)).toBeLessThanOrEqual(90)
    }
    expect((await other.getMany(keysOf(count, 'new:'))).size).toBe(count)
    await cache.invalidateTags(['group'])
    expect((await cache.getMany(keysOf(count, 'new:'))).size).toBe(0)
    expect((await other.getMany(keysOf(count, 'new:'))).size).toBe(0)
    expect(await cache.get('keep:1')).toBe(1)
  })

  test('getMany returns no value that expired while later chunks were read', async () => {
    const cache = await at.openConnected({ enableL1Cache: false, commandTimeout: 5_000 })
    await cache.setMany(entriesOf(40_000, 'later:'))
    await cache.set('short', 'value', '700ms')
    const until = performance.now() + 700
    const keys = ['short', ...keysOf(40_000, 'later:')]
    let reads = 0
    while (performance.now() < until + 100) {
      const found = await cache.getMany(keys)
      const isExpired = performance.now() > until + 5
      expect(isExpired && found.has('short')).toBe(false)
      expect(found.size).toBeGreaterThanOrEqual(40_000)
      reads++
    }
    expect(reads).toBeGreaterThan(0)
  })
})

describe('a batch while Redis is frozen', () => {
  const at = redisPerTest()

  test('returns, and loses nothing of other keys', async () => {
    const cache = await at.openConnected()
    await cache.setMany(entriesOf(500, 'keep:'))
    await cache.setMany(entriesOf(100, 'old:'))
    at.redis.pause()
    const startedAt = performance.now()
    await Promise.all([
      cache.setMany(entriesOf(5_000)),
      cache.deleteMany(keysOf(5_000, 'gone:')),
      cache.deleteMany(keysOf(50, 'old:')),
      cache.getMany(keysOf(5_000, 'other:')),
    ])
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    at.redis.resume()
    await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0), 10_000)
    const other = await at.openConnected({ enableL1Cache: false, commandTimeout: 5_000 })
    expect((await other.getMany(keysOf(500, 'keep:'))).size).toBe(500)
    expect((await other.getMany(keysOf(100, 'old:'))).size).toBe(50)
    const stored = await other.getMany(keysOf(5_000, 'new:'))
    for (const [key, value] of stored) expect(key).toBe(`new:${String(value)}`)
  })

  test('that freezes in the middle returns, and loses nothing of other keys', async () => {
    const cache = await at.openConnected()
    await cache.setMany(entriesOf(500, 'keep:'))
    const batch = cache.setMany(entriesOf(30_000))
    await vi.waitFor(async () => expect(await at.raw.dbsize()).toBeGreaterThan(1_000), {
      timeout: 10_000,
      interval: 1,
    })
    at.redis.pause()
    const startedAt = performance.now()
    await batch
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    at.redis.resume()
    await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0), 20_000)
    const other = await at.openConnected({ enableL1Cache: false, commandTimeout: 5_000 })
    expect((await other.getMany(keysOf(500, 'keep:'))).size).toBe(500)
    const stored = await other.getMany(keysOf(30_000, 'new:'))
    expect(stored.size).toBeGreaterThan(0)
    for (const [key, value] of stored) expect(key).toBe(`new:${String(value)}`)
  }, 30_000)

  test('of one invalid entry among 3,000 stores nothing in memory either', async () => {
    const cache = await at.openConnected()
    await at.redis.stop('SIGKILL')
    await vi.waitFor(() => expect(cache.getStats().mode).toBe('memory_only'), 5_000)
    await expect(cache.setMany([...entriesOf(3_000), ['bad', () => 1]])).rejects.toThrow()
    await expect(cache.setMany([...entriesOf(20), ['bad', () => 1]])).rejects.toThrow()
    expect(cache.getStats().memory?.totalEntries).toBe(0)
    await at.redis.restart()
  })
})
