import { CacheError, type Clock, type LoadContext, type Loader } from '@verbatim/cache-core'
import { describeType, isPlainObject } from '@verbatim/cache-core/implement'
import type { CachedResponse } from './ai-request.js'
import { assertResponse } from './arguments.js'
import type { CallPlan } from './call-options.js'
import { legacyResponse } from './legacy/legacy-response.js'
import { type Copy, dataOf, isPromise, type ResponseForm } from './response-form.js'
import {
  describeResponse,
  isPossibleDate,
  isPossibleDuration,
  isStoredResponse,
  type KnownOfRequest,
  type Origin,
  type StoredResponse,
} from './stored-response.js'

export interface StoredResponsesOptions {
  readonly clock: Clock
  readonly form: ResponseForm
  /** Whether the store may hold responses of the Python version. */
  readonly isLegacy: boolean
  /** @throws SerializationError for a value that no tier can store */
  readonly assertStorable: (value: unknown) => void
  /** Returns a deep copy of a stored value. */
  readonly copy: Copy
}

/** A stored response that a call may use. */
export interface UsableResponse<T> {
  readonly stored: StoredResponse<T>
  /** The response as its caller gets it. */
  readonly response: T
}

/** A computation of a response, and the metadata of its request. */
export interface Computation<T> {
  readonly known: KnownOfRequest
  readonly compute: Loader<T>
  readonly shouldStore: ((response: T) => boolean) | undefined
  /** Called with the computed response. */
  readonly onComputed: (response: T) => void
}

/** A response that the computation of this caller has returned. */
export interface Computed<T> {
  readonly response: T
}

/** Converts computed responses to stored ones, and stored responses to results of calls. */
export class StoredResponses {
  readonly #options: StoredResponsesOptions
  readonly #form: ResponseForm

  constructor(options: StoredResponsesOptions) {
    this.#options = options
    this.#form = options.form
  }

