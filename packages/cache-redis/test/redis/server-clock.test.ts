import { describe, expect, test } from 'vitest'
import { ServerClock } from '../../src/redis/server-clock.js'

/** The server's clock is a million ahead. */
const AHEAD = 1_000_000

describe('ServerClock', () => {
  test('is known between two bounds: the server read it after it was asked and before its reply arrived', () => {
    const clock = new ServerClock()
    // The server read its clock at 110.9, on the clock of this process. It replies in whole milliseconds.
    clock.sample(AHEAD + 110, 100, 120)
    for (const bound of ['earliest', 'latest'] as const) {
      const estimate = clock[bound](1_000) - AHEAD
      expect(
        bound === 'earliest' ? estimate <= 1_000 : estimate >= 1_000,
        `${bound} ${estimate}`,
      ).toBe(true)
      expect(Math.abs(estimate - 1_000)).toBeLessThanOrEqual(11)
    }
  })

  test('a deadline is never later than the moment at which the call is given up', () => {
    const clock = new ServerClock()
    clock.sample(AHEAD + 110, 100, 120)
    expect(clock.deadline(200, 1_000)).toBeLessThanOrEqual(AHEAD + 1_200)
    expect(clock.deadline(200, 1_000)).toBeGreaterThan(AHEAD + 1_180)
  })

  test('of several samples the one that took the shortest way counts', () => {
    const clock = new ServerClock()
    clock.sample(AHEAD + 110, 110, 111)
    clock.sample(AHEAD + 210, 200, 290)
    expect(clock.deadline(200, 1_000)).toBeGreaterThan(AHEAD + 1_190)
    expect(clock.latest(1_000)).toBeLessThanOrEqual(AHEAD + 1_001)
  })

  test('an old sample gives way to any newer one', () => {
    const clock = new ServerClock()
    clock.sample(AHEAD, 0, 0)
    expect(clock.shouldResample(4_999)).toBe(false)
    expect(clock.shouldResample(5_000)).toBe(true)
    clock.sample(AHEAD + 5_000, 4_901, 5_001)
    expect(clock.shouldResample(5_001)).toBe(false)
    expect(clock.latest(5_001)).toBe(AHEAD + 5_101)
  })

  test.each([
    ['set forward', 0, AHEAD],
    ['set back', AHEAD, 0],
  ])('a clock %s is believed at once', (_how, before, after) => {
    const clock = new ServerClock()
    clock.sample(before, 0, 0)
    clock.sample(after + 10, 0, 20)
    expect(Math.abs(clock.earliest(20) - (after + 20))).toBeLessThan(20)
    expect(Math.abs(clock.latest(20) - (after + 20))).toBeLessThan(20)
  })

  test('a call that waited long tells little, and contradicts nothing', () => {
    const clock = new ServerClock()
    clock.sample(AHEAD, 0, 1)
    clock.sample(AHEAD + 10, 10, 3_000)
    expect(clock.earliest(3_000)).toBe(AHEAD + 2_999)
  })
})
