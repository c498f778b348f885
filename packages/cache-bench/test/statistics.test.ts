import { describe, expect, test } from 'vitest'
import { durationStatistics, percentile } from '../src/index.js'

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

describe('percentile', () => {
  test.each([
    [1, 0.95, 1],
    [2, 0.5, 1.5],
    [3, 0.5, 2],
    [19, 0.95, 19],
    [20, 0.95, 19.95],
    [20, 0.99, 20],
    [99, 0.99, 99],
    [100, 0.95, 95.95],
    [100, 0.99, 99.99],
    [100, 0, 1],
    [100, 1, 100],
  ])('of the numbers from 1 to %i for the share %d is %d', (count, share, expected) => {
    expect(percentile(upTo(count), share)).toBeCloseTo(expected, 9)
  })
})

describe('durationStatistics', () => {
  test('returns all statistics of 1 to 20 ms', () => {
    expect(durationStatistics(upTo(20).toReversed())).toEqual({
      durationMs: 210,
      avgDurationMs: 10.5,
      minDurationMs: 1,
      maxDurationMs: 20,
      p95DurationMs: expect.closeTo(19.95, 9),
      p99DurationMs: 20,
      stdDevMs: expect.closeTo(5.9161, 4),
      operationsPerSecond: expect.closeTo(95.2381, 4),
    })
  })

  test('returns a standard deviation of 0 for a single sample', () => {
    expect(durationStatistics([4])).toMatchObject({ avgDurationMs: 4, stdDevMs: 0 })
  })

  test('returns a rate of 0 if the sum of the samples is 0', () => {
    expect(durationStatistics([0, 0])).toMatchObject({ durationMs: 0, operationsPerSecond: 0 })
  })
})
