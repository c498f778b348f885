import {
  type Clock,
  escapeGlob,
  nothingHeld,
  planLoad,
  systemClock,
  type Ttl,
} from '@verbatim/cache-core'
import {
  CachePerformanceMonitor,
  type InvalidationFrequencyStats,
  type MemoryUsageRecord,
  type MemoryWarning,
  type NoInvalidationFrequencyStats,
  type PerformanceStats,
  type Recommendation,
} from '@verbatim/cache-monitoring'
import { GenericRedisCache, type GenericRedisCacheOptions } from '@verbatim/cache-redis'
import { assertOperation, assertResponse, assertTenant } from './arguments.js'
import { AIResponseCacheConfig } from './config/ai-response-cache-config.js'
import type { TextSizeTiers } from './config/config-values.js'
import { DEFAULT_TEXT_SIZE_TIERS } from './config/presets.js'
import {
  CacheKeyGenerator,
  type CacheKeyGeneratorOptions,
  escapePart,
  type RequestOptions,
} from './keys/cache-key-generator.js'
import { AIMetrics, type AIOutcome } from './metrics/ai-metrics.js'
import {
  type AIOverview,
  type AIPerformanceSummary,
  AIStatistics,
} from './metrics/ai-statistics.js'
import type { OperationPerformance } from './metrics/operation-performance.js'
import { textTierOf } from './metrics/text-tier.js'
import type { TextTierStatistics } from './metrics/text-tier-statistics.js'
import { mergeOperationTtls, type OperationTtls } from './operation-ttls.js'

export interface AIResponseCacheOptions
  extends Omit<GenericRedisCacheOptions, 'performanceMonitor'>,
    Omit<CacheKeyGeneratorOptions, 'prefix' | 'performanceMonitor'> {
  /**
   * How long the response to each operation lives. Added to the default table; operations in
   * neither live for `defaultTtl`.
   */
  readonly operationTtls?: OperationTtls | undefined
  /** From how many code points on a text is medium, large or xlarge. Default: 500, 5000, 50000. */
  readonly textSizeTiers?: TextSizeTiers | undefined
  /** Told about every operation and key. Default: a monitor of its own. */
  readonly performanceMonitor?: CachePerformanceMonitor | undefined
}

/** What a response depends on. */
export interface AIRequest {
  readonly text: string
  readonly operation: string
  /** Default: none. */
  readonly options?: RequestOptions | undefined
  readonly question?: string | undefined
  /** Whose response it is; nobody else is answered with it. Default: nobody's. */
  readonly tenant?: string | undefined
}

/** A response to store. */
export interface AIResponse extends AIRequest {
  /** Anything but `undefined` that the cache can write to bytes. */
  readonly response: unknown
  /** Its life; what the operation's table says when left out. */
  readonly ttl?: Ttl | undefined
}

/** A response with what is known about it. The response itself is what was stored, untouched. */
export interface CachedResponse<T = unknown> {
  readonly response: T
  readonly cached: {
    /** False when the response was computed by this very call, or by one it waited for. */
    readonly hit: boolean
    readonly key: string
    /** When it was stored, in ISO 8601. */
    readonly at: string
    /** Milliseconds since then, on the wall clocks of those who stored and read it; never negative. */
    readonly ageMs: number
  }
}

/** What stands in the cache: the response, and when it came. */
interface StoredResponse<T = unknown> {
  readonly response: T
  readonly storedAt: number
}

/**
 * A cache for AI responses, in Redis and memory.
 *
 * Responses are found again by the text, the operation, the options, the question and the tenant that
 * they are for, and live as long as their operation says. Keys stand under `ai_cache:`; hits are frozen, so that
 * nobody can change a response for the next caller.
 */
export class AIResponseCache extends GenericRedisCache {
  readonly #keys: CacheKeyGenerator
  readonly #operationTtls: ReadonlyMap<string, Ttl>
  readonly #monitor: CachePerformanceMonitor
  readonly #clock: Clock
  readonly #textSizeTiers: TextSizeTiers
  readonly #metrics = new AIMetrics()
  readonly #statistics: AIStatistics