  /**
   * Converts a response to its stored form.
   *
   * @throws CacheError (`SERIALIZE_FAILED`) when `serialize` or `revive` throws or returns a promise
   * @throws SerializationError (`NOT_SERIALIZABLE`) for a response that is not plain data
   * @throws CacheError (`STORE_FAILED`) for a response that throws while it is read, and when the clock has
   * no possible date
   */
  store<T>(known: KnownOfRequest, response: T): StoredResponse<T> {
    try {
      const data = dataOf(response, this.#form, this.#options.copy) as T
      const stored = this.#stored(known, data)
      if (stored.storedAt === undefined) throw impossibleDate()
      this.#options.assertStorable(stored)
      return stored
    } catch (error) {
      throw reasonNotToStore(error)
    }
  }

  /** Computes a response, and returns it even if it cannot be stored. */
  async compute<T>(
    { known, compute, shouldStore, onComputed }: Computation<T>,
    context: LoadContext,
  ): Promise<StoredResponse<T>> {
    const { clock } = this.#options
    const startedAt = clock.now()
    const response = await compute(context)
    const duration = durationOf(clock.now() - startedAt)
    onComputed(response)
    const asComputed = { ...this.#stored(known, response), ...duration, ...AS_COMPUTED }
    if (context.skipped) return asComputed
    assertResponse(response)
    try {
      if (shouldStore !== undefined && !isWanted(response, shouldStore)) context.skip()
      return { ...this.store(known, response), ...duration }
    } catch (error) {
      context.skip(reasonNotToStore(error))
      return asComputed
    }
  }

  /** Returns a stored value as a response if the call may use it. */
  usable<T>(
    value: unknown,
    known: KnownOfRequest,
    { refresh, maxAgeMs }: CallPlan,
  ): UsableResponse<T> | undefined {
    const { clock, isLegacy } = this.#options
    if (refresh) return undefined
    const now = clock.wallTime()
    let stored: StoredResponse<T> | undefined
    if (isStoredResponse<T>(value, { operation: known.operation, now })) stored = value
    else if (isLegacy) stored = legacyResponse<T>(value, known, now)
    if (stored === undefined) return undefined
    // A response of unknown age is too old for every `maxAge`.
    const { storedAt = Number.NEGATIVE_INFINITY } = stored
    if (now - storedAt > maxAgeMs) return undefined
    try {
      return { stored, response: this.revived(stored.response) }
    } catch {
      // A stored response that `revive` rejects counts as missing.
      return undefined
    }
  }

  /** Returns the result of a call that found a stored response. */
  found<T>(
    key: string,
    { stored, response }: UsableResponse<T>,
    origin: Origin,
  ): CachedResponse<T> {
    return describeResponse(key, response, stored, origin, this.#options.clock.wallTime())
  }

  /**
   * Returns the result of a call that waited for a load.
   *
   * @param computed - the response that this caller has computed; `undefined` for a joined call
   */
  loaded<T>(
    key: string,
    answer: unknown,
    known: KnownOfRequest,
    { computed, tookMs }: { readonly computed: Computed<T> | undefined; readonly tookMs: number },
  ): CachedResponse<T> {
    const stored = this.#ofLoad<T>(answer, known)
    const response = this.responseOf(stored, computed)
    const origin = { tier: 'none', isJoined: computed === undefined, tookMs } as const
    return this.found(key, { stored, response }, origin)
  }

  /** Returns the response of a load for the caller that computed it, or for a joined caller. */
  responseOf<T>(stored: StoredResponse<T>, computed: Computed<T> | undefined): T {
    const { serialize, revive } = this.#form
    if (AS_COMPUTED_FIELD in stored) return stored.response
    // Without `revive`, the data cannot become the response again.
    if (serialize !== undefined && revive === undefined && computed !== undefined)
      return computed.response
    try {
      return this.revived(stored.response)
    } catch {
      // A computed response is never lost, even if `revive` fails.
      return computed === undefined ? stored.response : computed.response
    }
  }

  /** Returns the result for a request to which a computation returned no response. */
  none(key: string, known: KnownOfRequest): CachedResponse<undefined> {
    const stored = this.#stored(known, undefined)
    return this.found(key, { stored, response: undefined }, { tier: 'none', tookMs: 0 })
  }

  /** @throws what `revive` throws, or TypeError when `revive` returns a promise */
  revived<T>(data: T): T {
    const { revive } = this.#form
    if (revive === undefined) return data
    // The stored value may be frozen, and `revive` may change its argument.
    const response = revive(this.#options.copy(data))
    if (isPromise(response)) throw new TypeError('revive must not return a promise')
    return response as T
  }

  /** Converts the result of a load to a stored response. A plain `getOrSet` may have loaded any value. */
  #ofLoad<T>(answer: unknown, known: KnownOfRequest): StoredResponse<T> {
    const isOurs = isPlainObject(answer) && AS_COMPUTED_FIELD in answer
    if (isOurs) return answer as unknown as StoredResponse<T>
    const now = this.#options.clock.wallTime()
    if (isStoredResponse<T>(answer))
      return isPossibleDate(answer.storedAt, now) ? answer : { ...answer, storedAt: undefined }
    const legacy = this.#options.isLegacy ? legacyResponse<T>(answer, known, now) : undefined
    return legacy ?? this.#stored(known, answer as T)
  }

  #stored<T>(known: KnownOfRequest, response: T): StoredResponse<T> {
    const now = this.#options.clock.wallTime()
    const { operation, textTier } = known
    return { response, operation, textTier, storedAt: isPossibleDate(now, now) ? now : undefined }
  }
}

/** Returns no duration for a clock that went back, because no reader would accept the stored response. */
function durationOf(milliseconds: number): { readonly computeMs?: number } {
  return isPossibleDuration(milliseconds) ? { computeMs: milliseconds } : {}
}

function impossibleDate(): CacheError {
  const message = 'clock.wallTime must return milliseconds since 1970; the response was not stored'
  return new CacheError(message, { code: 'STORE_FAILED' })
}

/** Marks a response that was not converted. Its callers get it as it was computed. */
const AS_COMPUTED_FIELD = 'isAsComputed'
const AS_COMPUTED = { [AS_COMPUTED_FIELD]: true } as const

/** @throws CacheError (`SHOULD_STORE_FAILED`) when the function throws or returns no boolean */
function isWanted<T>(response: T, shouldStore: (response: T) => boolean): boolean {
  let answer: unknown
  try {
    answer = shouldStore(response)
  } catch (error) {
    throw undecided('shouldStore threw an error', error)
  }
  if (isPromise(answer)) throw undecided('shouldStore must not return a promise')
  if (typeof answer === 'boolean') return answer
  throw undecided(`shouldStore must return true or false; received ${describeType(answer)}`)
}

function reasonNotToStore(error: unknown): CacheError {
  if (error instanceof CacheError) return error
  const message = 'reading the response threw an error; the response was not stored'
  return new CacheError(message, { code: 'STORE_FAILED', cause: error })
}

function undecided(reason: string, cause?: unknown): CacheError {
  const message = `${reason}; the response was not stored`
  return new CacheError(message, { code: 'SHOULD_STORE_FAILED', cause })
}
