import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StorePlan } from '../../src/implement.js'
import type { GetOrSetOptions, Ttl } from '../../src/index.js'
import { RecordingCache } from './recording-cache.js'
import { follow, Source, turn } from './source.js'

describe('the plan for a loaded value', () => {
  test.each<[options: GetOrSetOptions<string>, plan: Partial<StorePlan>]>([
    [{}, { ttlMs: 3_600_000, graceMs: 0, tags: [] }],
    [{ ttl: '5m' }, { ttlMs: 300_000 }],
    [{ ttl: 0.5 }, { ttlMs: 500 }],
    [{ ttl: null }, { ttlMs: Number.POSITIVE_INFINITY }],
    [{ ttl: () => 5 }, { ttlMs: 5_000 }],
    [{ ttl: () => null }, { ttlMs: Number.POSITIVE_INFINITY }],
    [{ ttl: () => undefined }, { ttlMs: 3_600_000 }],
    [{ ttl: (value) => `${value.length}s` }, { ttlMs: 6_000 }],
    [{ staleWhileRevalidate: '1m' }, { graceMs: 60_000 }],
    [{ staleIfError: '2m' }, { graceMs: 120_000 }],
    [{ staleWhileRevalidate: '1m', staleIfError: '2m' }, { graceMs: 120_000 }],
    [{ staleWhileRevalidate: '2m', staleIfError: '1m' }, { graceMs: 120_000 }],
    [{ tags: ['red', 'green'] }, { tags: ['red', 'green'] }],
    [{ earlyRefresh: 1 }, { loadMs: 25 }],
    [{ staleWhileRevalidate: '1m' }, { loadMs: 0 }],
  ])('with %o is %o', async (options, plan) => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = cache.getOrSet('key', source.load, options)
    cache.clock.advance(25)
    await source.answer('loaded')
    expect(await call).toBe('loaded')
    expect(cache.fills).toMatchObject([{ key: 'key', value: 'loaded', plan }])
  })

  test('comes from the call that started the load', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const calls = [
      cache.getOrSet('key', source.load, { ttl: '1s', tags: ['red'] }),
      cache.getOrSet('key', source.load, { ttl: '2s', tags: ['green'] }),
    ]
    await source.answer('loaded')
    await Promise.all(calls)
    expect(cache.fills).toMatchObject([{ plan: { ttlMs: 1_000, tags: ['red'] } }])
  })

  test('is not affected by changes of the tags during the load', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const tags = ['red']
    const call = cache.getOrSet('key', source.load, { tags })
    tags.push('')
    await source.answer('loaded')
    await call
    expect(cache.fills).toMatchObject([{ plan: { tags: ['red'] } }])
  })

  test('must have a valid TTL, otherwise the value reaches its caller and is not stored', async () => {
    const cache = new RecordingCache()
    const bad = [-1, '5 m', Number.NaN, {}]
    for (const ttl of bad) {
      expect(await cache.getOrSet('key', () => 'loaded', { ttl: () => ttl as Ttl })).toBe('loaded')
    }
    expect(cache.fills).toEqual([])
    expect(cache.refusals).toEqual(bad.map(() => ({ key: 'key', code: 'INVALID_TTL' })))
  })

  test('may have a TTL of 0, so that the value is not stored', async () => {
    const cache = new RecordingCache()
    expect(await cache.getOrSet('key', () => 'loaded', { ttl: () => 0 })).toBe('loaded')
    expect(cache.fills).toEqual([])
    expect(cache.refusals).toEqual([{ key: 'key', code: 'TTL_ZERO' }])
  })

  test('cannot be made if the ttl function throws, and the value reaches its caller', async () => {
    const cache = new RecordingCache()
    const ttl = (): never => {
      throw new Error('the value has no TTL')
    }
    expect(await cache.getOrSet('key', () => 'loaded', { ttl })).toBe('loaded')
    expect(cache.fills).toEqual([])
    expect(cache.refusals).toEqual([{ key: 'key', code: 'TTL_FAILED' }])
  })
})

describe('a value whose loader calls skip', () => {
  test('is returned to all waiting callers, and the next caller loads', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const calls = [1, 2].map(() => follow(cache.getOrSet('key', source.load)))
    const { context } = source.nth(0)
    expect(context.skipped).toBe(false)
    context.skip()
    expect(context.skipped).toBe(true)
    await source.answer('for you only')
    expect(calls.map((call) => call().value)).toEqual(['for you only', 'for you only'])
    expect(cache.fills).toEqual([])
    const next = follow(cache.getOrSet('key', source.load))
    await source.answer('loaded')
    expect(next().value).toBe('loaded')
    expect(cache.fills.map(({ value }) => value)).toEqual(['loaded'])
  })

  test('does not replace the stale value', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const options = { staleWhileRevalidate: '1h' } as const
    await cache.getOrSet(
      'key',
      (context) => {
        context.skip()
        return 'not for the cache'
      },
      options,
    )
    await turn()
    expect(cache.lookup('key')?.value).toBe('old')
  })
})

describe('jitter', () => {
  test('shortens a TTL by a random part of up to jitter, to whole milliseconds', async () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true })
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    const fullTtl = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 3e12 }))
    await fc.assert(
      fc.asyncProperty(fullTtl, part, random, async (fullMs, jitter, chance) => {
        const ttlMs = await storedTtlMs({ ttl: `${fullMs}ms`, jitter }, () => chance)
        expect(Number.isInteger(ttlMs)).toBe(true)
        expect(ttlMs).toBeGreaterThanOrEqual(Math.max(1, fullMs * (1 - jitter)))
        expect(ttlMs).toBeLessThanOrEqual(fullMs)
      }),
    )
  })

  test('uses the whole range', async () => {
    expect(await storedTtlMs({ ttl: '100s', jitter: 0.1 }, () => 0)).toBe(100_000)
    expect(await storedTtlMs({ ttl: '100s', jitter: 0.1 }, () => 0.5)).toBe(95_000)
    expect(await storedTtlMs({ ttl: '100s', jitter: 0.1 }, () => 0.999_99)).toBe(90_001)
    expect(await storedTtlMs({ ttl: '100s', jitter: 1 }, () => 0.999_99)).toBe(1)
    expect(await storedTtlMs({ jitter: 0.5 }, () => 0.5)).toBe(2_700_000)
    expect(await storedTtlMs({ ttl: () => 100, jitter: 0.5 }, () => 0.5)).toBe(75_000)
  })

  test('does not change an infinite TTL, or any TTL without the option', async () => {
    for (const jitter of [0.5, 1]) {
      const ttlMs = await storedTtlMs({ ttl: null, jitter }, () => 0.999)
      expect(ttlMs).toBe(Number.POSITIVE_INFINITY)
    }
    expect(await storedTtlMs({ ttl: '100s' }, () => 0.999)).toBe(100_000)
  })

  async function storedTtlMs(
    options: GetOrSetOptions<string>,
    random: () => number,
  ): Promise<number | undefined> {
    const cache = new RecordingCache(random)
    await cache.getOrSet('key', () => 'loaded', options)
    return cache.fills[0]?.plan.ttlMs
  }
})