  /** @throws ConfigurationError or ValidationError that names the option and what it may be */
  constructor(settings: AIResponseCacheOptions | AIResponseCacheConfig) {
    const options =
      settings instanceof AIResponseCacheConfig ? settings.checked().toCacheOptions() : settings
    const {
      textHashThreshold,
      hashAlgorithm,
      keyStyle,
      operationTtls = {},
      textSizeTiers = DEFAULT_TEXT_SIZE_TIERS,
      keyPrefix = 'ai_cache:',
      isolation = 'freeze',
      clock = systemClock,
      performanceMonitor = new CachePerformanceMonitor({ clock }),
      ...generic
    } = options
    const ttls = mergeOperationTtls(operationTtls)
    new AIResponseCacheConfig({ textSizeTiers }).checked('the options')
    const keys = new CacheKeyGenerator({
      textHashThreshold,
      hashAlgorithm,
      keyStyle,
      // The cache puts its own prefix before every key.
      prefix: '',
      performanceMonitor,
    })
    super({ ...generic, keyPrefix, isolation, clock, performanceMonitor })
    this.#keys = keys
    this.#operationTtls = ttls
    this.#monitor = performanceMonitor
    this.#clock = clock
    this.#textSizeTiers = textSizeTiers
    this.#statistics = new AIStatistics({
      metrics: this.#metrics,
      ttls,
      tiers: textSizeTiers,
      monitor: performanceMonitor,
      keys,
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
    const { operation, response, ttl } = answered
    const key = this.#keyOf(answered)
    assertResponse(response)
    const life = ttl === undefined ? this.#operationTtls.get(operation) : ttl
    const record = this.#start(answered)
    try {
      await this.set(key, this.#stamp(response), life)
      record('stored')
    } catch (error) {
      record('failed')
      throw error
    }
  }

  /**
   * Looks a response up.
   *
   * @throws ValidationError for wrong arguments
   */
  async getCachedResponse<T = unknown>(request: AIRequest): Promise<CachedResponse<T> | undefined> {
    const key = this.#keyOf(request)
    const record = this.#start(request)
    const stored = await this.get(key)
    const isHit = isStoredResponse<T>(stored)
    record(isHit ? 'hit' : 'miss')
    return isHit ? this.#describe(key, stored, true) : undefined
  }

  /**
   * Looks a response up, or computes and stores it. Calls with the same request share one
   * computation.
   *
   * @throws what the computation throws; nothing is stored then
   */
  async getOrCompute<T>(
    request: AIRequest,
    compute: () => T | Promise<T>,
  ): Promise<CachedResponse<T>> {
    const key = this.#keyOf(request)
    const record = this.#start(request)
    const held = await this.lookup(key)
    if (held !== undefined && held.freshMs >= 0 && isStoredResponse<T>(held.value)) {
      record('hit')
      return this.#describe(key, held.value, true)
    }
    record('miss')
    const load = async (): Promise<StoredResponse<T>> => {
      const response = await compute()
      assertResponse(response)
      return this.#stamp(response)
    }
    const plan = planLoad<StoredResponse<T>>({ ttl: this.#operationTtls.get(request.operation) })
    // What is no response of ours is none, however fresh.
    const loaded: unknown = await this.readThrough(key, load, plan, nothingHeld(held?.seen))
    // A plain `getOrSet` of this key may have been under way, and its value was shared.
    const fresh = isStoredResponse<T>(loaded) ? loaded : this.#stamp(loaded as T)
    return this.#describe(key, fresh, false)
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
   * @param options - `tenant`: whose; nobody's when left out
   * @returns how many
   * @throws ValidationError for an empty operation
   */
  async invalidateByOperation(
    operation: string,
    { tenant }: { readonly tenant?: string | undefined } = {},
  ): Promise<number> {
    assertOperation(operation)
    const head = `${this.#keys.tenantPrefix(tenant)}op:${escapePart(operation)}|`
    return this.invalidatePattern(`${escapeGlob(head)}*`)
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
  #start({ text, operation }: AIRequest): (outcome: AIOutcome) => void {
    const startedAt = this.#clock.now()
    const tier = textTierOf(text, this.#textSizeTiers)
    return (outcome) => {
      const milliseconds = this.#clock.now() - startedAt
      this.#metrics.add({ operation, tier, outcome, milliseconds })
    }
  }

  #keyOf({ text, operation, options, question, tenant }: AIRequest): string {
    return this.buildKey(text, operation, options, question, tenant)
  }

  #stamp<T>(response: T): StoredResponse<T> {
    return { response, storedAt: this.#clock.wallTime() }
  }

  #describe<T>(key: string, stored: StoredResponse<T>, hit: boolean): CachedResponse<T> {
    const { response, storedAt } = stored
    return {
      response,
      cached: {
        hit,
        key,
        at: new Date(storedAt).toISOString(),
        ageMs: Math.max(0, this.#clock.wallTime() - storedAt),
      },
    }
  }
}

/** Somebody may have used `set` with a key of ours, or the original may have stored there. */
function isStoredResponse<T>(value: unknown): value is StoredResponse<T> {
  const { response, storedAt } = Object(value) as Partial<StoredResponse<T>>
  return response !== undefined && Number.isFinite(storedAt)
}
