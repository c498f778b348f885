import type { Flight } from './single-flight.js'

/** What a loader is told, and what it may say besides its answer. */
export class LoadContext {
  readonly #flight: Flight
  #skipped = false

  /** @internal */
  constructor(flight: Flight) {
    this.#flight = flight
  }

  /** Aborted when everybody who waited has gone. What the loader answers then is not stored. */
  get signal(): AbortSignal {
    return this.#flight.signal
  }

  /** Keeps the result out of the cache. All callers that wait still get it, `undefined` included. */
  readonly skip = (): void => {
    this.#skipped = true
  }

  /** Whether {@link LoadContext.skip} was called. */
  get skipped(): boolean {
    return this.#skipped
  }
}

/** Computes the value of a key that is not in the cache. */
export type Loader<T> = (context: LoadContext) => T | PromiseLike<T>
