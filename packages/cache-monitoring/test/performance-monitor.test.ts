import { ConfigurationError, ManualClock, ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import {
  CachePerformanceMonitor,
  type CachePerformanceMonitorOptions,
  combineMonitors,
} from '../src/index.js'

describe('options', () => {
  test.each<[keyof CachePerformanceMonitorOptions, unknown]>([
    ['retentionHours', 0],
    ['retentionHours', -1],
    ['retentionHours', Number.NaN],
    ['retentionHours', Number.POSITIVE_INFINITY],
    ['retentionHours', '1'],
    ['retentionHours', null],
    ['maxMeasurements', 0],
    ['maxMeasurements', 1.5],
    ['maxMeasurements', 1_000_001],
    ['keyGenerationThreshold', 0],
    ['keyGenerationThreshold', '0.1'],
    ['cacheOperationThreshold', -0.05],
    ['cacheOperationThreshold', Number.NaN],
    ['memoryWarningThresholdBytes', 0],
    ['memoryCriticalThresholdBytes', '1'],
    ['memoryCriticalThresholdBytes', 52_428_799],
    ['invalidationRateWarningPerHour', -1],
    ['invalidationRateCriticalPerHour', 49],
    ['errorRateThresholdPercent', 0],
    ['errorRateThresholdPercent', 101],
    ['sampleIntervalSeconds', Number.POSITIVE_INFINITY],
    ['sampleIntervalSeconds', 86_401],
    ['clock', null],
    ['clock', { now: () => 0 }],
  ])('%s rejects %j', (name, value) => {
    const build = (): unknown => new CachePerformanceMonitor({ [name]: value })
    expect(build).toThrow(ConfigurationError)
    expect(build).toThrow(`${name} must be `)
  })

  test('retentionHours accepts a fraction of an hour', () => {
    const monitor = new CachePerformanceMonitor({ retentionHours: 0.25 })
    expect(monitor.getPerformanceStats().retentionHours).toBe(0.25)
  })
})

describe('hits and misses', () => {
  test('only reads change the hit rate', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeOperation('get', 'hit', 'memory', 1)
    monitor.observeOperation('get', 'hit', 'redis', 1)
    monitor.observeOperation('get', 'miss', 'redis', 1)
    monitor.observeOperation('set', 'ok', 'redis', 1)
    const stats = monitor.getPerformanceStats()
    expect(stats.cacheHitRate).toBeCloseTo(66.667, 3)
    expect(stats).toMatchObject({ cacheHits: 2, cacheMisses: 1, totalCacheOperations: 4 })
  })

  test('an operation that was not timed counts, and leaves no measurement', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeOperation('get', 'hit', 'memory', undefined)
    monitor.observeOperation('get', 'miss', 'memory', undefined)
    const stats = monitor.getPerformanceStats()
    expect(stats).toMatchObject({ cacheHitRate: 50, totalCacheOperations: 2, rejectedRecords: 0 })
    expect(stats.cacheOperations).toBeUndefined()
  })

  test('hits and misses of other operations than reads do not count', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeOperation('set', 'hit', 'memory', 1)
    monitor.observeOperation('delete', 'miss', 'memory', 1)
    expect(monitor.getPerformanceStats()).toMatchObject({
      cacheHits: 0,
      cacheMisses: 0,
      totalCacheOperations: 2,
    })
  })

  test('recorded operations count like observed ones', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.recordCacheOperationTime({ operation: 'get', duration: 0.001, cacheHit: true })
    monitor.recordCacheOperationTime({ operation: 'get', duration: 0.001, cacheHit: false })
    monitor.recordCacheOperationTime({ operation: 'set', duration: 0.001, cacheHit: true })
    expect(monitor.getPerformanceStats()).toMatchObject({
      cacheHitRate: 50,
      cacheHits: 1,
      cacheMisses: 1,
      totalCacheOperations: 3,
    })
  })

  test('a read that failed in the backend is neither a hit nor a miss', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeOperation('get', 'hit', 'redis', 1)
    monitor.observeOperation('get', 'error', 'redis', 250)
    monitor.observeOperation('set', 'error', 'redis', 250)
    expect(monitor.getPerformanceStats()).toMatchObject({
      cacheHitRate: 100,
      cacheHits: 1,
      cacheMisses: 0,
      cacheErrors: 2,
      totalCacheOperations: 3,
    })
  })

  test('the hit rate is absent before the first read', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeOperation('set', 'ok', 'memory', 1)
    expect(monitor.getPerformanceStats()).not.toHaveProperty('cacheHitRate')
  })
})

