import { ManualClock, systemClock } from '@verbatim/cache-core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LifeCheck } from '../src/life-check.js'

const HOUR_MS = 3_600_000

describe('with a clock of the caller', () => {
  test('every answer is exact, to the millisecond', () => {
    const clock = new ManualClock()
    const check = new LifeCheck(clock)
    for (const expiresAt of [10, HOUR_MS]) {
      clock.advance(expiresAt - clock.now())
      expect(check.isAlive(expiresAt)).toBe(true)
      clock.advance(1)
      expect(check.isAlive(expiresAt)).toBe(false)
    }
    expect(check.isAlive(Number.POSITIVE_INFINITY)).toBe(true)
  })
})

describe("with the machine's clock", () => {
  let elapsed = 0
  const readClock = vi.fn(() => elapsed)
  beforeEach(() => {
    elapsed = 0
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    readClock.mockClear()
    vi.spyOn(performance, 'now').mockImplementation(readClock)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  test('what has long to live costs one look at the clock', () => {
    const check = new LifeCheck(systemClock)
    for (let hit = 0; hit < 1_000; hit++) expect(check.isAlive(HOUR_MS)).toBe(true)
    expect(readClock).toHaveBeenCalledOnce()
  })

  test('what has ten seconds or less to live is looked at every time', () => {
    const check = new LifeCheck(systemClock)
    expect(check.isAlive(10_000)).toBe(true)
    elapsed = 10_001
    expect(check.isAlive(10_000)).toBe(false)
  })

  test('after a second the clock is read again', () => {
    const check = new LifeCheck(systemClock)
    check.isAlive(HOUR_MS)
    elapsed = HOUR_MS + 1
    vi.advanceTimersByTime(1_000)
    expect(check.isAlive(HOUR_MS)).toBe(false)
  })

  test('while promises keep timers from firing, hits are counted instead', () => {
    const check = new LifeCheck(systemClock)
    check.isAlive(HOUR_MS)
    elapsed = HOUR_MS + 1
    let hits = 0
    while (check.isAlive(HOUR_MS)) hits++
    expect(hits).toBe(1_000)
  })

  test('no timer runs when nothing is asked, nor after close', () => {
    const check = new LifeCheck(systemClock)
    expect(vi.getTimerCount()).toBe(0)
    for (let hit = 0; hit < 10; hit++) check.isAlive(1)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(1_000)
    expect(vi.getTimerCount()).toBe(0)
    check.isAlive(1)
    check.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
