import { AIResponseCache } from '@verbatim/cache-ai'
import { CachePerformanceMonitor, combineMonitors } from '@verbatim/cache-monitoring'
import { RequestTracer } from '@verbatim/cache-monitoring/dashboard'

/** The beginning of all keys. No other program uses it. */
const KEY_PREFIX = 'verbatim-example-service:'

/** The most results that one process stores in memory. */
const RESULTS_IN_MEMORY = 1_000

/** The place where the cache stores entries now. */
export interface CacheBackend {
  /** `memory_only` while the Redis of the configuration does not respond. */
  readonly mode: 'memory' | 'redis' | 'memory_only'
  readonly redis: 'not_configured' | 'connected' | 'unavailable'
  readonly memory: { readonly activeEntries: number; readonly maxSize: number }
}

export interface CacheSetup {
  readonly cache: AIResponseCache
  readonly monitor: CachePerformanceMonitor
  /** Follows each request through the tiers of the cache. */
  readonly tracer: RequestTracer
}

/** Creates the cache of the service: in memory, or in Redis if its URL is given. */
export function createCache(redisUrl?: string): CacheSetup {
  const monitor = new CachePerformanceMonitor()
  const tracer = new RequestTracer()
  const cache = new AIResponseCache({
    redisUrl,
    keyPrefix: KEY_PREFIX,
    l1CacheSize: RESULTS_IN_MEMORY,
    performanceMonitor: combineMonitors(monitor, tracer),
  })
  return { cache, monitor, tracer }
}

/** Returns the place where a cache stores entries now. */
export function backendOf(cache: AIResponseCache): CacheBackend {
  const { mode, redis, memory = { activeEntries: 0, maxSize: 0 } } = cache.getStats()
  const status = redis.connected ? 'connected' : 'unavailable'
  return { mode, redis: mode === 'memory' ? 'not_configured' : status, memory }
}
