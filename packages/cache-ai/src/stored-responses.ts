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
  /** @throws SerializationError for what no tier could store */
  readonly assertStorable: (value: unknown) => void
  /** Returns a deep copy of what is stored. */
  readonly copy: Copy
}

/** A stored response that a call may use. */
export interface UsableResponse<T> {
  readonly stored: StoredResponse<T>
  /** As its caller gets it. */
  readonly response: T
}

/** A computation of a response, and what is known of its request. */
export interface Computation<T> {
  readonly known: KnownOfRequest
  readonly compute: Loader<T>
  readonly shouldStore: ((response: T) => boolean) | undefined
  /** Called with the response as it was computed. */
  readonly onComputed: (response: T) => void
}

/** A response as this caller's computation has returned it. */
export interface Computed<T> {
  readonly response: T
}

/** Makes stored responses of computed ones, and responses for callers of stored ones. */
export class StoredResponses {
  readonly #options: StoredResponsesOptions
  readonly #form: ResponseForm

  constructor(options: StoredResponsesOptions) {
    this.#options = options
    this.#form = options.form
  }

  /**
   * Returns a response as it is stored.
   *
   * @throws CacheError (`SERIALIZE_FAILED`) when `serialize` or `revive` throws or returns a promise
   * @throws SerializationError (`NOT_SERIALIZABLE`) for a response that is no data
   * @throws CacheError (`STORE_FAILED`) for a response that throws while it is read
   */
  store<T>(known: KnownOfRequest, response: T): StoredResponse<T> {
    try {
      const data = dataOf(response, this.#form, this.#options.copy) as T
      const stored = this.#stored(known, data)
      this.#options.assertStorable(stored)
      return stored
    } catch (error) {
      throw reasonNotToStore(error)
    }
  }

  /** Computes a response. Whether or not it can be stored, it is returned. */
  async compute<T>(
    { known, compute, shouldStore, onComputed }: Computation<T>,
    context: LoadContext,
  ): Promise<StoredResponse<T>> {
    const { clock } = this.#options
    const startedAt = clock.now()
    const response = await compute(context)
    const computeMs = clock.now() - startedAt
    onComputed(response)
    const asComputed = { ...this.#stored(known, response), computeMs, ...AS_COMPUTED }
    if (context.skipped) return asComputed
    assertResponse(response)
    try {
      if (shouldStore !== undefined && !isWanted(response, shouldStore)) context.skip()
      return { ...this.store(known, response), computeMs }
    } catch (error) {
      context.skip(reasonNotToStore(error))
      return asComputed
    }
  }

  /** Returns what is stored under a key if it is a response, and the call may use it. */
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
      // A stored response that `revive` does not take is as good as none.
      return undefined
    }
  }

  /** Returns a stored response as its caller gets it. */
  found<T>(
    key: string,
    { stored, response }: UsableResponse<T>,
    origin: Origin,
  ): CachedResponse<T> {
    return describeResponse(key, { ...stored, response }, origin, this.#options.clock.wallTime())
  }

  /**
   * Does the same for what a load has returned.
   *
   * @param computed - the response that this caller itself has computed; `undefined` when it has not
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

  /** Returns the response of a load for the caller that has computed it, or for one that has not. */
  responseOf<T>(stored: StoredResponse<T>, computed: Computed<T> | undefined): T {
    const { serialize, revive } = this.#form
    if (AS_COMPUTED_FIELD in stored) return stored.response
    // Nothing turns the data into the response again.
    if (serialize !== undefined && revive === undefined && computed !== undefined)
      return computed.response
    try {
      return this.revived(stored.response)
    } catch {
      // Whatever `revive` does, a computed response is not lost.
      return computed === undefined ? stored.response : computed.response
    }
  }

  /** Returns what a caller gets for a request to which a computation has returned no response. */
  none(key: string, known: KnownOfRequest): CachedResponse<undefined> {
    const stored = this.#stored(known, undefined)
    return this.found(key, { stored, response: undefined }, { tier: 'none', tookMs: 0 })
  }

  /** @throws what `revive` throws, or TypeError when `revive` returns a promise */
  revived<T>(data: T): T {
    const { revive } = this.#form
    if (revive === undefined) return data
    // What is stored may be frozen, and `revive` may change what it gets.
    const response = revive(this.#options.copy(data))
    if (isPromise(response)) throw new TypeError('revive must not return a promise')
    return response as T
  }

  /** Returns what a load has returned as a stored response: a plain `getOrSet` may share its value. */
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
    return { response, ...known, storedAt: this.#options.clock.wallTime() }
  }
}

/** Marks a response that was not converted, and so is handed out as it was computed. */
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
