import type { CacheError, Loader } from '@verbatim/cache-core'
import { recognizeCopies } from '@verbatim/cache-core/implement'
import type {
  InvalidationFrequencyStats,
  MemoryUsageRecord,
  NoInvalidationFrequencyStats,
  PerformanceStats,
  Recommendation,
} from '@verbatim/cache-monitoring'
import { GenericRedisCache } from '@verbatim/cache-redis'
import type { AIRequest, AIResponse, CachedResponse } from './ai-request.js'
import { assertInvalidation, assertNoOptions } from './arguments.js'
import type { ComputeOptions, LookupOptions } from './call-options.js'
import type { ComputeMany } from './compute-batch.js'
import type { AIResponseCacheConfig } from './config/ai-response-cache-config.js'
import type {
  CacheKeyGenerator,
  KeySelection,
  KeyStyle,
  RequestOptions,
} from './keys/cache-key-generator.js'
import { type FlatResponse, flatResponse } from './legacy/flat-response.js'
import { type AIResponseCacheOptions, type InvalidationOptions, reasonOf } from './options.js'
import { PromotionRule } from './promotion.js'
import { resolveOptions } from './resolve-options.js'
import { ResponseCache } from './response-cache.js'
import { responseError } from './response-form.js'
import {
  type AIOverview,
  type AIPerformanceSummary,
  AIStatistics,
} from './statistics/ai-statistics.js'
import {
  type AICacheStats,
  type AICacheStatsOptions,
  cacheStats,
} from './statistics/cache-stats.js'
import type { OperationPerformance } from './statistics/operation-performance.js'
import type { StatisticsMonitor } from './statistics/statistics-monitor.js'
import type { TextSizeStatistics } from './statistics/text-size-statistics.js'
import { StoredResponses } from './stored-responses.js'

/**
 * Caches AI responses in Redis and memory.
 *
 * A response is found again by the text, operation, options, question and tenant of its request, and its TTL
 * depends on the operation. Keys have the prefix `ai_cache:`. Hits are frozen, so that no caller can change a
 * response for the next one.
 *
 * @example
 * ```ts
 * const cache = new AIResponseCache({ redisUrl: 'redis://127.0.0.1:6379' })
 * const request = { text, operation: 'summarize', options: { model: 'gpt-4.1' } }
 * const { response, cached } = await cache.getOrCompute(request, () => callModel(request))
 * console.log(cached.hit ? `saved ${cached.savedMs} ms` : 'computed', response)
 * ```
 */
export class AIResponseCache extends GenericRedisCache {
  static {
    recognizeCopies(this, 'cache-ai/AIResponseCache')
  }

  readonly #keys: CacheKeyGenerator
  readonly #monitor: StatisticsMonitor
  readonly #responses: ResponseCache
  readonly #statistics: AIStatistics

