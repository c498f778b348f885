import { ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { expect, test } from 'vitest'
import { CachePerformanceMonitor } from '../src/index.js'

test('a cache reports each logical operation once', async () => {
  const clock = new ManualClock()
  const monitor = new CachePerformanceMonitor({ clock })
  const cache = new InMemoryCache({ clock, performanceMonitor: monitor })

  await cache.set('user:1', 'Ada')
  await cache.get('user:1')
  await cache.get('user:1')
  await cache.get('absent')
  await cache.delete('user:1')
  const stats = monitor.getPerformanceStats()
  expect(stats).toMatchObject({ cacheHits: 2, cacheMisses: 1, totalCacheOperations: 5 })
  expect(stats.cacheHitRate).toBeCloseTo(66.667, 3)
  expect(stats.cacheOperations?.byOperationType).toMatchObject({
    get: { count: 3 },
    set: { count: 1 },
    delete: { count: 1 },
  })
  const own = cache.getStats()
  expect([own.hits, own.misses, own.hitRate]).toEqual([2, 1, stats.cacheHitRate])
})

test('a loaded value counts as one read and one write', async () => {
  const monitor = new CachePerformanceMonitor()
  const cache = new InMemoryCache({ performanceMonitor: monitor })
  await cache.getOrSet('answer', () => 42)
  await cache.getOrSet('answer', () => 42)
  expect(monitor.getPerformanceStats()).toMatchObject({
    cacheHits: 1,
    cacheMisses: 1,
    totalCacheOperations: 3,
  })
})

test('an invalidation reports the number of removed keys', async () => {
  const monitor = new CachePerformanceMonitor()
  const cache = new InMemoryCache({ performanceMonitor: monitor })
  await cache.setMany([
    ['user:1', 'Ada'],
    ['user:2', 'Grace'],
    ['order:1', 'tea'],
  ])
  await cache.invalidatePattern('user:*')
  expect(monitor.getPerformanceStats().invalidation).toMatchObject({
    totalInvalidations: 1,
    totalKeysInvalidated: 2,
  })
})
