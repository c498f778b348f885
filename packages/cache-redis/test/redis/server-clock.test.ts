import { describe, expect, test } from 'vitest'
import { ServerClock } from '../../src/redis/server-clock.js'

/** The server's clock is a million ahead. */
const AHEAD = 1_000_000

describe('ServerClock', () => {
  test('a deadline is never later than the moment at which the call is given up', () => {
    const clock = new ServerClock()
    // The server read its clock at 110; the answer arrived at 120.
    clock.sample(AHEAD + 110, 120)
    expect(clock.deadline(200, 1_000)).toBeLessThanOrEqual(AHEAD + 1_200)
    expect(clock.deadline(200, 1_000)).toBeGreaterThan(AHEAD + 1_180)
  })

  test('of several samples the one that took the shortest way counts', () => {
    const clock = new ServerClock()
    clock.sample(AHEAD + 110, 111)
    clock.sample(AHEAD + 210, 290)
    expect(clock.deadline(200, 1_000)).toBeGreaterThan(AHEAD + 1_190)
  })

  test('an old sample gives way to any newer one: the clock may have been set back', () => {
    const clock = new ServerClock()
    clock.sample(AHEAD, 0)
    clock.sample(5_001, 5_001)
    expect(clock.deadline(200, 5_001)).toBeLessThan(6_000)
  })

  test('a clock set forward is believed at once', () => {
    const clock = new ServerClock()
    clock.sample(0, 0)
    clock.sample(AHEAD, 1)
    expect(clock.deadline(200, 1)).toBeGreaterThan(AHEAD)
  })
})
