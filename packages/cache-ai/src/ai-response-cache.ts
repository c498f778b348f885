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
import type { CacheKeyGenerator, KeyStyle, RequestOptions } from './keys/cache-key-generator.js'
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
import type { TextTierStatistics } from './statistics/text-size-statistics.js'
import { StoredResponses } from './stored-responses.js'

/**
 * A cache for AI responses, in Redis and memory.
 *
 * Responses are found again by the text, the operation, the options, the question and the tenant that
 * they are for, and live as long as their operation says. Keys stand under `ai_cache:`; hits are frozen, so
 * that nobody can change a response for the next caller.
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
   * @param settings - without a Redis among them, the cache is memory only: `getStats().mode` is
   * `'memory'`
   * @throws ConfigurationError or ValidationError that names the bad or unknown option
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
   * Looks a response up.
   *
   * @param options - `refresh` finds nothing; `maxAge` finds only what is not older; `noStore` and
   * `onlyIfCached` change nothing. `shape: 'flat'` puts what is known about the response among its fields,
   * as the Python version does
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
   * Looks a response up, or computes and stores it. Calls with the same request share one
   * computation, also in other processes. Whatever becomes of storing it, a computed response reaches
   * its callers.
   *
   * @param compute - its context has a `signal`, aborted when no caller waits any more, and `skip()`, after
   * which the response is not stored
   * @param options - those of `getOrSet`, and `refresh`, `noStore`, `maxAge`, `onlyIfCached`, `shouldStore`
   * @throws what the computation throws; nothing is stored then
   * @throws CacheError (`NOT_CACHED`) with `onlyIfCached` when there is no such response
   */
  async getOrCompute<T>(
    request: AIRequest,
    compute: Loader<T>,
    options: ComputeOptions<NoInfer<T>> = {},
  ): Promise<CachedResponse<T>> {
    return this.#responses.getOrCompute<T>(request, compute, options)
  }

  /**
   * Looks many responses up, and computes those that are missing with one call, or a few where other
   * processes compute some of them.
   *
   * @param compute - gets the missing requests and returns their responses, in the same order. It returns
   * `undefined` for a request that has no response: nothing is stored for that request
   * @param options - as for {@link AIResponseCache.getOrCompute}, for each of them
   * @returns the responses in the order of the requests
   * @throws what the computation throws; responses of other calls to it are stored
   * @throws UnmatchedResponsesError when `compute` does not return an array of as many responses. Nothing
   * it returned is stored; `responses` of the error holds what it returned
   */
  async getOrComputeMany<T>(
    requests: readonly AIRequest[],
    compute: ComputeMany<T>,
    options: ComputeOptions<NoInfer<T>> = {},
  ): Promise<CachedResponse<T>[]> {
    return this.#responses.getOrComputeMany<T>(requests, compute, options)
  }

  /** What keys look like. */
  get keyStyle(): KeyStyle {
    return this.#keys.keyStyle
  }

  /**
   * The key of a request, as `get` and `delete` take it. In Redis it stands behind `ai_cache:`.
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
   * Removes every response to an operation, and to no other: `'qa'` leaves `'qa_long'` alone.
   *
   * @param options - `tenant`: whose; nobody's when left out. `reason`: why, for the monitor
   * @returns how many
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
   * @param options - `reason`: why, for the monitor
   * @throws ValidationError for any other option: a pattern matches keys of every tenant
   */
  override async invalidatePattern(
    pattern: string,
    options: InvalidationOptions = {},
  ): Promise<number> {
    assertInvalidation(options)
    return super.invalidatePattern(pattern, { reason: reasonOf(options) })
  }

  /**
   * Makes void every response to a request whose options named this `model`, of whatever operation
   * and tenant: at once, and without a look at how many they are.
   *
   * @throws ValidationError for what is no name
   */
  invalidateByModel(model: string): Promise<void>
  async invalidateByModel(model: string, unexpected?: unknown): Promise<void> {
    assertNoOptions('invalidateByModel', unexpected)
    await this.#responses.invalidateByModel(model)
  }

  /**
   * Removes every response of a tenant, and of nobody else.
   *
   * @returns how many
   * @throws ValidationError for what is no tenant
   */
  forget(tenant: string): Promise<number>
  async forget(tenant: string, unexpected?: unknown): Promise<number> {
    assertNoOptions('forget', unexpected)
    return this.#responses.forget(tenant)
  }

  /** hits / (hits + misses), in percent; 0 before the first read. */
  getCacheHitRatio(): number {
    return this.getStats().hitRate ?? 0
  }

  /**
   * How the cache stands: Redis, memory, what the monitor has measured, and how responses fare.
   *
   * @param options - `countKeys: false` leaves out how many keys there are, which takes a look at every
   * key of the database, a few hundred at a time
   * @returns never rejects: where Redis cannot be asked, the answer says so
   */
  getCacheStats(options?: AICacheStatsOptions): Promise<AICacheStats> {
    return cacheStats(this, options)
  }

  /** What the monitor has measured: operations, key generation, compression, invalidation. */
  getPerformanceStats(): PerformanceStats {
    return this.#monitor.getPerformanceStats()
  }

  /** How the cache does, in short. */
  getPerformanceSummary(): AIOverview {
    return this.#statistics.overview()
  }

  /** How it does by operation and by the length of texts, and what might be set otherwise. */
  getAiPerformanceSummary(): AIPerformanceSummary {
    return this.#statistics.summary()
  }

  /** How it does with texts of each tier. */
  getTextTierStatistics(): TextTierStatistics {
    return this.#statistics.textTiers()
  }

  /** How long look-ups and stores of each operation take. */
  getOperationPerformance(): OperationPerformance {
    return this.#statistics.operations()
  }

  getInvalidationFrequencyStats(): InvalidationFrequencyStats | NoInvalidationFrequencyStats {
    return this.#monitor.getInvalidationFrequencyStats()
  }

  getInvalidationRecommendations(): Recommendation[] {
    return this.#monitor.getInvalidationRecommendations()
  }

  /** Notes how much memory is in use, where only you know: that of Redis. */
  recordMemoryUsage(record: MemoryUsageRecord): void {
    this.#monitor.recordMemoryUsage(record)
  }

  getMemoryWarnings(): Recommendation[] {
    return this.#monitor.getMemoryWarnings()
  }

  protected override notStored(key: string, error: CacheError): void {
    super.notStored(key, responseError(error))
  }
}
