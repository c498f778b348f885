import { ManualClock } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import { MinuteCounts } from '../../src/records/minute-counts.js'

const MINUTE = 60_000

test('leaves out events that are older than the window, or than a day', () => {
  const clock = new ManualClock()
  const counts = new MinuteCounts(clock)
  counts.add()
  counts.add()
  clock.advance(59 * MINUTE)
  counts.add()
  expect([counts.inLast(1), counts.inLast(60), counts.inLast(1_440)]).toEqual([1, 3, 3])
  clock.advance(MINUTE)
  expect([counts.inLast(60), counts.inLast(1_440)]).toEqual([1, 3])
  clock.advance(1_380 * MINUTE)
  expect(counts.inLast(1_440)).toBe(1)
  clock.advance(10 * 1_440 * MINUTE)
  expect(counts.inLast(1_440)).toBe(0)
  counts.add()
  counts.clear()
  expect(counts.inLast(1_440)).toBe(0)
})

test('counts like a list of times, at any rate of events', () => {
  const clock = new ManualClock()
  const counts = new MinuteCounts(clock)
  const times: number[] = []
  const wrong: [step: number, window: number][] = []
  for (let step = 1; step <= 3_000; step++) {
    clock.advance(((step * 7_919) % 100_003) * (step % 500 === 0 ? 100 : 1))
    counts.add()
    times.push(clock.now())
    const minute = Math.floor(clock.now() / MINUTE)
    for (const window of [1, 60, 1_440]) {
      const expected = times.filter((time) => minute - Math.floor(time / MINUTE) < window).length
      if (counts.inLast(window) !== expected) wrong.push([step, window])
    }
  }
  expect(wrong).toEqual([])
  expect(counts.inLast(1_440)).toBeGreaterThan(100)
})
