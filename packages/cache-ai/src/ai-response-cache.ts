import {
  assertLoader,
  CacheError,
  escapeGlob,
  type HeldValue,
  type Loader,
  nothingHeld,
  planLoad,
  recognizeCopies,
  type Ttl,
} from '@verbatim/cache-core'
import type {
  InvalidationFrequencyStats,
  MemoryUsageRecord,
  MemoryWarning,
  NoInvalidationFrequencyStats,
  PerformanceStats,
  Recommendation,
} from '@verbatim/cache-monitoring'
import { GenericRedisCache } from '@verbatim/cache-redis'
import type { AIRequest, AIResponse, CachedResponse } from './ai-request.js'
import {
  assertAnswered,
  assertInvalidation,
  assertModel,
  assertNoOptions,
  assertRequest,
  assertRequests,
  assertResponse,
  assertTenant,
} from './arguments.js'
import { NoResponseError } from './batch-errors.js'
import {
  type ComputeOptions,
  type ComputePlan,
  type LookupOptions,
  planCompute,
  planLookup,
} from './call-options.js'
import { type ComputeMany, computeBatch } from './compute-batch.js'
import type { AIResponseCacheConfig } from './config/ai-response-cache-config.js'
import { type FlatResponse, flatResponse } from './flat-response.js'
import type { CacheKeyGenerator, KeyStyle, RequestOptions } from './keys/cache-key-generator.js'
import { AIMetrics } from './metrics/ai-metrics.js'
import {
  type AIOverview,
  type AIPerformanceSummary,
  AIStatistics,
} from './metrics/ai-statistics.js'
import { type AICacheStats, type AICacheStatsOptions, cacheStats } from './metrics/cache-stats.js'
import type { OperationPerformance } from './metrics/operation-performance.js'
import { failed, ResponseRecorder } from './metrics/response-recorder.js'
import type { StatisticsMonitor } from './metrics/statistics-monitor.js'
import type { TextSizeTiers } from './metrics/text-tier.js'
import { textTierOf } from './metrics/text-tier.js'
import type { TextTierStatistics } from './metrics/text-tier-statistics.js'
import { onlyHeld } from './only-if-cached.js'
import type { AIResponseCacheOptions, InvalidationOptions } from './options.js'
import { PromotionRule } from './promotion.js'
import { resolveOptions } from './resolve-options.js'
import { responseError } from './response-form.js'
import { isStoredResponse, type KnownOfRequest, type StoredResponse } from './stored-response.js'
import {
  type Computation,
  type Computed,
  StoredResponses,
  type UsableResponse,
} from './stored-responses.js'
import { StoringCallers } from './storing-callers.js'
import { modelTag, tagsOf } from './tags.js'

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
  readonly #operationTtls: ReadonlyMap<string, Ttl>
  readonly #measured: StatisticsMonitor
  readonly #textSizeTiers: TextSizeTiers
  readonly #responses: StoredResponses
  readonly #metrics = new AIMetrics()
  readonly #recorder: ResponseRecorder
  readonly #storing = new StoringCallers()
  readonly #promotion = new PromotionRule(this.#metrics)
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
    this.#operationTtls = ttls
    this.#measured = statistics
    this.#textSizeTiers = textSizeTiers
    this.#recorder = new ResponseRecorder({ clock: this.clock, metrics: this.#metrics, monitor })
    this.#responses = new StoredResponses({
      ...{ clock: this.clock, form, isLegacy: keys.keyStyle === 'legacy' },
      notStored: (key, error) => this.notStored(key, error),
      assertStorable: (value) => this.assertStorable(value),
      copy: (value) => this.copyOf(value),
    })
    this.#statistics = new AIStatistics({
      metrics: this.#metrics,
      ttls,
      tiers: textSizeTiers,
      monitor: statistics,
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
    assertAnswered(answered)
    const key = this.#keyOf(answered)
    const { operation, options, response } = answered
    assertResponse(response)
    const ttl = answered.ttl === undefined ? this.#operationTtls.get(operation) : answered.ttl
    const tags = tagsOf(answered.tags, options)
    const known = this.#knownOf(answered)
    const record = this.#recorder.start(known, answered.options)
    try {
      await this.set(key, this.#responses.store(known, response), { ttl, tags })
      record('stored')
    } catch (error) {
      record('failed')
      throw error instanceof CacheError ? responseError(error) : error
    }
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
    assertRequest(request)
    const plan = planLookup(options)
    const key = this.#keyOf(request)
    const known = this.#knownOf(request)
    const startedAt = this.clock.now()
    const record = this.#recorder.start(known, request.options)
    let usable: UsableResponse<T> | undefined
    const accepts = (value: unknown): boolean => {
      usable = this.#responses.usable<T>(value, known, plan)
      return usable !== undefined
    }
    const found = await this.find(key, accepts).catch(failed(record))
    record(found.outcome)
    if (found.outcome !== 'hit' || usable === undefined) return undefined
    const tookMs = this.clock.now() - startedAt
    const described = this.#responses.found<T>(key, usable, { tier: found.tier, tookMs })
    if (options?.shape !== 'flat') return described
    return flatResponse(request, described, this.clock.wallTime())
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
    assertRequest(request)
    assertLoader(compute)
    const planned = planCompute<T>(options)
    return this.#getOrCompute(request, this.#keyOf(request), compute, planned)
  }

  async #getOrCompute<T>(
    request: AIRequest,
    key: string,
    compute: Loader<T>,
    { call, load, shouldStore }: ComputePlan<T>,
  ): Promise<CachedResponse<T>> {
    const known = this.#knownOf(request)
    let computed: Computed<T> | undefined
    const plan = {
      ...planLoad<StoredResponse<T>>({
        ...load,
        ttl: this.#ttlOf(request.operation, load.ttl, () => computed),
        tags: tagsOf(load.tags, request.options),
      }),
      refresh: call.refresh,
      noStore: call.noStore,
    }
    const startedAt = this.clock.now()
    const record = this.#recorder.start(known, request.options)
    let before: UsableResponse<T> | undefined
    const accepts = (value: unknown): boolean => {
      before = this.#responses.usable<T>(value, known, call)
      return before !== undefined
    }
    const held = await this.lookup(key, accepts).catch(failed(record))
    const onMiss = (isJoined: boolean): void => {
      held.onMiss?.(isJoined)
      record(isJoined ? 'joined' : held.outcome)
    }
    const usable: HeldValue<StoredResponse<T>> =
      before === undefined
        ? { ...held, ...nothingHeld<StoredResponse<T>>(held.seen), onMiss }
        : { ...held, value: before.stored, onMiss }
    const isStale = usable.freshMs < 0
    if (!isStale) record('hit')
    const computation: Computation<T> = {
      ...{ key, known, compute, shouldStore },
      onComputed: (response) => {
        computed = { response }
      },
      isToBeStored: () => !call.noStore || this.#storing.has(key),
    }
    const loader: Loader<StoredResponse<T>> = (context) =>
      this.#responses.compute(computation, context)
    const readThrough = async (): Promise<unknown> => this.readThrough(key, loader, plan, usable)
    const answer: unknown = call.onlyIfCached
      ? onlyHeld(key, usable, plan, () => this.staleServed())
      : await (isStale && !call.noStore ? this.#storing.during(key, readThrough) : readThrough())
    const tookMs = this.clock.now() - startedAt
    return before !== undefined && answer === before.stored
      ? this.#responses.found(key, before, { tier: held.tier, isStale, tookMs })
      : this.#responses.loaded<T>(key, answer, known, { computed, tookMs })
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
    assertRequests(requests)
    assertLoader(compute)
    const planned = planCompute<T>(options)
    // Each of them is checked before the first is looked up.
    const keyed = requests.map((request) => [request, this.#keyOf(request)] as const)
    return computeBatch(requests, compute, async (index, loader) => {
      const [request, key] = keyed[index] as readonly [AIRequest, string]
      try {
        return await this.#getOrCompute<T>(request, key, loader, planned)
      } catch (error) {
        // Rejecting the batch would lose the responses to its other requests.
        if (!(error instanceof NoResponseError)) throw error
        return this.#responses.none(key, this.#knownOf(request)) as CachedResponse<T>
      }
    })
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
   * @param options - `tenant`: whose; nobody's when left out. `operationContext`: why, for the monitor
   * @returns how many
   * @throws ValidationError for an empty operation
   */
  async invalidateByOperation(
    operation: string,
    options: InvalidationOptions & { readonly tenant?: string | undefined } = {},
  ): Promise<number> {
    assertInvalidation(options, { hasTenant: true })
    const { tenant, operationContext } = options
    const head = this.#keys.operationPrefix(operation, tenant)
    return this.removeMatching(`${escapeGlob(head)}*`, operationContext)
  }

  /**
   * {@inheritDoc GenericRedisCache.invalidatePattern}
   *
   * @param options - `operationContext`: why, for the monitor
   * @throws ValidationError for any other option: a pattern matches keys of every tenant
   */
  override async invalidatePattern(
    pattern: string,
    options: InvalidationOptions = {},
  ): Promise<number> {
    assertInvalidation(options)
    const { operationContext } = options
    return this.removeMatching(pattern, operationContext)
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
    assertModel(model)
    await this.invalidateTags([modelTag(model)])
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
    assertTenant(tenant, { isNeeded: true })
    return this.invalidatePattern(`${escapeGlob(this.#keys.tenantPrefix(tenant))}*`)
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
    return this.#measured.getPerformanceStats()
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
    return this.#measured.getInvalidationFrequencyStats()
  }

  getInvalidationRecommendations(): Recommendation[] {
    return this.#measured.getInvalidationRecommendations()
  }

  /** Notes how much memory is in use, where only you know: that of Redis. */
  recordMemoryUsage(record: MemoryUsageRecord): void {
    this.#measured.recordMemoryUsage(record)
  }

  getMemoryWarnings(): MemoryWarning[] {
    return this.#measured.getMemoryWarnings()
  }

  #keyOf(request: AIRequest): string {
    const { text, operation, options, question, tenant } = request
    return this.buildKey(text, operation, options, question, tenant)
  }

  /** Returns a TTL for a stored response, as the caller has told it for a response. */
  #ttlOf<T>(
    operation: string,
    given: ComputeOptions<T>['ttl'],
    computedHere: () => Computed<T> | undefined,
  ): ComputeOptions<StoredResponse<T>>['ttl'] {
    const ofOperation = this.#operationTtls.get(operation)
    if (given === undefined) return ofOperation
    if (typeof given !== 'function') return given
    return (stored) => {
      const ttl = given(this.#responses.responseOf(stored, computedHere()))
      return ttl === undefined ? ofOperation : ttl
    }
  }

  protected override notStored(key: string, error: CacheError): void {
    super.notStored(key, responseError(error))
  }

  #knownOf({ text, operation }: AIRequest): KnownOfRequest {
    return { operation, textTier: textTierOf(text, this.#textSizeTiers) }
  }

  protected override longestCopyMs(key: string, value: unknown): number {
    const longestMs = super.longestCopyMs(key, value)
    return isStoredResponse(value)
      ? Math.min(longestMs, this.#promotion.longestCopyMs(value))
      : longestMs
  }
}
