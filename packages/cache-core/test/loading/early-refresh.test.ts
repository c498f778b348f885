import { describe, expect, test } from 'vitest'
import { isDueForRefresh } from '../../src/loading/read-through.js'
import { RecordingCache } from './recording-cache.js'
import { Source } from './source.js'

const FAILURE = new Error('the source is down')

describe('isDueForRefresh', () => {
  test.each<[leftMs: number, loadMs: number, eagerness: number, chance: number]>([
    [100, 50, 1, Math.exp(-2)],
    [100, 100, 1, Math.exp(-1)],
    [100, 100, 2, Math.exp(-0.5)],
    [10, 100, 1, Math.exp(-0.1)],
    [1_000, 100, 0.5, Math.exp(-20)],
    [0, 100, 1, 1],
  ])(
    'with %d ms left, a load of %d ms and eagerness %d has a chance of %d',
    (leftMs, loadMs, eagerness, chance) => {
      const random = randomFrom(2_026)
      const draws = 50_000
      let due = 0
      for (let draw = 0; draw < draws; draw++) {
        if (isDueForRefresh(leftMs, loadMs, eagerness, random())) due++
      }
      // Five standard deviations of the samples.
      expect(Math.abs(due / draws - chance)).toBeLessThanOrEqual(
        5 * Math.sqrt((chance * (1 - chance)) / draws) + 1e-9,
      )
    },
  )

  test('never refreshes a value that does not expire or took no time to load', () => {
    for (const random of [0, 0.5, 1 - Number.EPSILON / 2]) {
      expect(isDueForRefresh(Number.POSITIVE_INFINITY, 1e9, 100, random)).toBe(false)
      expect(isDueForRefresh(1, 0, 100, random)).toBe(false)
    }
  })

  test('always refreshes at the end of the TTL', () => {
    for (const random of [0, 0.5]) expect(isDueForRefresh(0, 100, 1, random)).toBe(true)
  })

  test('depends only on the random number', () => {
    const chance = Math.exp(-1)
    expect(isDueForRefresh(100, 100, 1, 1 - chance - 1e-9)).toBe(false)
    expect(isDueForRefresh(100, 100, 1, 1 - chance + 1e-9)).toBe(true)
    expect(isDueForRefresh(1, 100, 1, 0)).toBe(false)
  })
})

describe('a fresh value that is due for a refresh', () => {
  const always = (): number => 0.999_999
  const options = { earlyRefresh: 1 } as const

  test('is served and loaded once in the background', async () => {
    const cache = new RecordingCache(always)
    cache.retain('key', 'old', { freshMs: 100, loadMs: 50 })
    const source = new Source()
    const readers = [1, 2, 3].map(() => cache.getOrSet('key', source.load, options))
    expect(await Promise.all(readers)).toEqual(['old', 'old', 'old'])
    expect(source.loads).toHaveLength(1)
    expect(cache.served).toEqual([])
    await source.answer('new')
    expect(cache.lookup('key')?.value).toBe('new')
  })

  test('is loaded again only with the option earlyRefresh', async () => {
    const cache = new RecordingCache(always)
    cache.retain('key', 'old', { freshMs: 100, loadMs: 50 })
    const source = new Source()
    for (const earlyRefresh of [undefined, 0]) {
      await cache.getOrSet('key', source.load, { earlyRefresh, staleWhileRevalidate: '1h' })
    }
    expect(source.loads).toEqual([])
  })

  test('is not loaded again when it does not expire', async () => {
    const cache = new RecordingCache(always)
    cache.retain('key', 'old', { freshMs: Number.POSITIVE_INFINITY, loadMs: 1e6 })
    const source = new Source()
    await cache.getOrSet('key', source.load, { earlyRefresh: 100 })
    expect(source.loads).toEqual([])
  })

  test('is not loaded during the pause after a failure, and the failure is reported', async () => {
    const cache = new RecordingCache(always)
    cache.retain('key', 'old', { freshMs: 10_000, loadMs: 5_000 })
    const source = new Source()
    const read = (): Promise<string> => cache.getOrSet('key', source.load, options)
    await read()
    await source.fail(FAILURE)
    expect(cache.failures).toEqual([{ key: 'key', error: FAILURE }])
    cache.clock.advance(999)
    await read()
    expect(source.loads).toHaveLength(1)
    cache.clock.advance(1)
    await read()
    expect(source.loads).toHaveLength(2)
  })

  test('is due depending on the load time, the remaining TTL and the eagerness', async () => {
    for (const [random, freshMs, loadMs, earlyRefresh, loads] of [
      [0.63, 100, 100, 1, 0],
      [0.64, 100, 100, 1, 1],
      [0.63, 99, 100, 1, 1],
      [0.63, 100, 101, 1, 1],
      [0.63, 100, 100, 1.1, 1],
    ] as const) {
      const cache = new RecordingCache(() => random)
      cache.retain('key', 'old', { freshMs, loadMs })
      const source = new Source()
      expect(await cache.getOrSet('key', source.load, { earlyRefresh })).toBe('old')
      expect(source.loads).toHaveLength(loads)
    }
  })

  test('is stored with its load time only with the option earlyRefresh', async () => {
    const cache = new RecordingCache(() => 0.64)
    const source = new Source()
    const call = cache.getOrSet('key', source.load, { ttl: '150ms', earlyRefresh: 1 })
    cache.clock.advance(100)
    await source.answer('loaded')
    await call
    cache.clock.advance(47)
    await cache.getOrSet('key', source.load, options)
    expect(source.loads).toHaveLength(1)
    cache.clock.advance(1)
    await cache.getOrSet('key', source.load, options)
    expect(source.loads).toHaveLength(2)
  })
})

/** Returns the same random numbers in every run, by mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