test('a new monitor returns counts and no sections', () => {
  const clock = new ManualClock(Date.UTC(2026, 4, 1))
  expect(new CachePerformanceMonitor({ clock }).getPerformanceStats()).toStrictEqual({
    timestamp: '2026-05-01T00:00:00.000Z',
    retentionHours: 1,
    totalCacheOperations: 0,
    cacheHits: 0,
    cacheMisses: 0,
    cacheErrors: 0,
    rejectedRecords: 0,
    latencies: [],
  })
})

describe('an impossible number', () => {
  const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1]
  const valid = { operation: 'get' as const, duration: 1, cacheHit: true, textLength: 1 }
  const compression = { originalSize: 2, compressedSize: 1, compressionTime: 1 }
  const invalidation = { pattern: '*', keysInvalidated: 1, duration: 1 }

  test.each<[string, (monitor: CachePerformanceMonitor, value: number) => void]>([
    ['observeOperation', (m, value) => m.observeOperation('get', 'hit', 'memory', value)],
    ['observeKeyGeneration', (m, value) => m.observeKeyGeneration(value, 1, 'qa')],
    ['observeKeyGeneration text', (m, value) => m.observeKeyGeneration(1, value, 'qa')],
    ['observeCompression before', (m, value) => m.observeCompression(value, 1, 1)],
    ['observeCompression after', (m, value) => m.observeCompression(1, value, 1)],
    ['observeCompression time', (m, value) => m.observeCompression(1, 1, value)],
    ['observeInvalidation keys', (m, value) => m.observeInvalidation(value, 1)],
    ['observeInvalidation time', (m, value) => m.observeInvalidation(1, value)],
    ['operation', (m, value) => m.recordCacheOperationTime({ ...valid, duration: value })],
    ['key', (m, value) => m.recordKeyGenerationTime({ duration: 1, textLength: value })],
    ['ratio', (m, value) => m.recordCompressionRatio({ ...compression, compressedSize: value })],
    ['event', (m, value) => m.recordInvalidationEvent({ ...invalidation, duration: value })],
  ])('makes %s reject and count the record', (_name, report) => {
    const monitor = new CachePerformanceMonitor()
    for (const value of bad) report(monitor, value)
    const stats = monitor.getPerformanceStats()
    expect(stats).toMatchObject({ rejectedRecords: bad.length, totalCacheOperations: 0 })
    for (const section of ['keyGeneration', 'cacheOperations', 'compression', 'invalidation']) {
      expect(stats).not.toHaveProperty(section)
    }
  })
})

test('a record without its number is rejected', () => {
  const monitor = new CachePerformanceMonitor()
  monitor.recordKeyGenerationTime(JSON.parse('{ "textLength": 1 }'))
  expect(monitor.getPerformanceStats().rejectedRecords).toBe(1)
})

describe('retention', () => {
  test('a measurement leaves the sections at the age of the retention, and the counts stay', () => {
    const clock = new ManualClock()
    const monitor = new CachePerformanceMonitor({ retentionHours: 0.5, clock })
    const halfAnHour = 30 * 60 * 1_000
    monitor.observeOperation('get', 'hit', 'memory', 1)
    monitor.observeInvalidation(3, 1)
    clock.advance(halfAnHour - 1)
    monitor.observeOperation('get', 'miss', 'memory', 1)
    expect(monitor.getPerformanceStats().cacheOperations?.totalOperations).toBe(2)

    clock.advance(1)
    const stats = monitor.getPerformanceStats()
    expect(stats.cacheOperations?.totalOperations).toBe(1)
    expect(stats.invalidation).toBeUndefined()
    expect(stats).toMatchObject({ cacheHits: 1, cacheMisses: 1, totalCacheOperations: 2 })
    expect(monitor.exportMetrics()).toMatchObject({ total_invalidations: 1, cache_hits: 1 })

    clock.advance(halfAnHour)
    expect(monitor.getPerformanceStats().cacheOperations).toBeUndefined()
  })

  test('only the newest measurements are retained, and the counts go on', () => {
    const monitor = new CachePerformanceMonitor({ maxMeasurements: 100 })
    for (let count = 1; count <= 100_000; count++) {
      monitor.observeOperation('set', 'ok', 'memory', count)
      monitor.observeKeyGeneration(count, count, 'qa')
      monitor.observeCompression(count, count, count)
      monitor.observeInvalidation(1, count)
    }
    const metrics = monitor.exportMetrics()
    expect(metrics.cache_operation_times).toHaveLength(100)
    expect(metrics.key_generation_times).toHaveLength(100)
    expect(metrics.compression_ratios).toHaveLength(100)
    expect(metrics.invalidation_events).toHaveLength(100)
    expect(metrics.cache_operation_times[0]?.duration).toBe(99.901)
    expect(metrics.cache_operation_times.at(-1)?.duration).toBe(100)
    expect(metrics).toMatchObject({ total_operations: 100_000, total_keys_invalidated: 100_000 })
  })
})

