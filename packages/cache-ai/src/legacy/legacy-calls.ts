import { type CacheInterface, escapeGlob, type Ttl, ValidationError } from '@verbatim/cache-core'
import { AIResponseCache } from '../ai-response-cache.js'
import type { CacheKeyGenerator, RequestOptions } from '../keys/cache-key-generator.js'
import { DEFAULT_OPERATION_TTLS, type OperationTtls } from '../operation-ttls.js'
import type { AICacheStats } from '../statistics/cache-stats.js'
import { withSnakeCaseFields } from './snake-case.js'

export interface LegacyCallsOptions {
  /** Makes the keys of requests. Only for a cache that is not an {@link AIResponseCache}. */
  readonly keyGenerator?: CacheKeyGenerator | undefined
  /** TTLs by operation, for such a cache. Default: `DEFAULT_OPERATION_TTLS`. */
  readonly operationTtls?: OperationTtls | undefined
}

/** The state of a cache, in the fields of the Python version. */
export interface LegacyCacheStats {
  readonly redis: Readonly<Record<string, unknown>>
  readonly memory: {
    readonly memory_cache_entries: number
    readonly memory_cache_size_limit: number
    /** Entries and their limit, such as `'12/100'`. */
    readonly memory_cache_utilization: string
  }
  readonly performance: unknown
  readonly ai_metrics: unknown
}

type Names = 'getCacheStats' | 'getCacheHitRatio' | 'invalidateByOperation'

/** The methods whose arguments or results differ from the Python version, by their Python names. */
export class LegacyCalls {
  readonly #cache: CacheInterface
  readonly #options: LegacyCallsOptions

  constructor(cache: CacheInterface, options: LegacyCallsOptions) {
    this.#cache = cache
    this.#options = options
  }

  /** Returns a flat response, or `null` for a miss. */
  async get_cached_response(
    text: string,
    operation: string,
    options?: RequestOptions,
    question?: string,
  ): Promise<Readonly<Record<string, unknown>> | null> {
    const cache = this.#cache
    if (!(cache instanceof AIResponseCache)) {
      return (await cache.get(this.#keyOf(text, operation, options, question))) ?? null
    }
    const request = { text, operation, options, question }
    const found = await cache.getCachedResponse<Record<string, unknown>>(request, { shape: 'flat' })
    return found ?? null
  }

  async cache_response(
    text: string,
    operation: string,
    options: RequestOptions | undefined,
    response: unknown,
    question?: string,
  ): Promise<void> {
    const cache = this.#cache
    if (cache instanceof AIResponseCache) {
      return cache.cacheResponse({ text, operation, options, response, question })
    }
    const { operationTtls = DEFAULT_OPERATION_TTLS } = this.#options
    const ttl = new Map<string, Ttl>(Object.entries(operationTtls)).get(operation)
    return cache.set(this.#keyOf(text, operation, options, question), response, ttl)
  }

  /** Removes every key that contains the text. Returns the number of removed keys. */
  async invalidate_pattern(pattern: string, operation_context?: string): Promise<number> {
    const anywhere = pattern === '' ? '*' : `*${escapeGlob(pattern)}*`
    return this.#cache instanceof AIResponseCache
      ? this.#cache.invalidatePattern(anywhere, { operationContext: operation_context })
      : this.#cache.invalidatePattern(anywhere)
  }

  async invalidate_by_operation(operation: string, operation_context?: string): Promise<number> {
    const cache = this.#aiCache('invalidateByOperation')
    const operationContext = operation_context ?? `operation_specific_${operation}`
    return cache.invalidateByOperation(operation, { operationContext })
  }

  async get_cache_stats(): Promise<LegacyCacheStats> {
    return legacyCacheStats(await this.#aiCache('getCacheStats').getCacheStats())
  }

  /** Returns hits / (hits + misses), in percent. */
  get_cache_hit_ratio(): number {
    return this.#aiCache('getCacheHitRatio').getCacheHitRatio()
  }

  #aiCache(name: Names): AIResponseCache {
    if (this.#cache instanceof AIResponseCache) return this.#cache
    throw missing(this.#cache, name)
  }

  #keyOf(
    text: string,
    operation: string,
    options: RequestOptions | undefined,
    question: string | undefined,
  ): string {
    const { keyGenerator } = this.#options
    if (keyGenerator !== undefined) {
      return keyGenerator.generateCacheKey(text, operation, options, question)
    }
    const { name } = this.#cache.constructor
    throw new ValidationError(`the wrapper of a ${name} must have the option keyGenerator`, {
      code: 'NO_KEY_GENERATOR',
    })
  }
}

/** Returns the error for a member that the cache does not have. */
export function missing(cache: CacheInterface, name: string): ValidationError {
  return new ValidationError(`${cache.constructor.name} has no ${name}`, {
    code: 'NO_SUCH_MEMBER',
    context: { member: name },
  })
}

const BYTES_PER_MB = 1_048_576

function legacyCacheStats({ redis, memory, performance, ai }: AICacheStats): LegacyCacheStats {
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
