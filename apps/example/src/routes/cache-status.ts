import type { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import type { FastifyInstance } from 'fastify'
import type { CacheBackend } from '../create-cache.js'

export interface CacheStatusRouteOptions {
  readonly monitor: CachePerformanceMonitor
  readonly backend: () => CacheBackend
}

/** Adds `GET /internal/cache/status`, which returns where entries are stored and how many reads hit. */
export async function cacheStatusRoute(
  app: FastifyInstance,
  { monitor, backend }: CacheStatusRouteOptions,
): Promise<void> {
  app.get('/internal/cache/status', async () => {
    const { mode, redis, memory } = backend()
    const performance = monitor.getPerformanceStats()
    return {
      mode,
      redis: { status: redis },
      memory: {
        memory_cache_entries: memory.activeEntries,
        memory_cache_size_limit: memory.maxSize,
        memory_cache_utilization: `${memory.activeEntries}/${memory.maxSize}`,
      },
      performance: {
        cache_hit_rate: performance.cacheHitRate,
        total_cache_operations: performance.totalCacheOperations,
        cache_hits: performance.cacheHits,
        cache_misses: performance.cacheMisses,
      },
    }
  })
}
