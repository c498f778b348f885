import {
  CacheError,
  type Clock,
  isPlainObject,
  type LoadContext,
  type Loader,
} from '@verbatim/cache-core'
import type { CachedResponse } from './ai-request.js'
import { assertResponse } from './arguments.js'
import type { CallPlan } from './call-options.js'
import { dataOf, type ResponseForm } from './response-form.js'
import {
  describeResponse,
  isStoredResponse,
  type KnownOfRequest,
  legacyResponse,
  type Origin,
  type StoredResponse,
} from './stored-response.js'

export interface StoredResponsesOptions {
  readonly clock: Clock
  readonly form: ResponseForm
  /** Whether the store may hold responses of the Python version. */
  readonly isLegacy: boolean
  /** Called when a computed response cannot be stored. */
  readonly notStored: (key: string, error: CacheError) => void
}

/** A computation of a response, and what is known of its request. */
export interface Computation<T> {
  readonly key: string
  readonly known: KnownOfRequest
  readonly compute: Loader<T>
  readonly shouldStore: ((response: T) => boolean) | undefined
}

/** Makes stored responses of computed ones, and responses for callers of stored ones. */
export class StoredResponses {
  readonly #options: StoredResponsesOptions

  constructor(options: StoredResponsesOptions) {
    this.#options = options
  }

  /**
   * Returns a response as it is stored.
   *
   * @throws CacheError (`SERIALIZE_FAILED`) when `serialize` or `revive` throws
   */
  store(known: KnownOfRequest, response: unknown): StoredResponse {
    return this.#stored(known, dataOf(response, this.#options.form))
  }

  /** Computes a response. Whether or not it can be stored, it is returned. */
  async compute<T>(
    { key, known, compute, shouldStore }: Computation<T>,
    context: LoadContext,
  ): Promise<StoredResponse<T>> {
    const { clock, form, notStored } = this.#options
    const startedAt = clock.now()
    const response = await compute(context)
    const computeMs = clock.now() - startedAt
    const asComputed = { ...this.#stored(known, response), computeMs, ...AS_COMPUTED }
    if (context.skipped) return asComputed
    assertResponse(response)
    try {
      if (shouldStore !== undefined && !isWanted(response, shouldStore)) context.skip()
      return { ...this.#stored(known, dataOf(response, form) as T), computeMs }
    } catch (error) {
      context.skip()
      if (error instanceof CacheError) notStored(key, error)
      return asComputed
    }
  }

  /** Returns what a load has returned as a stored response: a plain `getOrSet` may share its value. */
  ofLoad<T>(answer: unknown, known: KnownOfRequest): StoredResponse<T> {
    const isOurs = isPlainObject(answer) && AS_COMPUTED_FIELD in answer
    if (isOurs) return answer as unknown as StoredResponse<T>
    return isStoredResponse<T>(answer) ? answer : this.#stored(known, answer as T)
  }

  /** Returns what is stored under a key if it is a response, and the call may use it. */
  usable<T>(
    value: unknown,
    known: KnownOfRequest,
    { refresh, maxAgeMs }: CallPlan,
  ): StoredResponse<T> | undefined {
    const { clock, isLegacy } = this.#options
    if (refresh) return undefined
    let stored: StoredResponse<T> | undefined
    if (isStoredResponse<T>(value, known.operation)) stored = value
    else if (isLegacy) stored = legacyResponse<T>(value, known)
    if (stored === undefined) return undefined
    const isTooOld = clock.wallTime() - stored.storedAt > maxAgeMs
    return isTooOld || !this.#canRevive(stored) ? undefined : stored
  }

  /** Returns a stored response as its caller gets it. */
  describe<T>(key: string, stored: StoredResponse<T>, origin: Origin): CachedResponse<T> {
    const response = this.#shown(stored)
    return describeResponse(key, { ...stored, response }, origin, this.#options.clock.wallTime())
  }

  /** @throws what `revive` throws */
  revived<T>(data: T): T {
    const { revive } = this.#options.form
    return revive === undefined ? data : (revive(data) as T)
  }

  /** Whatever `revive` does, a computed response is not lost. */
  #shown<T>(stored: StoredResponse<T>): T {
    if (AS_COMPUTED_FIELD in stored) return stored.response
    try {
      return this.revived(stored.response)
    } catch {
      return stored.response
    }
  }

  /** A stored response that `revive` does not take is as good as none. */
  #canRevive({ response }: StoredResponse): boolean {
    try {
      this.revived(response)
      return true
    } catch {
      return false
    }
  }

  #stored<T>(known: KnownOfRequest, response: T): StoredResponse<T> {
    return { response, ...known, storedAt: this.#options.clock.wallTime() }
  }
}

/** Marks a response that was not converted, and so is handed out as it was computed. */
const AS_COMPUTED_FIELD = 'isAsComputed'
const AS_COMPUTED = { [AS_COMPUTED_FIELD]: true } as const

/** @throws CacheError (`SHOULD_STORE_FAILED`) when the function throws */
function isWanted<T>(response: T, shouldStore: (response: T) => boolean): boolean {
  try {
    return shouldStore(response)
  } catch (error) {
    throw new CacheError('shouldStore threw an error; the response was not stored', {
      code: 'SHOULD_STORE_FAILED',
      cause: error,
    })
  }
}
