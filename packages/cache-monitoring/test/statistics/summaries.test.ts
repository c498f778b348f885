import { describe, expect, test } from 'vitest'
import { CachePerformanceMonitor, type DurationStats } from '../../src/index.js'

describe('durations', () => {
  test.each<[seconds: number[], avg: number, median: number, min: number, max: number]>([
    [[4], 4, 4, 4, 4],
    [[0], 0, 0, 0, 0],
    [[1, 3], 2, 2, 1, 3],
    [[9, 1, 2], 4, 2, 1, 9],
    [[8, 1, 2, 5], 4, 3.5, 1, 8],
    [[10, 9, 100, 1], 30, 9.5, 1, 100],
  ])(
    'of %j have the average %d, the median %d, the minimum %d and the maximum %d',
    (seconds, avg, median, min, max) => {
      const monitor = new CachePerformanceMonitor()
      for (const duration of seconds) {
        monitor.recordCacheOperationTime({ operation: 'set', duration, cacheHit: false })
        monitor.recordKeyGenerationTime({ duration, textLength: 10 })
      }
      const expected: DurationStats = {
        avgDurationSeconds: avg,
        medianDurationSeconds: median,
        minDurationSeconds: min,
        maxDurationSeconds: max,
      }
      const { cacheOperations, keyGeneration } = monitor.getPerformanceStats()
      expect(cacheOperations).toMatchObject(expected)
      expect(keyGeneration).toMatchObject(expected)
    },
  )
})

test('operations are grouped by type, and slow ones are counted', () => {
  const monitor = new CachePerformanceMonitor({ cacheOperationThreshold: 0.004 })
  monitor.observeOperation('get', 'hit', 'memory', 1)
  monitor.observeOperation('get', 'miss', 'memory', 3)
  monitor.observeOperation('set', 'ok', 'memory', 4)
  monitor.observeOperation('delete', 'ok', 'memory', 8)
  expect(monitor.getPerformanceStats().cacheOperations).toEqual({
    totalOperations: 4,
    avgDurationSeconds: 0.004,
    medianDurationSeconds: 0.0035,
    minDurationSeconds: 0.001,
    maxDurationSeconds: 0.008,
    slowOperations: 1,
    byOperationType: {
      get: { count: 2, avgDurationSeconds: 0.002, maxDurationSeconds: 0.003 },
      set: { count: 1, avgDurationSeconds: 0.004, maxDurationSeconds: 0.004 },
      delete: { count: 1, avgDurationSeconds: 0.008, maxDurationSeconds: 0.008 },
    },
  })
})

test.each(['__proto__', 'toString', 'GET', '', 1, undefined, null])(
  'an operation called %j is none',
  (operation) => {
    const monitor = new CachePerformanceMonitor()
    monitor.recordCacheOperationTime({ operation: operation as 'get', duration: 1, cacheHit: true })
    monitor.observeOperation(operation as 'get', 'hit', 'memory', undefined)
    monitor.observeOperation('get', operation as 'hit', 'memory', undefined)
    monitor.observeOperation('get', 'hit', operation as 'memory', 1)
    const stats = monitor.getPerformanceStats()
    expect(stats).toMatchObject({ totalCacheOperations: 0, rejectedRecords: 4, latencies: [] })
    expect(stats.cacheOperations).toBeUndefined()
  },
)

test('key generation has text lengths and the number of slow keys', () => {
  const monitor = new CachePerformanceMonitor()
  monitor.observeKeyGeneration(100, 400, 'summarize')
  monitor.observeKeyGeneration(200, 2_000, 'qa')
  expect(monitor.getPerformanceStats().keyGeneration).toMatchObject({
    totalOperations: 2,
    avgTextLength: 1_200,
    maxTextLength: 2_000,
    slowOperations: 1,
  })
})

describe('compression', () => {
  test('has ratios, times and savings', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeCompression(1_000, 100, 2)
    monitor.observeCompression(1_000, 500, 6)
    monitor.observeCompression(2_000, 2_200, 1)
    expect(monitor.getPerformanceStats().compression).toEqual({
      totalOperations: 3,
      avgCompressionRatio: expect.closeTo(1.7 / 3, 12),
      medianCompressionRatio: 0.5,
      bestCompressionRatio: 0.1,
      worstCompressionRatio: 1.1,
      avgCompressionTimeSeconds: expect.closeTo(0.003, 12),
      maxCompressionTimeSeconds: 0.006,
      totalBytesProcessed: 4_000,
      totalBytesSaved: 1_200,
      overallSavingsPercent: 30,
    })
  })

  test('of an empty value has the ratio 1, and no savings in percent', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.recordCompressionRatio({ originalSize: 0, compressedSize: 8, compressionTime: 0 })
    const { compression } = monitor.getPerformanceStats()
    expect(compression).toMatchObject({ avgCompressionRatio: 1, totalBytesSaved: -8 })
    expect(compression).not.toHaveProperty('overallSavingsPercent')
  })
})

test('invalidation averages the keys of all events since the start', () => {
  const monitor = new CachePerformanceMonitor({ maxMeasurements: 1 })
  monitor.recordInvalidationEvent({ pattern: 'user:*', keysInvalidated: 9, duration: 0.4 })
  monitor.observeInvalidation(0, 200)
  expect(monitor.getPerformanceStats().invalidation).toEqual({
    totalInvalidations: 2,
    totalKeysInvalidated: 9,
    efficiency: { avgKeysPerInvalidation: 4.5, avgDurationSeconds: 0.2, maxDurationSeconds: 0.2 },
  })
})
