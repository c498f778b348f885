import { ManualClock } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { CachePerformanceMonitor, type Trends } from '../../src/index.js'
import { fitLine } from '../../src/statistics/line-fit.js'

const MINUTE = 60_000

/** Sizes, a minute apart. */
function sizeTrend(sizes: readonly number[]): Trends['cacheSizeBytes'] {
  const clock = new ManualClock()
  const monitor = new CachePerformanceMonitor({
    clock,
    memoryWarningThresholdBytes: 1_000,
    memoryCriticalThresholdBytes: 2_000,
  })
  for (const bytes of sizes) {
    monitor.recordMemoryUsage({ memoryCacheBytes: bytes, memoryCacheEntries: 1 })
    clock.advance(MINUTE)
  }
  return monitor.getTrends().cacheSizeBytes
}

describe('fitLine', () => {
  test('returns the line through points on a line', () => {
    expect(fitLine([1, 2, 3, 4], [3, 5, 7, 9])).toEqual({ slope: 2, slopeLow: 2, slopeHigh: 2 })
  })

  // Anscombe, "Graphs in Statistical Analysis" (1973), first set: slope 0.5001, standard error 0.1179,
  // and t for nine degrees of freedom is 2.262.
  test('returns the slope and the error of a textbook for scattered points', () => {
    const xs = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
    const ys = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
    const fit = fitLine(xs, ys)
    expect(fit?.slope).toBeCloseTo(0.5001, 4)
    expect(fit?.slopeLow).toBeCloseTo(0.5001 - 2.262 * 0.1179, 3)
    expect(fit?.slopeHigh).toBeCloseTo(0.5001 + 2.262 * 0.1179, 3)
  })

  test('returns an interval that contains the slope in 95 of 100 cases', () => {
    let [within, seed] = [0, 1]
    const noise = (): number => {
      let sum = -6
      for (let count = 0; count < 12; count++) {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
        sum += seed / 2 ** 32
      }
      return sum
    }
    for (let round = 0; round < 2_000; round++) {
      const xs = Array.from({ length: round % 2 === 0 ? 8 : 60 }, (_, index) => index)
      const fit = fitLine(
        xs,
        xs.map((x) => 3 * x + noise()),
      )
      if (fit !== undefined && fit.slopeLow <= 3 && 3 <= fit.slopeHigh) within++
    }
    expect(within / 2_000).toBeGreaterThan(0.93)
    expect(within / 2_000).toBeLessThan(0.97)
  })

  test.each([
    [[], []],
    [
      [1, 2],
      [1, 2],
    ],
    [
      [1, 1, 1],
      [1, 2, 3],
    ],
  ])('returns undefined for the points %j', (xs, ys) => {
    expect(fitLine(xs, ys)).toBeUndefined()
  })
})

describe('the trend of the size', () => {
  test('has no reading without a measurement', () => {
    expect(sizeTrend([])).toEqual({ readings: 0 })
  })

  test('has only the current size after one measurement', () => {
    expect(sizeTrend([500])).toEqual({ readings: 1, current: 500 })
  })

  test('has the hours to each threshold when it is rising', () => {
    const trend = sizeTrend([100, 200, 300, 400])
    expect(trend).toMatchObject({ readings: 4, current: 400, slope: { direction: 'rising' } })
    expect(trend.growthPerHour).toBeCloseTo(6_000, 6)
    expect(trend.slope?.perHour).toBeCloseTo(6_000, 6)
    expect(trend.hoursToWarning).toBeCloseTo(0.1, 6)
    expect(trend.hoursToCritical).toBeCloseTo(1_600 / 6_000, 6)
  })

  test('has zero hours to a threshold that is exceeded', () => {
    expect(sizeTrend([1_100, 1_200, 1_300]).hoursToWarning).toBe(0)
  })

  test.each<[sizes: number[], direction: string]>([
    [[400, 300, 200, 100], 'falling'],
    [[100, 300, 100, 300], 'unclear'],
    [[200, 200, 200, 200], 'unclear'],
  ])('of %j is %s, and has no hours to a threshold', (sizes, direction) => {
    const trend = sizeTrend(sizes)
    expect(trend.slope?.direction).toBe(direction)
    expect(trend).not.toHaveProperty('hoursToWarning')
    expect(trend).not.toHaveProperty('hoursToCritical')
  })
})

test('the hit rate and the load cover the time between readings', () => {
  const clock = new ManualClock()
  const monitor = new CachePerformanceMonitor({ clock })
  const read = (hits: number, misses: number): void => {
    for (let count = 0; count < hits; count++) {
      monitor.observeOperation('get', 'hit', 'memory', undefined)
    }
    for (let count = 0; count < misses; count++) {
      monitor.observeOperation('get', 'miss', 'memory', undefined)
    }
    clock.advance(10_000)
    monitor.sample()
  }
  monitor.sample()
  read(9, 1)
  read(8, 2)
  read(0, 0)
  read(7, 3)
  const { hitRate, operationsPerSecond } = monitor.getTrends()
  // Three points that are not quite on a line say little.
  expect(hitRate).toMatchObject({ readings: 3, current: 70, slope: { direction: 'unclear' } })
  expect(operationsPerSecond).toMatchObject({ readings: 4, current: 1 })
})
