import { type CacheInterface, escapeGlob, type Ttl, ValidationError } from '@verbatim/cache-core'
import { AIResponseCache } from '../ai-response-cache.js'
import type { CacheKeyGenerator, RequestOptions } from '../keys/cache-key-generator.js'
import { DEFAULT_OPERATION_TTLS, type OperationTtls } from '../operation-ttls.js'
import { type LegacyCacheStats, legacyCacheStats } from './legacy-cache-stats.js'

export interface LegacyCallsOptions {
  /** Makes the keys, where the cache is no {@link AIResponseCache} and has no keys for requests. */
  readonly keyGenerator?: CacheKeyGenerator | undefined
  /** For such a cache: how long the response to each operation lives. Default: the usual table. */
  readonly operationTtls?: OperationTtls | undefined
}

type Names = 'getCacheStats' | 'getCacheHitRatio' | 'invalidateByOperation'

/** The calls of the Python version whose arguments or return values differ now, by their Python names. */
export class LegacyCalls {
  readonly #cache: CacheInterface
  readonly #options: LegacyCallsOptions

  constructor(cache: CacheInterface, options: LegacyCallsOptions) {
    this.#cache = cache
    this.#options = options
  }

  /** `null` when there is none. */
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

  /** Removes every key that has the text in it, whatever stands before and behind. */
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

  /** In percent. */
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
    throw new ValidationError(
      `${this.#cache.constructor.name} has no keys for requests; give the wrapper a keyGenerator`,
      { code: 'NO_KEY_GENERATOR' },
    )
  }
}

export function missing(cache: CacheInterface, name: string): ValidationError {
  return new ValidationError(`${cache.constructor.name} has no ${name}`, {
    code: 'NO_SUCH_MEMBER',
    context: { member: name },
  })
}
