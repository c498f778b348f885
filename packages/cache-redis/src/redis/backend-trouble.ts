import { type EventHub, InfrastructureError } from '@verbatim/cache-core'
import type { RedisCacheEvents } from '../events.js'
import type { Tally } from '../tally.js'

/** What trouble with Redis does to a call: it is counted and told, and thrown only if it is to be. */
export class BackendTrouble {
  readonly #isThrown: boolean
  readonly #events: EventHub<RedisCacheEvents>
  readonly #tally: Tally

  constructor(isThrown: boolean, events: EventHub<RedisCacheEvents>, tally: Tally) {
    this.#isThrown = isThrown
    this.#events = events
    this.#tally = tally
  }

  /**
   * What a call answers in which something went wrong: nothing, if it was Redis.
   *
   * @throws the error itself if it was not Redis, or if its trouble is to be thrown
   */
  none(error: unknown): undefined {
    if (!(error instanceof InfrastructureError)) throw error
    this.report(error)
  }

  report(error: InfrastructureError): void {
    this.#tally.error(error)
    this.#events.emit('backend_error', error)
    if (this.#isThrown) throw error
  }

  /** Bytes under a key are no value of ours, or not intact. */
  foundCorrupt(key: string): void {
    this.#tally.corruptValue()
    this.#events.emit('corrupt_value', key)
  }

  /** Redis has no value for a key. */
  foundNothing(): void {
    this.#tally.redisMiss()
  }
}
