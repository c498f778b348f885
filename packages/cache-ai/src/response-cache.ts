import {
  type CacheEntry,
  CacheError,
  type CacheInterface,
  type Clock,
  escapeGlob,
  type GetEntryOptions,
  type Loader,
  type LookupOutcome,
  type ReadOptions,
  type ResponseOutcome,
  type Ttl,
} from '@verbatim/cache-core'
import { assertLoader, type MonitorGuard } from '@verbatim/cache-core/implement'
import type { AIRequest, AIResponse, CachedResponse } from './ai-request.js'
import {
  assertAnswered,
  assertInvalidation,
  assertModel,
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
import type { CacheKeyGenerator, RequestOptions } from './keys/cache-key-generator.js'
import { type InvalidationOptions, reasonOf } from './options.js'
import type { PromotionRule } from './promotion.js'
import { responseError } from './response-form.js'
import { isStoredResponse, type KnownOfRequest, type StoredResponse } from './stored-response.js'
import type { Computation, Computed, StoredResponses, UsableResponse } from './stored-responses.js'
import { modelOf, modelTag, tagsOf } from './tags.js'
import { type TextSizeTiers, textSizeOf } from './text-size.js'

export interface ResponseCacheOptions {
  /** The cache that stores the responses. Only the contract of {@link CacheInterface} is used. */
  readonly cache: CacheInterface
  readonly clock: Clock
  readonly keys: CacheKeyGenerator
  readonly operationTtls: ReadonlyMap<string, Ttl>
  readonly textSizeTiers: TextSizeTiers
  readonly responses: StoredResponses
  readonly monitor: MonitorGuard
  readonly promotion: PromotionRule
}

/**
 * Stores, finds and computes AI responses in any cache. {@link AIResponseCache} documents the arguments, the
 * results and the errors of these methods.
 */
export class ResponseCache {
  readonly #options: ResponseCacheOptions

  /** Returns the memory TTL of a cached value by its own text size: other processes may have other sizes. */
  readonly #memoryTtlOf = (value: unknown): Ttl | undefined =>
    isStoredResponse(value) ? this.#options.promotion.memoryTtl(value) : undefined

  constructor(options: ResponseCacheOptions) {
    this.#options = options
  }

  /** Stores a response. */
  async store(answered: AIResponse): Promise<void> {
    assertAnswered(answered)
    const { cache, clock, operationTtls, promotion, responses } = this.#options
    const key = this.#keyOf(answered)
    const { operation, options, response } = answered
    assertResponse(response)
    const known = this.#knownOf(answered)
    const settings = {
      ttl: answered.ttl === undefined ? operationTtls.get(operation) : answered.ttl,
      tags: tagsOf(answered.tags, options),
      memoryTtl: promotion.memoryTtl(known),
    }
    const report = this.#reportFrom(clock.now(), known, options)
    try {
      await cache.set(key, responses.store(known, response), settings)
      report('stored')
    } catch (error) {
      report('failed')
      throw error instanceof CacheError ? responseError(error) : error
    }
  }

  /** Returns a cached response, or `undefined` when no usable response is cached. */
  async find<T>(
    request: AIRequest,
    options: LookupOptions | undefined,
  ): Promise<CachedResponse<T> | undefined> {
    assertRequest(request)
    const plan = planLookup(options)
    const { cache, clock, responses } = this.#options
    const key = this.#keyOf(request)
    const startedAt = clock.now()
    let usable: UsableResponse<T> | undefined
    const known = this.#knownOf(request)
    const entry = await cache.getEntry(key, {
      accept: (value) => {
        usable = responses.usable<T>(value, known, plan)
        return usable !== undefined
      },
      memoryTtl: this.#memoryTtlOf,
      onLookup: this.#lookupFrom(startedAt, request, known),
    })
    if (entry === undefined || usable === undefined) return undefined
    const tookMs = clock.now() - startedAt
    return responses.found<T>(key, usable, {
      tier: entry.source === 'redis' ? 'redis' : 'memory',
      tookMs,
    })
  }

  /** Returns a cached response, or computes and stores it. */
  async getOrCompute<T>(
    request: AIRequest,
    compute: Loader<T>,
    options: ComputeOptions<T>,
  ): Promise<CachedResponse<T>> {
    assertRequest(request)
    assertLoader(compute, 'compute')
    const planned = planCompute<T>(options)
    return this.#getOrCompute(request, this.#keyOf(request), compute, planned)
  }

  /** Returns many cached responses, and computes the missing ones together. */
  async getOrComputeMany<T>(
    requests: readonly AIRequest[],
    compute: ComputeMany<T>,
    options: ComputeOptions<T>,
  ): Promise<CachedResponse<T>[]> {
    assertRequests(requests)
    assertLoader(compute, 'compute')
    const planned = planCompute<T>(options)
    // Every request is checked before the first lookup.
    const keyed = requests.map((request) => [request, this.#keyOf(request)] as const)
    return computeBatch(requests, compute, async (index, loader) => {
      const [request, key] = keyed[index] as readonly [AIRequest, string]
      try {
        return await this.#getOrCompute<T>(request, key, loader, planned)
      } catch (error) {
        // Rejecting the batch would lose the responses to its other requests.
        if (!(error instanceof NoResponseError)) throw error
        const known = this.#knownOf(request)
        return this.#options.responses.none(key, known) as CachedResponse<T>
      }
    })
  }

  /** Removes the responses of an operation, and returns their number. */
  async invalidateByOperation(
    operation: string,
    options: InvalidationOptions & { readonly tenant?: string | undefined },
  ): Promise<number> {
    assertInvalidation(options, { hasTenant: true })
    const { cache, keys } = this.#options
    const head = keys.operationPrefix(operation, options.tenant)
    return cache.invalidatePattern(`${escapeGlob(head)}*`, { reason: reasonOf(options) })
  }

  /** Invalidates the responses of a model. */
  async invalidateByModel(model: string): Promise<void> {
    assertModel(model)
    await this.#options.cache.invalidateTags([modelTag(model)])
  }

  /** Removes the responses of a tenant, and returns their number. */
  async forget(tenant: string): Promise<number> {
    assertTenant(tenant, { isNeeded: true })
    const { cache, keys } = this.#options
    return cache.invalidatePattern(keys.keyPattern({ tenant }))
  }

  /** Does the work of `getOrCompute` once its arguments are checked. */
  async #getOrCompute<T>(
    request: AIRequest,
    key: string,
    compute: Loader<T>,
    { call, load, maxStaleMs, shouldStore }: ComputePlan<T>,
  ): Promise<CachedResponse<T>> {
    const { cache, clock, responses } = this.#options
    const known = this.#knownOf(request)
    let computed: Computed<T> | undefined
    let usable: UsableResponse<T> | undefined
    const startedAt = clock.now()
    const read: ReadOptions = {
      accept: (value) => {
        usable = responses.usable<T>(value, known, call)
        return usable !== undefined
      },
      memoryTtl: this.#memoryTtlOf,
      onLookup: this.#lookupFrom(startedAt, request, known),
    }
    const onComputed = (response: T): void => {
      computed = { response }
    }
    const computation: Computation<T> = { known, compute, shouldStore, onComputed }
    const entry = call.onlyIfCached
      ? await this.#cachedEntry<StoredResponse<T>>(key, read, maxStaleMs)
      : await cache.getOrSetEntry<StoredResponse<T>>(
          key,
          (context) => responses.compute(computation, context),
          {
            ...load,
            ...read,
            ttl: this.#ttlOf(request.operation, load.ttl, () => computed),
            tags: tagsOf(load.tags, request.options),
            refresh: call.refresh,
            noStore: call.noStore,
          },
        )
    const tookMs = clock.now() - startedAt
    if (entry.source === 'loader' || usable === undefined)
      return responses.loaded<T>(key, entry.value, known, { computed, tookMs })
    const { isStale } = entry
    return responses.found(key, usable, { tier: entry.source, isStale, tookMs })
  }

  /** @throws CacheError (`NOT_CACHED`) when no usable response is cached */
  async #cachedEntry<T>(
    key: string,
    read: ReadOptions,
    maxStaleMs: number,
  ): Promise<CacheEntry<T>> {
    const maxStale: GetEntryOptions['maxStale'] = maxStaleMs > 0 ? `${maxStaleMs}ms` : undefined
    const { accept, memoryTtl, onLookup } = read
    const options: GetEntryOptions = { accept, memoryTtl, onLookup, maxStale }
    const entry = await this.#options.cache.getEntry<T>(key, options)
    if (entry !== undefined) return entry
    throw new CacheError('the response is not in the cache, and onlyIfCached is true', {
      code: 'NOT_CACHED',
      context: { key },
    })
  }

  /** Returns a function that reports the outcome of a lookup, and counts hits for the promotion. */
  #lookupFrom(
    startedAt: number,
    { operation, options }: AIRequest,
    known: KnownOfRequest,
  ): (outcome: LookupOutcome) => void {
    const report = this.#reportFrom(startedAt, known, options)
    return (outcome) => {
      if (outcome === 'hit') this.#options.promotion.countHit(operation)
      report(outcome)
    }
  }

  /** Returns a function that reports the outcome and the duration of a lookup or a store to the monitor. */
  #reportFrom(
    startedAt: number,
    { operation, textTier }: KnownOfRequest,
    options: RequestOptions | undefined,
  ): (outcome: ResponseOutcome) => void {
    const { clock, monitor } = this.#options
    return (outcome) => {
      const milliseconds = clock.now() - startedAt
      monitor.observeResponse(operation, modelOf(options), outcome, milliseconds, textTier)
    }
  }

  /** Returns the TTL of a stored response, as the caller gives it for the response itself. */
  #ttlOf<T>(
    operation: string,
    given: ComputeOptions<T>['ttl'],
    computedHere: () => Computed<T> | undefined,
  ): ComputeOptions<StoredResponse<T>>['ttl'] {
    const { operationTtls, responses } = this.#options
    const ofOperation = operationTtls.get(operation)
    if (given === undefined) return ofOperation
    if (typeof given !== 'function') return given
    return (stored) => {
      const ttl = given(responses.responseOf(stored, computedHere()))
      return ttl === undefined ? ofOperation : ttl
    }
  }

  #keyOf({ text, operation, options = {}, question, tenant }: AIRequest): string {
    return this.#options.keys.generateCacheKey(text, operation, options, question, tenant)
  }

  #knownOf({ text, operation }: AIRequest): KnownOfRequest {
    return { operation, textTier: textSizeOf(text, this.#options.textSizeTiers) }
  }
}
