import { ManualClock } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { InMemoryCache, type InMemoryCacheSnapshot } from '../src/index.js'
import { cacheWithClock, countingText, fill } from './cache-with-clock.js'

const TAKEN_AT = Date.UTC(2026, 5, 1)

/** Creates a cache whose `now` differs from the clocks of all earlier caches. */
function cacheAt(date: number, options: object = {}): { cache: InMemoryCache; clock: ManualClock } {
  const clock = new ManualClock(date - 12_345)
  clock.advance(12_345)
  return { cache: new InMemoryCache({ clock, ...options }), clock }
}

const throughJson = (snapshot: InMemoryCacheSnapshot): InMemoryCacheSnapshot =>
  JSON.parse(JSON.stringify(snapshot)) as InMemoryCacheSnapshot

async function snapshotOf(
  store: (cache: InMemoryCache) => Promise<unknown>,
): Promise<InMemoryCacheSnapshot> {
  const { cache } = cacheAt(TAKEN_AT)
  await store(cache)
  return throughJson(cache.snapshot())
}

describe('a snapshot', () => {
  test('contains the entries as plain data, least recently used first', async () => {
    const { cache, clock } = cacheAt(TAKEN_AT)
    await cache.set('endless', [null, { a: 1 }], null)
    await cache.set('tagged', 'text', { ttl: '1s', tags: ['b', 'a'] })
    await cache.getOrSet('stale', () => 1, { ttl: '100ms', staleIfError: '1s', tags: ['c'] })
    await cache.set('dead', 1, '100ms')
    await cache.set('invalidated', 1, { tags: ['gone'] })
    await cache.get('endless')
    clock.advance(250)
    await cache.invalidateTags(['gone'])
    const snapshot = cache.snapshot()
    expect(snapshot).toEqual({
      format: 1,
      takenAt: TAKEN_AT + 250,
      entries: [
        { key: 'tagged', value: 'text', leftMs: 750, tags: ['b', 'a'] },
        { key: 'stale', value: 1, leftMs: -150, graceMs: 1_000, tags: ['c'] },
        { key: 'endless', value: [null, { a: 1 }], leftMs: null },
      ],
    })
    expect(throughJson(snapshot)).toEqual(snapshot)
  })

  test('changes neither the order of use nor any count', async () => {
    const { cache } = cacheWithClock()
    await fill(cache, 'abc')
    const before = cache.getStats()
    cache.snapshot()
    expect(cache.getStats()).toEqual(before)
    expect(cache.getKeys()).toEqual(['c', 'b', 'a'])
  })

  test.each(['freeze', 'clone'] as const)(
    "with isolation '%s' is as safe as a hit",
    async (isolation) => {
      const { cache } = cacheWithClock({ isolation })
      const value = { list: [1] }
      await cache.set('key', value)
      const taken = cache.snapshot().entries[0]?.value as typeof value
      expect(taken).not.toBe(value)
      expect(Object.isFrozen(taken.list)).toBe(isolation === 'freeze')
      if (isolation === 'clone') taken.list.push(2)

      const { cache: other } = cacheWithClock({ isolation })
      const snapshot = { ...cache.snapshot(), entries: [{ key: 'key', value, leftMs: null }] }
      other.restore(snapshot)
      value.list.push(3)
      expect([await cache.get('key'), await other.get('key')]).toEqual([
        { list: [1] },
        { list: [1] },
      ])
    },
  )

  test('of an empty cache restores nothing', () => {
    const { cache } = cacheWithClock()
    expect(cache.restore(cache.snapshot())).toBe(0)
    expect(cache.size()).toBe(0)
  })
})

