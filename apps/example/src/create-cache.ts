import { AIResponseCache } from '@verbatim/cache-ai'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'

/** No other program has keys under it, whichever Redis the service is pointed at. */
const KEY_PREFIX = 'verbatim-example-service:'

/** How many answers one process keeps in memory. */
const ANSWERS_IN_MEMORY = 1_000

/** Where the cache keeps its entries right now. */
export interface CacheBackend {
  /** `memory_only`: there should be a Redis, but it does not answer. */
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
 * Creates the cache of the service: in memory, or in Redis when its URL is given. The service also starts
 * while Redis does not answer: the cache works from memory and uses Redis as soon as it can.
 */
export async function createCache(redisUrl: string | undefined): Promise<CacheSetup> {
  const monitor = new CachePerformanceMonitor()
  const cache = new AIResponseCache({
    redisUrl,
    keyPrefix: KEY_PREFIX,
    l1CacheSize: ANSWERS_IN_MEMORY,
    performanceMonitor: monitor,
  })
  if (redisUrl !== undefined) await cache.connect()
  return { cache, monitor, backend: () => backendOf(cache) }
}

/** Returns where a cache keeps its entries right now. */
export function backendOf(cache: AIResponseCache): CacheBackend {
  const { mode, redis, memory = { activeEntries: 0, maxSize: 0 } } = cache.getStats()
  const status = redis.connected ? 'connected' : 'unavailable'
  return { mode, redis: mode === 'memory' ? 'not_configured' : status, memory }
}
