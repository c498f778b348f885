import { InfrastructureError } from '@verbatim/cache-core'
import { type EventHub } from '@verbatim/cache-core/implement'
import type { ForeignReason } from '../codec/stored-line.js'
import type { RedisCacheEvents } from '../events.js'
import type { RedisMessages } from '../messages/redis-messages.js'
import type { Counters } from '../stats.js'

/** Foreign keys that are remembered, so that each is reported once. */
const MAX_REPORTED = 1_000

/** Decides what a failure of Redis does to a call: it is counted, reported, and thrown if asked for. */
export class ErrorPolicy {
  readonly #throws: boolean
  readonly #events: EventHub<RedisCacheEvents>
  readonly #counters: Counters
  readonly #messages: RedisMessages
  readonly #reported = new Set<string>()

  /** @param throws - whether calls throw the errors of Redis */
  constructor(
    throws: boolean,
    events: EventHub<RedisCacheEvents>,
    counters: Counters,
    messages: RedisMessages,
  ) {
    this.#throws = throws
    this.#events = events
    this.#counters = counters
    this.#messages = messages
  }

  /**
   * Handles the error of a call.
   *
   * @throws the error, if it is not about Redis or calls throw the errors of Redis
   */
  handle(error: unknown): 'unavailable' {
    if (!(error instanceof InfrastructureError)) throw error
    this.report(error)
    return 'unavailable'
  }

  /**
   * Counts and reports an error of Redis.
   *
   * @throws the error, if calls throw the errors of Redis
   */
  report(error: InfrastructureError): void {
    this.record(error)
    if (this.#throws) throw error
  }

  /** Counts and reports an error of Redis that no call throws. */
  record(error: InfrastructureError): void {
    this.#counters.error(error)
    this.#messages.callFailed(error)
    this.#events.emit('backend_error', error)
  }

  /** Records that a key holds a damaged value of this cache. */
  foundDamaged(key: string): void {
    this.#counters.corruptValue()
    this.#messages.foundDamaged()
    this.#events.emit('corrupt_value', key)
  }

  /** Records that a key holds something that is not a value of this cache. */
  foundForeign(key: string, reason: ForeignReason): void {
    this.#counters.foreignValue(reason)
    if (this.#reported.has(key)) return
    if (this.#reported.size >= MAX_REPORTED) this.#reported.clear()
    this.#reported.add(key)
    this.#messages.foundForeign(reason)
    this.#events.emit('foreign_value', key, reason)
  }

  /** Records that Redis holds no value under a key. */
  foundNothing(): void {
    this.#counters.redisMiss()
  }
}
