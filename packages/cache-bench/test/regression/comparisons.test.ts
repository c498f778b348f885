import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import {
  CachePerformanceBenchmark,
  compareResults,
  PerformanceRegressionDetector,
  summarizeComparison,
} from '../../src/index.js'
import { resultWith, suiteWith } from '../results.js'

const detector = new PerformanceRegressionDetector()
const TIME = '2026-01-02T00:00:00.000Z'

const before = resultWith({ avgDurationMs: 10, operationsPerSecond: 100, memoryUsageMb: 10 })

describe('compareResults', () => {
  test.each([
    [{}, [], []],
    [{ avgDurationMs: 9.5 }, [], []],
    [{ avgDurationMs: 9.4 }, ['duration'], []],
    [{ avgDurationMs: 11 }, [], []],
    [{ avgDurationMs: 11.1 }, [], ['duration']],
    [{ operationsPerSecond: 106 }, ['throughput'], []],
    [{ operationsPerSecond: 89 }, [], ['throughput']],
    [{ memoryUsageMb: 9 }, [], []],
    [{ memoryUsageMb: 8.9 }, ['memory'], []],
    [{ memoryUsageMb: 12 }, [], []],
    [{ memoryUsageMb: 12.1 }, [], ['memory']],
  ])('finds for %j the improvements %j and the degradations %j', (change, better, worse) => {
    const comparison = compareResults(before, { ...before, ...change }, detector, TIME)
    expect(comparison.improvementAreas).toEqual(better)
    expect(comparison.degradationAreas).toEqual(worse)
    expect(comparison.recommendations).toHaveLength(worse.length)
  })

  test('detects a regression of the hit rate', () => {
    const comparison = compareResults(before, { ...before, cacheHitRate: 80 }, detector, TIME)
    expect(comparison).toMatchObject({ regressionDetected: true, cacheHitRateChange: -20 })
  })

  test('omits changes of figures that are unknown', () => {
    const { cacheHitRate, ...unknown } = before
    const comparison = compareResults(before, unknown, detector, TIME)
    expect(cacheHitRate).toBe(100)
    expect(comparison).not.toHaveProperty('cacheHitRateChange')
    expect(comparison).not.toHaveProperty('compressionEfficiencyChange')
    expect(comparison.regressionDetected).toBe(false)
  })
})

test.each([
  [{ avgDurationMs: 8 }, 'Performance improved by 20.0%, memory +0.0%, throughput +0.0%'],
  [{}, 'Performance degraded by 0.0%, memory +0.0%, throughput +0.0%'],
  [
    { avgDurationMs: 12.5, memoryUsageMb: 5, operationsPerSecond: 80 },
    'Performance degraded by 25.0%, memory -50.0%, throughput -20.0%',
  ],
])('the summary of a change of %j is "%s"', (change, summary) => {
  expect(
    summarizeComparison(compareResults(before, { ...before, ...change }, detector, TIME)),
  ).toBe(summary)
})

test('compareBeforeAfterRefactoring compares two caches', async () => {
  const benchmark = new CachePerformanceBenchmark({ warmupIterations: 0 })
  const comparison = await benchmark.compareBeforeAfterRefactoring(
    new InMemoryCache(),
    new InMemoryCache({ isolation: 'clone' }),
    { iterations: 20 },
  )
  expect(comparison.originalCacheResults.iterations).toBe(20)
  expect(comparison.newCacheResults.cacheHitRate).toBe(100)
  expect(comparison.performanceChangePercent).toBeGreaterThan(-100)
  await expect(
    benchmark.compareBeforeAfterRefactoring(new InMemoryCache(), {} as never),
  ).rejects.toThrow('newCache must be a cache with get(), set(), exists() and delete()')
})

describe('analyzePerformanceTrends', () => {
  const benchmark = new CachePerformanceBenchmark()

  test.each([
    [11.1, 'degrading'],
    [11, 'stable'],
    [9, 'stable'],
    [8.9, 'improving'],
  ])('an average that changes from 10 ms to %d ms is %s', (avgDurationMs, trend) => {
    const newest = resultWith({ ...before, avgDurationMs, timestamp: '2026-03-01T00:00:00.000Z' })
    const middle = resultWith({ avgDurationMs: 500, timestamp: '2026-02-01T00:00:00.000Z' })
    const trends = benchmark.analyzePerformanceTrends([
      suiteWith([newest]),
      suiteWith([before]),
      suiteWith([middle]),
    ])
    expect(trends).toEqual({
      basic_operations: {
        trend,
        durationChangePercent: expect.closeTo((avgDurationMs - 10) * 10, 9),
        throughputChangePercent: 0,
        memoryChangePercent: 0,
        sampleCount: 3,
        timeSpan: { start: before.timestamp, end: newest.timestamp },
        currentPerformance: avgDurationMs,
      },
    })
  })

  test('needs two suites', () => {
    expect(benchmark.analyzePerformanceTrends([suiteWith([before])])).toEqual({
      error: 'at least two suites are necessary',
      sampleCount: 1,
    })
  })
})
