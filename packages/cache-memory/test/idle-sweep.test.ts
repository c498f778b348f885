import { timers } from '@verbatim/cache-core/implement'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { IdleSweep } from '../src/idle-sweep.js'
import { InMemoryCache } from '../src/index.js'
import { cacheWithClock, countingText, fill } from './cache-with-clock.js'
import { useFakeTimers, useRealTimers } from './fake-timers.js'

beforeEach(() => useFakeTimers())
afterEach(() => {
  vi.restoreAllMocks()
  useRealTimers()
})

describe('an idle cache', () => {
  test('removes expired entries', async () => {
    const { cache, clock } = cacheWithClock()
    const expired: string[] = []
    cache.on('expired', (key) => expired.push(key))
    await cache.set('short', 1, '10s')
    await cache.set('longer', 1, '20s')
    await cache.getOrSet('graced', () => 1, { ttl: '10s', staleIfError: '20s' })
    await cache.set('endless', 1, null)
    const heldAfter: Record<number, string[]> = {}
    for (const seconds of [10, 11, 20, 21, 30, 31]) {
      passTime(clock, seconds * 1_000 - clock.now())
      heldAfter[seconds] = cache.getKeys()
    }
    expect(heldAfter).toEqual({
      10: ['endless', 'graced', 'longer', 'short'],
      11: ['endless', 'graced', 'longer'],
      20: ['endless', 'graced', 'longer'],
      21: ['endless', 'graced'],
      30: ['endless', 'graced'],
      31: ['endless'],
    })
    await Promise.resolve()
    expect(expired).toEqual(['short', 'longer', 'graced'])
    expect(cache.getStats().expirations).toBe(3)
  })

  test('removes invalidated entries that never expire', async () => {
    const { cache } = cacheWithClock({ defaultTtl: null, maxBytes: 1_000, ...countingText })
    await cache.setMany(
      Array.from('abc', (key) => [key, key]),
      { tags: ['tag'] },
    )
    await fill(cache, 'd')
    expect(vi.getTimerCount()).toBe(0)
    await cache.invalidateTags(['tag'])
    expect(cache.getKeys()).toHaveLength(4)
    vi.advanceTimersByTime(1_000)
    expect(cache.getKeys()).toEqual(['d'])
    expect(cache.getStats()).toMatchObject({ bytes: 2, expirations: 0 })
  })

  test('removes at most a thousand entries at once, and soon all of them', async () => {
    const { cache, clock } = cacheWithClock({ maxSize: 20_000 })
    for (let index = 0; index < 5_000; index++) {
      await cache.set(`expired:${index}`, index, '500ms')
      await cache.set(`invalidated:${index}`, index, { tags: ['tag'] })
    }
    await cache.invalidateTags(['tag'])
    clock.advance(501)
    const drops: number[] = []
    let held = 10_000
    for (let ticks = 0; held > 0 && ticks < 100; ticks++) {
      // The first tick comes after a second, the others immediately after it.
      vi.advanceTimersByTime(ticks === 0 ? 1_000 : 1)
      const { totalEntries } = cache.getStats()
      drops.push(held - totalEntries)
      held = totalEntries
    }
    expect(drops).toEqual(Array(10).fill(1_000))
  })
})

describe('the timer', () => {
  test('does not keep the process alive, neither at first nor later', async () => {
    const made = vi.spyOn(timers, 'setTimeout')
    const { cache } = cacheWithClock()
    await cache.set('key', 1)
    vi.advanceTimersByTime(1_000)
    const created = made.mock.results as { value: NodeJS.Timeout }[]
    expect(created.map(({ value }) => value.hasRef())).toEqual([false, false])
  })

  test('is a single one for any number of entries', async () => {
    const { cache } = cacheWithClock()
    for (let index = 0; index < 100; index++) await cache.set(`key:${index}`, 1, `${index + 1}s`)
    await cache.invalidateTags(['unknown'])
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(1_000)
    expect(vi.getTimerCount()).toBe(1)
  })

  test('does not run when nothing can expire', async () => {
    const { cache, clock } = cacheWithClock()
    expect(vi.getTimerCount()).toBe(0)
    await cache.get('absent')
    await cache.set('endless', 1, null)
    await cache.getOrSet('loaded', () => 1, { ttl: null, staleWhileRevalidate: '1h' })
    cache.restore(cache.snapshot())
    expect(vi.getTimerCount()).toBe(0)
    await cache.set('short', 1, '10s')
    expect(vi.getTimerCount()).toBe(1)
    passTime(clock, 12_000)
    expect(cache.getKeys()).toEqual(['loaded', 'endless'])
    expect(vi.getTimerCount()).toBe(0)
    await cache.set('short', 1, '10s')
    expect(vi.getTimerCount()).toBe(1)
  })

  test('is a single one with the clock of the machine too, and is stopped by close', async () => {
    const cache = new InMemoryCache()
    await fill(cache, 'a')
    for (let hit = 0; hit < 100; hit++) await cache.get('a')
    expect(vi.getTimerCount()).toBe(1)
    await cache.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('stops at close, and soon after clear', async () => {
    const { cache } = cacheWithClock()
    await fill(cache, 'a')
    await cache.clear()
    vi.advanceTimersByTime(1_000)
    expect(vi.getTimerCount()).toBe(0)
    await fill(cache, 'b')
    expect(vi.getTimerCount()).toBe(1)
    await cache.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('pauses when an entry expires exactly now', async () => {
    const { cache, clock } = cacheWithClock()
    await cache.set('key', 1, '5s')
    clock.advance(5_000)
    const made = vi.spyOn(timers, 'setTimeout')
    vi.advanceTimersByTime(10_000)
    expect(made).toHaveBeenCalledTimes(10)
    expect(cache.getKeys()).toEqual(['key'])
  })
})

describe('the pauses', () => {
  test.each<[untilNextMs: number, pauseMs: number]>([
    [0, 0],
    [1, 1_000],
    [999, 1_000],
    [1_001, 1_001],
    [30_000, 30_000],
    [30_001, 30_000],
    [1e15, 30_000],
  ])('are, when the next entry expires in %d ms, %d ms', (untilNextMs, pauseMs) => {
    const sweep = vi.fn(() => untilNextMs)
    const idle = new IdleSweep({ sweep })
    idle.arm()
    vi.advanceTimersByTime(999)
    expect(sweep).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(sweep.mock.calls).toEqual([[1_000]])
    vi.advanceTimersByTime(Math.max(pauseMs - 1, 0))
    expect(sweep).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1)
    expect(sweep).toHaveBeenCalledTimes(2)
    idle.stop()
    vi.advanceTimersByTime(100_000)
    expect(sweep).toHaveBeenCalledTimes(2)
  })

  test('end when no entry can expire, until the sweep is armed again', () => {
    const sweep = vi.fn(() => Number.POSITIVE_INFINITY)
    const idle = new IdleSweep({ sweep })
    for (const times of [1, 2]) {
      idle.arm()
      idle.arm()
      vi.advanceTimersByTime(100_000)
      expect(sweep).toHaveBeenCalledTimes(times)
    }
    idle.arm()
    idle.stop()
    idle.arm()
    vi.advanceTimersByTime(1_000)
    expect(sweep).toHaveBeenCalledTimes(3)
  })
})

/** Advances the clock of the cache and the timers together, in steps of a quarter second. */
function passTime(clock: { advance(milliseconds: number): void }, milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += 250) {
    clock.advance(250)
    vi.advanceTimersByTime(250)
  }
}
