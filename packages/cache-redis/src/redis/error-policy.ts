import { InfrastructureError } from '@verbatim/cache-core'
import type { EventHub } from '@verbatim/cache-core/implement'
import type { ForeignReason } from '../codec/stored-line.js'
import type { RedisCacheEvents } from '../events.js'
import type { RedisReports } from '../messages/redis-reports.js'
import type { Tally } from '../tally.js'

/** Foreign keys that are remembered, so that each is reported once. */
const MOST_REPORTED = 1_000

/** Decides what a failure of Redis does to a call: it is counted and reported, and thrown if asked for. */
export class ErrorPolicy {
  readonly #isThrown: boolean
  readonly #events: EventHub<RedisCacheEvents>
  readonly #tally: Tally
  readonly #reports: RedisReports
  readonly #reported = new Set<string>()

  constructor(
    isThrown: boolean,
    events: EventHub<RedisCacheEvents>,
    tally: Tally,
    reports: RedisReports,
  ) {
    this.#isThrown = isThrown
    this.#events = events
    this.#tally = tally
    this.#reports = reports
  }

  /**
   * Handles what a call failed with.
   *
   * @throws the error itself if it is not about Redis, or if errors of Redis are to be thrown
   */
  handle(error: unknown): 'unavailable' {
    if (!(error instanceof InfrastructureError)) throw error
    this.report(error)
    return 'unavailable'
  }

  report(error: InfrastructureError): void {
    this.note(error)
    if (this.#isThrown) throw error
  }

  /** Counts and reports an error that no call is to fail with. */
  note(error: InfrastructureError): void {
    this.#tally.error(error)
    this.#reports.callFailed(error)
    this.#events.emit('backend_error', error)
  }

  /** The bytes under a key are a value of this cache that was damaged. */
  foundDamaged(key: string): void {
    this.#tally.corruptValue()
    this.#reports.foundDamaged()
    this.#events.emit('corrupt_value', key)
  }

  /** What stands under a key is not a value of this cache. */
  foundForeign(key: string, reason: ForeignReason): void {
    this.#tally.foreignValue(reason)
    if (this.#reported.has(key)) return
    if (this.#reported.size >= MOST_REPORTED) this.#reported.clear()
    this.#reported.add(key)
    this.#reports.foundForeign(reason)
    this.#events.emit('foreign_value', key, reason)
  }

  /** Redis has no value for a key. */
  foundNothing(): void {
    this.#tally.redisMiss()
  }
}
