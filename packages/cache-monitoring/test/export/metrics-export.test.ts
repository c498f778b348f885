import { ManualClock } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import { CachePerformanceMonitor } from '../../src/index.js'

test('an export contains the whole state under its snake_case names, and survives JSON', () => {
  const clock = new ManualClock(1_000)
  const monitor = new CachePerformanceMonitor({
    name: 'answers',
    clock,
    memoryWarningThresholdBytes: 100,
    memoryCriticalThresholdBytes: 200,
  })
  const additionalData = { model: 'small' }
  monitor.observeOperation('get', 'hit', 'redis', 2)
  monitor.recordCacheOperationTime({
    operation: 'set',
    duration: 0.5,
    cacheHit: false,
    textLength: 40,
    additionalData,
  })
  clock.advance(500)
  monitor.recordKeyGenerationTime({ duration: 0.1, textLength: 7, operationType: 'qa' })
  monitor.observeCompression(1_000, 250, 3)
  monitor.recordInvalidationEvent({
    pattern: 'qa:*',
    keysInvalidated: 3,
    duration: 0.2,
    invalidationType: 'automatic',
    operationContext: 'model_update',
  })
  monitor.recordMemoryUsage({
    memoryCacheBytes: 100,
    memoryCacheEntries: 1,
    redisBytes: 200,
    redisKeys: 2,
  })
  additionalData.model = 'changed since'

  const metrics = monitor.exportMetrics()
  expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
  expect(metrics).toEqual({
    cache: 'answers',
    key_generation_times: [
      {
        duration: 0.1,
        text_length: 7,
        timestamp: 1.5,
        operation_type: 'qa',
        additional_data: {},
      },
    ],
    cache_operation_times: [
      {
        duration: 0.002,
        text_length: null,
        timestamp: 1,
        operation_type: 'get',
        outcome: 'hit',
        tier: 'redis',
        additional_data: {},
      },
      {
        duration: 0.5,
        text_length: 40,
        timestamp: 1,
        operation_type: 'set',
        outcome: 'ok',
        tier: null,
        additional_data: { model: 'small' },
      },
    ],
    compression_ratios: [
      {
        original_size: 1_000,
        compressed_size: 250,
        compression_ratio: 0.25,
        compression_time: 0.003,
        timestamp: 1.5,
        operation_type: '',
      },
    ],
    invalidation_events: [
      {
        pattern: 'qa:*',
        keys_invalidated: 3,
        duration: 0.2,
        timestamp: 1.5,
        invalidation_type: 'automatic',
        operation_context: 'model_update',
        additional_data: {},
      },
    ],
    memory_usage_measurements: [
      {
        total_cache_size_bytes: 300,
        cache_entry_count: 3,
        avg_entry_size_bytes: 100,
        memory_cache_size_bytes: 100,
        memory_cache_entry_count: 1,
        redis_size_bytes: 200,
        redis_entry_count: 2,
        process_memory_mb: expect.any(Number),
        timestamp: 1.5,
        cache_utilization_percent: 300,
        warning_threshold_reached: true,
        additional_data: {},
      },
    ],
    operation_counts: [
      { operation: 'get', tier: 'redis', outcome: 'hit', count: 1 },
      { operation: 'set', tier: 'unspecified', outcome: 'ok', count: 1 },
    ],
    response_counts: [],
    latencies: [
      { operation: 'get', tier: 'redis', histogram: expect.objectContaining({ count: 1 }) },
      { operation: 'set', tier: 'unspecified', histogram: expect.objectContaining({ sum: 0.5 }) },
    ],
    key_generation_latencies: expect.objectContaining({ count: 1, sum: 0.1 }),
    alerts: [expect.objectContaining({ name: 'cache_size', level: 'CRITICAL', value: 300 })],
    total_compressions: 1,
    total_bytes_before_compression: 1_000,
    total_bytes_after_compression: 250,
    cache_hits: 1,
    cache_misses: 0,
    cache_errors: 0,
    total_operations: 2,
    total_invalidations: 1,
    total_keys_invalidated: 3,
    rejected_records: 0,
    export_timestamp: '1970-01-01T00:00:01.500Z',
  })
})
