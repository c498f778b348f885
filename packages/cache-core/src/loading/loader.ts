import type { Flight } from './single-flight.js'

/**
 * The argument of a loader.
 *
 * @example
 * ```ts
 * await cache.getOrSet(key, async ({ signal, skip }) => {
 *   const response = await fetch(url, { signal })
 *   if (!response.ok) skip()
 *   return response.text()
 * })
 * ```
 */
export class LoadContext {
  readonly #flight: Flight
  #skipped = false
  #refusal: unknown

  /** @internal */
  constructor(flight: Flight) {
    this.#flight = flight
  }

  /** Aborted when no caller waits any longer. The result of the load is not stored then. */
  get signal(): AbortSignal {
    return this.#flight.signal
  }

  /**
   * Keeps the result out of the cache. All callers that wait still get it, `undefined` included.
   *
   * @param error - the reason why the result cannot be stored. The cache counts and reports it, unless every
   * caller uses `noStore`. Default: nothing is reported
   */
  readonly skip = (error?: unknown): void => {
    if (!this.#skipped) this.#refusal = error
    this.#skipped = true
  }

  /** Whether {@link LoadContext.skip} was called. */
  get skipped(): boolean {
    return this.#skipped
  }

  /** @internal The error that the first call of {@link LoadContext.skip} was given. */
  get refusal(): unknown {
    return this.#refusal
  }
}

/** Computes the value of a key that is not in the cache. */
export type Loader<T> = (context: LoadContext) => T | PromiseLike<T>
