import type { AICacheStats } from '../statistics/cache-stats.js'
import { withSnakeCaseFields } from './snake-case.js'

/** The state of a cache, in the fields of the Python version. */
export interface LegacyCacheStats {
  readonly redis: Readonly<Record<string, unknown>>
  readonly memory: {
    readonly memory_cache_entries: number
    readonly memory_cache_size_limit: number
    /** Such as `'12/100'`. */
    readonly memory_cache_utilization: string
  }
  readonly performance: unknown
  readonly ai_metrics: unknown
}

const BYTES_PER_MB = 1_048_576

export function legacyCacheStats({
  redis,
  memory,
  performance,
  ai,
}: AICacheStats): LegacyCacheStats {
  const { totalEntries = 0, maxSize = 0 } = memory ?? {}
  return {
    redis: legacyRedis(redis),
    memory: {
      memory_cache_entries: totalEntries,
      memory_cache_size_limit: maxSize,
      memory_cache_utilization: `${totalEntries}/${maxSize}`,
    },
    performance: withSnakeCaseFields(performance),
    ai_metrics: withSnakeCaseFields(ai),
  }
}

function legacyRedis(redis: AICacheStats['redis']): LegacyCacheStats['redis'] {
  if (redis.status === 'unavailable' || redis.status === 'not_configured') {
    return { status: 'unavailable', keys: 0 }
  }
  if (redis.status === 'error') return { status: redis.status, error: redis.code }
  const { keys = 0, usedMemoryBytes, connectedClients } = redis
  return {
    status: redis.status,
    keys,
    memory_used: `${(usedMemoryBytes / BYTES_PER_MB).toFixed(2)}M`,
    memory_used_bytes: usedMemoryBytes,
    connected_clients: connectedClients,
  }
}
