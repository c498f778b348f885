import { AIResponseCache } from '@verbatim/cache-ai'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'

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
  readonly backend: () => CacheBackend
}

/**
 * Creates the cache of the service: in memory, or in Redis if its URL is given. While Redis does not respond,
 * the service starts anyway, and the cache works from memory.
 */
export async function createCache(redisUrl: string | undefined): Promise<CacheSetup> {
  const monitor = new CachePerformanceMonitor()
  const cache = new AIResponseCache({
    redisUrl,
    keyPrefix: KEY_PREFIX,
    l1CacheSize: RESULTS_IN_MEMORY,
    performanceMonitor: monitor,
  })
  if (redisUrl !== undefined) await cache.connect()
  return { cache, monitor, backend: () => backendOf(cache) }
}

/** Returns the place where a cache stores entries now. */
export function backendOf(cache: AIResponseCache): CacheBackend {
  const { mode, redis, memory = { activeEntries: 0, maxSize: 0 } } = cache.getStats()
  const status = redis.connected ? 'connected' : 'unavailable'
  return { mode, redis: mode === 'memory' ? 'not_configured' : status, memory }
}
