import { ConfigurationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { PerformanceRegressionDetector } from '../../src/index.js'
import { resultWith } from '../results.js'

const detector = new PerformanceRegressionDetector()

describe('detectTimingRegressions', () => {
  test.each([
    [90, undefined],
    [100, undefined],
    [110, undefined],
    [110.1, 'warning'],
    [125, 'warning'],
    [125.1, 'critical'],
  ])('an average that changes from 100 ms to %d ms has the severity %s', (average, severity) => {
    const before = resultWith({ avgDurationMs: 100 })
    const after = resultWith({ avgDurationMs: average })
    const [regression] = detector.detectTimingRegressions(before, after)
    expect(regression?.severity).toBe(severity)
  })

  test('reports the 95th percentile and a drop of the throughput', () => {
    const before = resultWith({ p95DurationMs: 10, operationsPerSecond: 1_000 })
    const after = resultWith({ p95DurationMs: 12, operationsPerSecond: 700 })
    expect(detector.detectTimingRegressions(before, after)).toEqual([
      expect.objectContaining({
        type: 'timing_regression',
        metric: 'p95_duration',
        severity: 'warning',
        changePercent: 20,
        message: 'p95_duration increased by 20.0 % from 10 ms to 12 ms',
      }),
      expect.objectContaining({
        type: 'throughput_regression',
        metric: 'operations_per_second',
        severity: 'critical',
        changePercent: -30,
        message: 'operations_per_second dropped by 30.0 % from 1,000 to 700',
      }),
    ])
  })

  test('skips a figure that was 0 before', () => {
    const zero = resultWith({ avgDurationMs: 0, p95DurationMs: 0, operationsPerSecond: 0 })
    expect(detector.detectTimingRegressions(zero, resultWith())).toEqual([])
  })
})

describe('detectMemoryRegressions', () => {
  test('reports increases and skips figures that were 0 before', () => {
    const before = resultWith({ memoryUsageMb: 0, memoryPeakMb: 100 })
    const after = resultWith({ memoryUsageMb: 50, memoryPeakMb: 130 })
    expect(detector.detectMemoryRegressions(before, after)).toEqual([
      expect.objectContaining({
        type: 'memory_regression',
        metric: 'peak_memory',
        severity: 'critical',
        changePercent: 30,
      }),
    ])
  })
})

describe('validateCacheHitRates', () => {
  test.each([
    [90, 85, 'passed', undefined],
    [90, 84.9, 'regression_detected', 'warning'],
    [90, 75, 'regression_detected', 'warning'],
    [90, 74.9, 'regression_detected', 'critical'],
    [50, 90, 'passed', undefined],
  ])('from %d %% to %d %% the status is %s', (oldHitRate, newHitRate, status, severity) => {
    const outcome = detector.validateCacheHitRates(
      { cacheHitRate: oldHitRate },
      { cacheHitRate: newHitRate },
    )
    expect(outcome).toMatchObject({
      status,
      changePercent: expect.closeTo(newHitRate - oldHitRate, 9),
      ...(severity !== undefined && { severity, oldHitRate, newHitRate }),
    })
  })

  test.each([
    [{}, { cacheHitRate: 1 }],
    [{ cacheHitRate: 1 }, {}],
  ])('from %j to %j the check is skipped', (before, after) => {
    expect(detector.validateCacheHitRates(before, after)).toEqual({
      status: 'skipped',
      reason: 'hit_rate_data_unavailable',
    })
  })
})

test.each([
  [{ warningThreshold: -1 }, 'warningThreshold must be a number of at least 0; received -1'],
  [
    { criticalThreshold: Number.NaN },
    'criticalThreshold must be a number of at least 0; received NaN',
  ],
  [{ warningThreshold: 30 }, 'criticalThreshold must be at least warningThreshold; received 25'],
  [{ warning: 5 }, 'unknown field warning'],
])('the options %j are rejected', (options, message) => {
  const create = (): unknown => new PerformanceRegressionDetector(options as never)
  expect(create).toThrow(ConfigurationError)
  expect(create).toThrow(message)
})
