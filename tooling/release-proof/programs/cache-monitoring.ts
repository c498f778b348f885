import assert from 'node:assert/strict'
import { CachePerformanceMonitor, type PerformanceStats } from '@verbatim/cache-monitoring'

const monitor = new CachePerformanceMonitor({ retentionHours: 1 })
monitor.recordCacheOperationTime({ operation: 'get', duration: 0.002, cacheHit: true })
monitor.recordCacheOperationTime({ operation: 'get', duration: 0.004, cacheHit: false })
monitor.recordInvalidationEvent({ pattern: 'user:*', keysInvalidated: 3, duration: 0.01 })

const stats: PerformanceStats = monitor.getPerformanceStats()
assert.equal(stats.cacheHitRate, 50)
assert.equal(stats.invalidation?.totalKeysInvalidated, 3)
assert.ok(JSON.stringify(monitor.exportMetrics()).includes('user:*'))
console.log('ok')