describe('a restored cache', () => {
  test('returns the same values in the same order of use', async () => {
    const values = { a: 1, b: 'text', c: null, d: [1, { e: '😀' }], f: false }
    const snapshot = await snapshotOf(async (cache) => {
      await cache.setMany(Object.entries<unknown>(values))
      await cache.get('b')
    })
    const { cache } = cacheAt(TAKEN_AT)
    expect(cache.restore(snapshot)).toBe(5)
    expect(cache.getKeys()).toEqual(['b', 'f', 'd', 'c', 'a'])
    expect(Object.fromEntries(cache)).toEqual(values)
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 0, expirations: 0 })
    expect(throughJson(cache.snapshot())).toEqual(snapshot)
  })

  test('counts TTLs by the date', async () => {
    const snapshot = await snapshotOf(async (cache) => {
      await cache.set('short', 1, '10s')
      await cache.set('long', 1, '1h')
      await cache.set('endless', 1, null)
    })
    const { cache, clock } = cacheAt(TAKEN_AT + 4_000)
    cache.restore(snapshot)
    const ttls = ['short', 'long', 'endless'].map((key) => cache.getTtl(key))
    expect(await Promise.all(ttls)).toEqual([6, 3_596, null])
    clock.advance(6_000)
    expect(cache.size()).toBe(3)
    clock.advance(1)
    expect(cache.getActiveKeys()).toEqual(['endless', 'long'])
    clock.advance(1e12)
    expect(cache.getActiveKeys()).toEqual(['endless'])
  })

  test('does not shorten a TTL when the date went backwards', async () => {
    const snapshot = await snapshotOf((cache) => cache.set('key', 1, '10s'))
    const { cache } = cacheAt(TAKEN_AT - 5_000)
    expect(cache.restore(snapshot)).toBe(1)
    expect(await cache.getTtl('key')).toBe(10)
  })

  test('omits entries that have expired since the snapshot, to the millisecond', async () => {
    const snapshot = await snapshotOf((cache) => cache.set('key', 1, '10s'))
    const { cache: inTime } = cacheAt(TAKEN_AT + 10_000)
    expect([inTime.restore(snapshot), await inTime.getTtl('key')]).toEqual([1, 0])
    const { cache: tooLate } = cacheAt(TAKEN_AT + 10_001)
    expect([tooLate.restore(snapshot), tooLate.getKeys()]).toEqual([0, []])
    expect(tooLate.getStats().expirations).toBe(0)
  })

  test('retains stale values for the rest of their grace period', async () => {
    const options = { ttl: '1s', staleIfError: '5s' } as const
    const snapshot = await snapshotOf((cache) => cache.getOrSet('key', () => 'old', options))
    const { cache, clock } = cacheAt(TAKEN_AT + 3_000)
    expect(cache.restore(snapshot)).toBe(1)
    expect(cache.size()).toBe(0)
    expect(cache.snapshot().entries).toMatchObject([{ value: 'old', leftMs: -2_000 }])
    const failing = (): Promise<string> => Promise.reject(new Error('down'))
    expect(await cache.getOrSet('key', failing, options)).toBe('old')
    // The same again, through a third cache.
    const { cache: third } = cacheAt(clock.wallTime() + 3_000)
    expect(third.restore(cache.snapshot())).toBe(1)
    expect(third.snapshot().entries).toMatchObject([{ leftMs: -5_000 }])
    const { cache: tooLate } = cacheAt(TAKEN_AT + 6_001)
    expect(tooLate.restore(snapshot)).toBe(0)
  })

  test('has the tags', async () => {
    const snapshot = await snapshotOf(async (cache) => {
      await cache.set('a', 1, { tags: ['x', 'y'] })
      await cache.set('b', 1, { tags: ['y'] })
      await cache.set('c', 1)
    })
    const { cache } = cacheAt(TAKEN_AT)
    cache.restore(snapshot)
    await cache.invalidateTags(['x'])
    expect(cache.getActiveKeys()).toEqual(['c', 'b'])
    await cache.invalidateTags(['y'])
    expect(cache.getActiveKeys()).toEqual(['c'])
  })

  test('that is smaller retains the most recently used entries', async () => {
    const snapshot = await snapshotOf(async (cache) => {
      await fill(cache, 'abcdef')
      await cache.get('b')
    })
    const { cache } = cacheAt(TAKEN_AT, { maxSize: 3 })
    cache.restore(snapshot)
    expect(cache.getKeys()).toEqual(['b', 'f', 'e'])
  })

  test('obeys a limit in bytes, and refuses a value that is too large', async () => {
    const snapshot = await snapshotOf(async (cache) => {
      await fill(cache, 'abc')
      await cache.set('large', 'far too large')
      await cache.set('d', 'd')
    })
    const { cache } = cacheAt(TAKEN_AT, { maxBytes: 6, ...countingText })
    expect(cache.restore(snapshot)).toBe(4)
    expect(cache.getKeys()).toEqual(['d', 'c', 'b'])
    expect(cache.getStats()).toMatchObject({ bytes: 6, refusals: 1, evictions: 1 })
  })

  test('does not replace newer entries', async () => {
    const snapshot = await snapshotOf((cache) => fill(cache, 'abcd'))
    const { cache, clock } = cacheAt(TAKEN_AT)
    await cache.set('a', 'newer', '10s')
    await cache.getOrSet('b', () => 'newer', { ttl: '1s', staleIfError: '1h' })
    await cache.set('c', 'newer', { tags: ['tag'] })
    await cache.set('d', 'newer', '1s')
    clock.advance(1_001)
    await cache.invalidateTags(['tag'])
    // A stale entry is newer too, but an expired entry is absent.
    expect(cache.restore(snapshot)).toBe(2)
    expect(await cache.getTtl('a')).toBeCloseTo(8.999)
    expect(cache.snapshot().entries).toContainEqual(
      expect.objectContaining({ key: 'b', value: 'newer' }),
    )
    expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual(
      new Map([
        ['a', 'newer'],
        ['c', 'c'],
        ['d', 'd'],
      ]),
    )
  })

  test('restores nothing from its own snapshot', async () => {
    const { cache } = cacheWithClock()
    await fill(cache, 'abc')
    expect(cache.restore(cache.snapshot())).toBe(0)
    expect(cache.getKeys()).toEqual(['c', 'b', 'a'])
  })
})