  /**
   * @param settings - without a Redis, the cache uses memory alone, and `getStats().mode` is `'memory'`
   * @throws ConfigurationError or ValidationError that names the wrong or unknown option
   */
  constructor(settings: AIResponseCacheOptions | AIResponseCacheConfig = {}) {
    const { ttls, keys, textSizeTiers, monitor, statistics, form, generic } =
      resolveOptions(settings)
    super(generic)
    this.#keys = keys
    this.#monitor = statistics
    this.#responses = new ResponseCache({
      ...{ cache: this, clock: this.clock, keys, operationTtls: ttls, textSizeTiers },
      responses: new StoredResponses({
        ...{ clock: this.clock, form, isLegacy: keys.keyStyle === 'legacy' },
        assertStorable: (value) => this.assertStorable(value),
        copy: (value) => this.copyOf(value),
      }),
      monitor,
      promotion: new PromotionRule(),
    })
    this.#statistics = new AIStatistics({
      monitor: statistics,
      ttls,
      tiers: textSizeTiers,
      keys,
      reads: () => this.getStats(),
      memoryPercent: () => this.getStats().memory?.utilizationPercent,
    })
  }

  /**
   * Stores a response.
   *
   * @throws ValidationError for wrong arguments
   * @throws SerializationError (`NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`) for a response that cannot be stored
   * @throws CacheError (`SERIALIZE_FAILED`) when the cache's `serialize` or `revive` throws
   * @throws CacheError (`STORE_FAILED`) for a response that throws while it is read
   */
  cacheResponse(answered: AIResponse): Promise<void>
  async cacheResponse(answered: AIResponse, unexpected?: unknown): Promise<void> {
    assertNoOptions('cacheResponse', unexpected)
    await this.#responses.store(answered)
  }

  /**
   * Returns a cached response.
   *
   * @param options - with `refresh`, no response is found; with `maxAge`, no older one. The other options of
   * `getOrCompute` have no effect. `shape: 'flat'` puts the metadata among the fields of the response
   * @returns `undefined` when no usable response is cached
   * @throws ValidationError for wrong arguments
   */
  getCachedResponse<T = unknown>(
    request: AIRequest,
    options: LookupOptions & { readonly shape: 'flat' },
  ): Promise<FlatResponse<T> | undefined>
  getCachedResponse<T = unknown>(
    request: AIRequest,
    options?: LookupOptions,
  ): Promise<CachedResponse<T> | undefined>
  async getCachedResponse<T = unknown>(
    request: AIRequest,
    options?: LookupOptions,
  ): Promise<CachedResponse<T> | FlatResponse<T> | undefined> {
    const found = await this.#responses.find<T>(request, options)
    if (found === undefined || options?.shape !== 'flat') return found
    return flatResponse(request, found, this.clock.wallTime())
  }

  /**
   * Returns a cached response, or computes and stores it. Calls with the same request share one computation,
   * also in other processes. A computed response reaches its callers even if it cannot be stored.
   *
   * @param compute - its context has a `signal`, which aborts when no caller waits, and `skip()`, which keeps
   * the response out of the cache
   * @param options - the options of `getOrSet`, and `maxAge`, `onlyIfCached` and `shouldStore`
   * @throws the error of the computation; nothing is stored then
   * @throws CacheError (`NOT_CACHED`) with `onlyIfCached` when no usable response is cached
   * @example
   * ```ts
   * const { response } = await cache.getOrCompute(
   *   { text, operation: 'qa', question },
   *   ({ signal }) => callModel(text, question, signal),
   *   { staleIfError: '1h', timeout: { hard: '30s' } },
   * )
   * ```
   */
  async getOrCompute<T>(
    request: AIRequest,
    compute: Loader<T>,
    options: ComputeOptions<NoInfer<T>> = {},
  ): Promise<CachedResponse<T>> {
    return this.#responses.getOrCompute<T>(request, compute, options)
  }

  /**
   * Returns many cached responses, and computes the missing ones with one call of `compute`, or with a few
   * calls where other processes compute some of them.
   *
   * @param compute - gets the missing requests and returns their responses in the same order. Nothing is stored
   * for a request for which it returns `undefined`
   * @param options - as for {@link AIResponseCache.getOrCompute}, for each request
   * @returns the responses in the order of the requests
   * @throws the error of the computation; responses of other calls of `compute` are stored
   * @throws UnmatchedResponsesError when `compute` does not return one response for each request. None of them
   * is stored, and the error contains them as `responses`
   */
  async getOrComputeMany<T>(
    requests: readonly AIRequest[],
    compute: ComputeMany<T>,
    options: ComputeOptions<NoInfer<T>> = {},
  ): Promise<CachedResponse<T>[]> {
    return this.#responses.getOrComputeMany<T>(requests, compute, options)
  }

  /** The style of the keys. */
  get keyStyle(): KeyStyle {
    return this.#keys.keyStyle
  }

  /**
   * Returns the key of a request for `get` and `delete`. In Redis, the prefix `ai_cache:` precedes it.
   *
   * @throws ValidationError for wrong arguments
   */
  buildKey(
    text: string,
    operation: string,
    options: RequestOptions = {},
    question?: string,
    tenant?: string,
  ): string {
    return this.#keys.generateCacheKey(text, operation, options, question, tenant)
  }

  /**
   * Returns a glob that matches the keys of an operation, of a tenant, or of both, for `scan`, `inspect` and
   * `invalidatePattern`. A dashboard searches with it.
   *
   * @param selection - `operation`, default all; `tenant`, default all and none
   * @throws ValidationError for an unknown field, an invalid operation or an invalid tenant
   */
  keyPattern(selection?: KeySelection): string {
    return this.#keys.keyPattern(selection)
  }

  /**
   * Removes every response of an operation. `'qa'` does not remove responses of `'qa_long'`.
   *
   * @param options - `tenant`, the owner of the responses (default: none), and `reason`, for the monitor
   * @returns the number of removed responses
   * @throws ValidationError for an empty operation
   */
  async invalidateByOperation(
    operation: string,
    options: InvalidationOptions & { readonly tenant?: string | undefined } = {},
  ): Promise<number> {
    return this.#responses.invalidateByOperation(operation, options)
  }

  /**
   * {@inheritDoc GenericRedisCache.invalidatePattern}
   *
   * @param options - `reason`, for the monitor
   * @throws ValidationError for any other option, because a pattern matches keys of every tenant
   */
  override async invalidatePattern(
    pattern: string,
    options: InvalidationOptions = {},
  ): Promise<number> {
    assertInvalidation(options)
    return super.invalidatePattern(pattern, { reason: reasonOf(options) })
  }

  /**
   * Invalidates every response to a request whose options name this `model`, of every operation and tenant. It
   * takes one command for any number of responses.
   *
   * @throws ValidationError for an empty name
   */
  invalidateByModel(model: string): Promise<void>
  async invalidateByModel(model: string, unexpected?: unknown): Promise<void> {
    assertNoOptions('invalidateByModel', unexpected)
    await this.#responses.invalidateByModel(model)
  }

  /**
   * {@inheritDoc GenericRedisCache.invalidateTags}
   *
   * @throws ValidationError for options, because a tag belongs to every tenant
   */
  override invalidateTags(tags: readonly string[]): Promise<void>
  override async invalidateTags(tags: readonly string[], unexpected?: unknown): Promise<void> {
    assertNoOptions('invalidateTags', unexpected)
    await super.invalidateTags(tags)
  }

  /**
   * Removes every response of a tenant.
   *
   * @returns the number of removed responses
   * @throws ValidationError for anything but a tenant
   */
  forget(tenant: string): Promise<number>
  async forget(tenant: string, unexpected?: unknown): Promise<number> {
    assertNoOptions('forget', unexpected)
    return this.#responses.forget(tenant)
  }

  /** Returns hits / (hits + misses) in percent; 0 before the first read. */
  getCacheHitRatio(): number {
    return this.getStats().hitRate ?? 0
  }

  /**
   * Returns the state of Redis and of memory, and the statistics of the monitor and of responses. Where Redis
   * does not respond, the result says so.
   *
   * @param options - `countKeys: false` leaves out the number of keys, which takes a scan of the database
   */
  getCacheStats(options?: AICacheStatsOptions): Promise<AICacheStats> {
    return cacheStats(this, options)
  }

  /** Returns the statistics of the monitor. */
  getPerformanceStats(): PerformanceStats {
    return this.#monitor.getPerformanceStats()
  }

  /** Returns a short summary of the statistics. */
  getPerformanceSummary(): AIOverview {
    return this.#statistics.overview()
  }

  /** Returns statistics by operation and text size, and recommendations. */
  getAiPerformanceSummary(): AIPerformanceSummary {
    return this.#statistics.summary()
  }

  /** Returns statistics by text size. */
  getTextTierStatistics(): TextSizeStatistics {
    return this.#statistics.textSizes()
  }

  /** Returns the durations of lookups and stores by operation. */
  getOperationPerformance(): OperationPerformance {
    return this.#statistics.operations()
  }

  /** Returns how often and how much was invalidated. */
  getInvalidationFrequencyStats(): InvalidationFrequencyStats | NoInvalidationFrequencyStats {
    return this.#monitor.getInvalidationFrequencyStats()
  }

  /** Returns the recommendations that concern invalidations. */
  getInvalidationRecommendations(): Recommendation[] {
    return this.#monitor.getInvalidationRecommendations()
  }

  /** Records memory use that no cache reports, such as that of Redis. */
  recordMemoryUsage(record: MemoryUsageRecord): void {
    this.#monitor.recordMemoryUsage(record)
  }

  /** Returns the recommendations that concern memory. */
  getMemoryWarnings(): Recommendation[] {
    return this.#monitor.getMemoryWarnings()
  }

  protected override notStored(key: string, error: CacheError): void {
    super.notStored(key, responseError(error))
  }
}
