import { InfrastructureError } from '@verbatim/cache-core'
import type { PerformanceStats } from '@verbatim/cache-monitoring'
import type { RedisCacheStats, RedisServerInfo } from '@verbatim/cache-redis'
import { assertStatsOptions } from '../arguments.js'
import type { AIPerformanceSummary } from './ai-statistics.js'

export interface AICacheStatsOptions {
  /** Whether to count the keys in Redis. Default: true. */
  readonly countKeys?: boolean | undefined
}

/** The state of Redis. In a cluster, the figures cover all masters. */
export type RedisStanding =
  | (RedisServerInfo & {
      readonly status: 'connected'
      /** Keys of this cache; absent with `countKeys: false`. */
      readonly keys?: number
    })
  | { readonly status: 'unavailable' }
  /** The cache was created without a Redis. */
  | { readonly status: 'not_configured' }
  /** Redis responds, but refused to return its state. */
  | { readonly status: 'error'; readonly code: string }

/** The state and the statistics of a cache. */
export interface AICacheStats {
  readonly redis: RedisStanding
  /** `undefined` without a memory tier. */
  readonly memory: RedisCacheStats['memory']
  readonly performance: PerformanceStats
  readonly ai: Omit<AIPerformanceSummary, 'inheritedStats'>
}

interface Asked {
  getStats(): RedisCacheStats
  getServerInfo(): Promise<RedisServerInfo>
  getAiPerformanceSummary(): AIPerformanceSummary
  scan(): AsyncIterable<string>
}

/** Returns the state and the statistics of a cache. Never rejects, except for wrong options. */
export async function cacheStats(
  cache: Asked,
  options: AICacheStatsOptions = {},
): Promise<AICacheStats> {
  assertStatsOptions(options)
  const { countKeys = true } = options
  const redis = await redisState(cache, countKeys)
  const { inheritedStats: performance, ...ai } = cache.getAiPerformanceSummary()
  return { redis, memory: cache.getStats().memory, performance, ai }
}

async function redisState(cache: Asked, countKeys: boolean): Promise<RedisStanding> {
  if (cache.getStats().mode === 'memory') return { status: 'not_configured' }
  try {
    const info = await cache.getServerInfo()
    const keys = countKeys ? { keys: await count(cache.scan()) } : {}
    return { status: 'connected', ...keys, ...info }
  } catch (error) {
    const isUp = cache.getStats().redis.connected
    const code = error instanceof InfrastructureError ? error.code : 'UNKNOWN'
    return isUp ? { status: 'error', code } : { status: 'unavailable' }
  }
}

async function count(keys: AsyncIterable<string>): Promise<number> {
  let counted = 0
  const iterator = keys[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true) counted++
  return counted
}
