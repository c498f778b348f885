import { AIResponseCache } from '@verbatim/cache-ai'
import type { CacheInterface } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'

/** No other program has keys under it, whichever Redis the service is pointed at. */
const KEY_PREFIX = 'verbatim-example-service:'

/** Where the cache keeps its entries right now. */
export interface CacheBackend {
  /** `memory_only`: there should be a Redis, but it does not answer. */
  readonly mode: 'memory' | 'redis' | 'memory_only'
  readonly redis: 'not_configured' | 'connected' | 'unavailable'
  readonly memory: { readonly activeEntries: number; readonly maxSize: number }
}

export interface CacheSetup {
  readonly cache: CacheInterface
  readonly monitor: CachePerformanceMonitor
  readonly backend: () => CacheBackend
}

/**
 * Makes the cache of the service: in memory, or in Redis when its URL is given. A Redis that is not
 * there is no reason not to start; the cache works from memory and takes Redis into use when it
 * comes.
 */
export async function createCache(redisUrl: string | undefined): Promise<CacheSetup> {
  const monitor = new CachePerformanceMonitor()
  return redisUrl === undefined ? inMemory(monitor) : inRedis(redisUrl, monitor)
}

function inMemory(monitor: CachePerformanceMonitor): CacheSetup {
  const cache = new InMemoryCache({ performanceMonitor: monitor })
  return {
    cache,
    monitor,
    backend: () => ({ mode: 'memory', redis: 'not_configured', memory: cache.getStats() }),
  }
}

async function inRedis(redisUrl: string, monitor: CachePerformanceMonitor): Promise<CacheSetup> {
  const cache = new AIResponseCache({
    redisUrl,
    keyPrefix: KEY_PREFIX,
    performanceMonitor: monitor,
  })
  await cache.connect()
  return {
    cache,
    monitor,
    backend: () => {
      const { mode, redis, memory = { activeEntries: 0, maxSize: 0 } } = cache.getStats()
      return { mode, redis: redis.connected ? 'connected' : 'unavailable', memory }
    },
  }
}
