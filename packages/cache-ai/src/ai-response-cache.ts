import {
  assertLoader,
  escapeGlob,
  type HeldValue,
  type Loader,
  nothingHeld,
  planLoad,
  type Ttl,
} from '@verbatim/cache-core'
import type {
  CachePerformanceMonitor,
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
  assertLookup,
  assertModel,
  assertRequest,
  assertResponse,
  assertTenant,
} from './arguments.js'
import type { AIResponseCacheConfig } from './config/ai-response-cache-config.js'
import type { TextSizeTiers } from './config/config-values.js'
import { type FlatResponse, flatResponse } from './flat-response.js'
import type { CacheKeyGenerator, KeyStyle, RequestOptions } from './keys/cache-key-generator.js'
import { AIMetrics, type AIOutcome } from './metrics/ai-metrics.js'
import {
  type AIOverview,
  type AIPerformanceSummary,
  AIStatistics,
} from './metrics/ai-statistics.js'
import { type AICacheStats, type AICacheStatsOptions, cacheStats } from './metrics/cache-stats.js'
import type { OperationPerformance } from './metrics/operation-performance.js'
import { textTierOf } from './metrics/text-tier.js'
import type { TextTierStatistics } from './metrics/text-tier-statistics.js'
import type { AIResponseCacheOptions, ComputeOptions, InvalidationOptions } from './options.js'
import { PromotionRule } from './promotion.js'
import { resolveOptions } from './resolve-options.js'
import {
  describeResponse,
  isStoredResponse,
  type KnownOfRequest,
  legacyResponse,
  type StoredResponse,
} from './stored-response.js'
import { modelTag, tagsOf } from './tags.js'

/**
 * A cache for AI responses, in Redis and memory.
 *
 * Responses are found again by the text, the operation, the options, the question and the tenant that
 * they are for, and live as long as their operation says. Keys stand under `ai_cache:`; hits are frozen, so
 * that nobody can change a response for the next caller.
 */
export class AIResponseCache extends GenericRedisCache {
  readonly #keys: CacheKeyGenerator
  readonly #operationTtls: ReadonlyMap<string, Ttl>
  readonly #monitor: CachePerformanceMonitor
  readonly #textSizeTiers: TextSizeTiers
  readonly #metrics = new AIMetrics()
  readonly #promotion = new PromotionRule(this.#metrics)
  readonly #statistics: AIStatistics

