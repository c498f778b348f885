import { ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { expect, test } from 'vitest'
import { CachePerformanceMonitor } from '../src/index.js'

test('the hit rate is absent when all reads failed', () => {
  const monitor = new CachePerformanceMonitor()
  monitor.observeOperation('get', 'error', 'redis', 1)
  monitor.observeOperation('set', 'ok', 'redis', 1)
  monitor.observeResponse('qa', 'small', 'error', 1)
  const stats = monitor.getPerformanceStats()
  expect(stats).not.toHaveProperty('cacheHitRate')
  expect(stats.responses).toEqual([
    {
      ...{ operation: 'qa', model: 'small', hits: 0, misses: 0, joined: 0, errors: 1 },
      ...{ stored: 0, failed: 0 },
    },
  ])
  expect(monitor.getTrends().hitRate).toEqual({ readings: 0 })
})

test('the hit rate is 0 after a miss', () => {
  const monitor = new CachePerformanceMonitor()
  monitor.observeOperation('get', 'miss', 'redis', 1)
  monitor.observeResponse('qa', undefined, 'miss', 1)
  const stats = monitor.getPerformanceStats()
  expect(stats.cacheHitRate).toBe(0)
  expect(stats.responses?.[0]).toMatchObject({ hitRate: 0 })
  expect(stats.responses?.[0]).not.toHaveProperty('model')
})

test('the hit rate of an InMemoryCache is absent before its first read', async () => {
  const cache = new InMemoryCache()
  await cache.set('key', 1)
  expect(cache.getStats()).not.toHaveProperty('hitRate')
  await cache.get('absent')
  expect(cache.getStats().hitRate).toBe(0)
})

test('the durations of invalidations are absent once all are older than the retention', () => {
  const clock = new ManualClock()
  const monitor = new CachePerformanceMonitor({ clock, retentionHours: 1 })
  monitor.observeInvalidation(4, 20)
  clock.advance(2 * 3_600_000)
  expect(monitor.getInvalidationFrequencyStats()).toMatchObject({
    totalInvalidations: 1,
    efficiency: { avgKeysPerInvalidation: 4 },
  })
  const { efficiency } = monitor.getInvalidationFrequencyStats() as { efficiency: object }
  expect(Object.keys(efficiency)).toEqual(['avgKeysPerInvalidation'])
})

test('an export has null for unknown figures', () => {
  const monitor = new CachePerformanceMonitor()
  monitor.observeOperation('get', 'hit', 'redis', 1)
  monitor.recordMemoryUsage({ memoryCacheBytes: 0, memoryCacheEntries: 0 })
  const metrics = monitor.exportMetrics()
  expect(metrics.cache_operation_times[0]?.text_length).toBeNull()
  expect(metrics.memory_usage_measurements[0]).toMatchObject({
    avg_entry_size_bytes: null,
    redis_size_bytes: null,
    redis_entry_count: null,
    memory_cache_size_bytes: 0,
  })
})