test('resetStats removes everything but the options', () => {
  const clock = new ManualClock()
  const monitor = new CachePerformanceMonitor({ retentionHours: 2, maxMeasurements: 1, clock })
  const untouched = monitor.getPerformanceStats()
  for (let count = 0; count < 3; count++) {
    monitor.observeOperation('get', 'hit', 'memory', 1)
    monitor.observeKeyGeneration(1, 1, 'qa')
    monitor.observeCompression(2, 1, 1)
    monitor.observeInvalidation(1, 1)
    monitor.observeInvalidation(-1, 1)
  }
  monitor.resetStats()
  expect(monitor.getPerformanceStats()).toStrictEqual(untouched)

  monitor.observeOperation('get', 'hit', 'memory', 1)
  monitor.observeOperation('get', 'hit', 'memory', 1)
  expect(monitor.exportMetrics().cache_operation_times).toHaveLength(1)
})

describe('arguments from callers without types', () => {
  const calls: readonly [string, (monitor: CachePerformanceMonitor, bad: never) => void][] = [
    ['recordCacheOperationTime', (monitor, bad) => monitor.recordCacheOperationTime(bad)],
    ['recordKeyGenerationTime', (monitor, bad) => monitor.recordKeyGenerationTime(bad)],
    ['recordCompressionRatio', (monitor, bad) => monitor.recordCompressionRatio(bad)],
    ['recordInvalidationEvent', (monitor, bad) => monitor.recordInvalidationEvent(bad)],
    ['recordMemoryUsage', (monitor, bad) => monitor.recordMemoryUsage(bad)],
    ['recordOperation', (monitor, bad) => monitor.recordOperation('get', bad, true)],
    ['observeMemory', (monitor, bad) => monitor.observeMemory(bad)],
    ['observeKeyGeneration', (monitor, bad) => monitor.observeKeyGeneration(bad, 1, 'qa')],
    ['observeCompression', (monitor, bad) => monitor.observeCompression(bad, 1, 1)],
    ['observeInvalidation', (monitor, bad) => monitor.observeInvalidation(bad, 1)],
    ['observeOperation', (monitor, bad) => monitor.observeOperation(bad, 'hit', 'memory', 1)],
  ]
  test.each(calls)('%s rejects and counts them, and does not throw', (_name, call) => {
    const monitor = new CachePerformanceMonitor()
    const bad = [undefined, null, 'text', 1n, Symbol('symbol'), true]
    for (const argument of bad) call(monitor, argument as never)
    expect(monitor.getPerformanceStats()).toMatchObject({
      rejectedRecords: bad.length,
      totalCacheOperations: 0,
    })
    monitor.close()
  })

  test('the constructor rejects unknown options, and anything but an object', () => {
    for (const options of [null, 'fast', { retentionHour: 1 }, [1]] as never[]) {
      expect(() => new CachePerformanceMonitor(options)).toThrow(ConfigurationError)
    }
    expect(() => new CachePerformanceMonitor({ retentionHour: 1 } as never)).toThrow(
      'Did you mean retentionHours?',
    )
  })

  test('combineMonitors rejects anything but a monitor', () => {
    const monitor = new CachePerformanceMonitor()
    for (const bad of [undefined, null, {}, 'monitor', new Map()]) {
      expect(() => combineMonitors(monitor, bad as never)).toThrow(
        /^monitors\[1\] must be a cache monitor with the method observe\w+; received /,
      )
      expect(() => combineMonitors(bad as never)).toThrow(ValidationError)
    }
    const reader = { observeOperation: () => undefined }
    expect(() => combineMonitors(monitor, reader as never)).toThrow(
      'monitors[1] must be a cache monitor with the method observeKeyGeneration; received an object',
    )
    monitor.close()
  })
})