  /**
   * @param settings - without a Redis among them, the cache is memory only: `getStats().mode` is
   * `'memory'`
   * @throws ConfigurationError or ValidationError that names the bad or unknown option
   */
  constructor(settings: AIResponseCacheOptions | AIResponseCacheConfig = {}) {
    const { ttls, keys, textSizeTiers, performanceMonitor, generic } = resolveOptions(settings)
    super({ ...generic, performanceMonitor })
    this.#keys = keys
    this.#operationTtls = ttls
    this.#monitor = performanceMonitor
    this.#textSizeTiers = textSizeTiers
    this.#statistics = new AIStatistics({
      metrics: this.#metrics,
      ttls,
      tiers: textSizeTiers,
      monitor: performanceMonitor,
      keys,
      reads: () => this.getStats(),
      memoryPercent: () => this.getStats().memory?.utilizationPercent,
    })
  }

  /**
   * Stores a response.
   *
   * @throws ValidationError for wrong arguments, SerializationError for a response that has no
   * form in bytes
   */
  async cacheResponse(answered: AIResponse): Promise<void> {
    assertAnswered(answered)
    const key = this.#keyOf(answered)
    const { operation, options, response } = answered
    assertResponse(response)
    const ttl = answered.ttl === undefined ? this.#operationTtls.get(operation) : answered.ttl
    const tags = tagsOf(answered.tags, options)
    const known = this.#knownOf(answered)
    const record = this.#start(known)
    try {
      const stored = this.#stored(known, response)
      await this.set(key, stored, { ttl, tags })
      record('stored')
    } catch (error) {
      record('failed')
      throw error
    }
  }

  /**
   * Looks a response up.
   *
   * @param options - `shape: 'flat'`: what is known about the response among its fields, as the seed
   * has it, instead of beside it
   * @throws ValidationError for wrong arguments
   */
  getCachedResponse<T = unknown>(request: AIRequest): Promise<CachedResponse<T> | undefined>
  getCachedResponse<T = unknown>(
    request: AIRequest,
    options: { readonly shape: 'flat' },
  ): Promise<FlatResponse<T> | undefined>
  async getCachedResponse<T = unknown>(
    request: AIRequest,
    options?: { readonly shape: 'flat' },
  ): Promise<CachedResponse<T> | FlatResponse<T> | undefined> {
    assertRequest(request)
    assertLookup(options)
    const key = this.#keyOf(request)
    const known = this.#knownOf(request)
    const record = this.#start(known)
    const found = await this.find(key)
    const stored = found && this.#storedIn<T>(found.value, known)
    if (found === undefined || stored === undefined) {
      record('miss')
      return undefined
    }
    record('hit')
    const described = this.#describe(key, stored, found.tier)
    return options?.shape === 'flat' ? flatResponse(request, described) : described
  }

  /**
   * Looks a response up, or computes and stores it. Calls with the same request share one
   * computation, also in other processes.
   *
   * @param compute - its context tells when everybody who waited has gone, and takes a response that
   * is not to be stored
   * @param options - as `getOrSet` takes them; `ttl` is what the operation's table says when left out
   * @throws what the computation throws; nothing is stored then
   */
  async getOrCompute<T>(
    request: AIRequest,
    compute: Loader<T>,
    options: ComputeOptions = {},
  ): Promise<CachedResponse<T>> {
    assertRequest(request)
    assertLoader(compute)
    // Before the spread: it would make fields of the characters of a string.
    planLoad(options)
    const key = this.#keyOf(request)
    const plan = planLoad<StoredResponse<T>>({
      ...options,
      ttl: options.ttl === undefined ? this.#operationTtls.get(request.operation) : options.ttl,
      tags: tagsOf(options.tags, request.options),
    })
    const known = this.#knownOf(request)
    const record = this.#start(known)
    const held = await this.lookup(key)
    const before = held && this.#storedIn<T>(held.value, known)
    // What is no response of ours is none, however fresh.
    const usable: HeldValue<StoredResponse<T>> =
      held === undefined || before === undefined
        ? nothingHeld(held?.seen)
        : { ...held, value: before }
    record(usable.freshMs >= 0 ? 'hit' : 'miss')
    const load: Loader<StoredResponse<T>> = async (context) => {
      const response = await compute(context)
      assertResponse(response)
      return this.#stored(known, response)
    }
    const answer: unknown = await this.readThrough(key, load, plan, usable)
    // A plain `getOrSet` of this key may have been under way, and its value was shared.
    const stored = isStoredResponse<T>(answer) ? answer : this.#stored(known, answer as T)
    return this.#describe(key, stored, held !== undefined && answer === before ? held.tier : 'none')
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
    assertInvalidation(options)
    const { tenant, operationContext } = options
    const head = this.#keys.operationPrefix(operation, tenant)
    return this.removeMatching(`${escapeGlob(head)}*`, operationContext)
  }

  /**
   * {@inheritDoc GenericRedisCache.invalidatePattern}
   *
   * @param options - `operationContext`: why, for the monitor
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
  async invalidateByModel(model: string): Promise<void> {
    assertModel(model)
    await this.invalidateTags([modelTag(model)])
  }

  /**
   * Removes every response of a tenant, and of nobody else.
   *
   * @returns how many
   * @throws ValidationError for what is no tenant
   */
  async forget(tenant: string): Promise<number> {
    assertTenant(tenant, { isNeeded: true })
    return this.invalidatePattern(`${escapeGlob(this.#keys.tenantPrefix(tenant))}*`)
  }

  /** hits / (hits + misses), in percent; 0 before the first read. */
  getCacheHitRatio(): number {
    return this.getStats().hitRate
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

  getMemoryWarnings(): MemoryWarning[] {
    return this.#monitor.getMemoryWarnings()
  }

  /** Tells of a look-up or a store when it has ended. */
  #start({ operation, textTier }: KnownOfRequest): (outcome: AIOutcome) => void {
    const startedAt = this.clock.now()
    return (outcome) => {
      const milliseconds = this.clock.now() - startedAt
      this.#metrics.add({ operation, tier: textTier, outcome, milliseconds })
    }
  }

  #keyOf(request: AIRequest): string {
    const { text, operation, options, question, tenant } = request
    return this.buildKey(text, operation, options, question, tenant)
  }

  #stored<T>(known: KnownOfRequest, response: T): StoredResponse<T> {
    return { response, ...known, storedAt: this.clock.wallTime() }
  }

  /** What stands under a key, if it is a response: with legacy keys also one of the original. */
  #storedIn<T>(value: unknown, known: KnownOfRequest): StoredResponse<T> | undefined {
    if (isStoredResponse<T>(value)) return value
    return this.#keys.keyStyle === 'legacy' ? legacyResponse<T>(value, known) : undefined
  }

  #knownOf({ text, operation }: AIRequest): KnownOfRequest {
    return { operation, textTier: textTierOf(text, this.#textSizeTiers) }
  }

  #describe<T>(
    key: string,
    stored: StoredResponse<T>,
    tier: CachedResponse['cached']['tier'],
  ): CachedResponse<T> {
    return describeResponse(key, stored, tier, this.clock.wallTime())
  }

  protected override longestCopyMs(key: string, value: unknown): number {
    const longestMs = super.longestCopyMs(key, value)
    return isStoredResponse(value)
      ? Math.min(longestMs, this.#promotion.longestCopyMs(value))
      : longestMs
  }
}
