import { describe, expect, test } from 'vitest'
import { durationStatistics, percentile, performanceGrade } from '../src/index.js'

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

describe('percentiles', () => {
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
  ])('of 1 to %i, %d is %d', (count, share, expected) => {
    expect(percentile(upTo(count), share)).toBeCloseTo(expected, 9)
  })
})

describe('statistics of durations', () => {
  test('of 1 to 20 ms', () => {
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

  test('a single sample has no spread', () => {
    expect(durationStatistics([4])).toMatchObject({ avgDurationMs: 4, stdDevMs: 0 })
  })

  test('where the clock saw no time pass there is no rate', () => {
    expect(durationStatistics([0, 0])).toMatchObject({ durationMs: 0, operationsPerSecond: 0 })
  })
})

test.each([
  [0, 'Excellent'],
  [5, 'Excellent'],
  [5.1, 'Good'],
  [25, 'Good'],
  [25.1, 'Acceptable'],
  [50, 'Acceptable'],
  [50.1, 'Poor'],
  [100, 'Poor'],
  [100.1, 'Critical'],
])('an average of %d ms is %s', (avgDurationMs, grade) => {
  expect(performanceGrade(avgDurationMs)).toBe(grade)
})
