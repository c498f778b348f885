import { delay, type Reporter, timers } from '@verbatim/cache-core/implement'
import type { Circuit } from '../connection/redis-connection.js'
import { describeDuration } from './describe-duration.js'

/** Redis has been away for so long before it is reported as lost: a reconnect takes less. */
const LEAST_OUTAGE_MS = 500
/** Two losses are reported no closer together than this. */
const LEAST_PAUSE_MS = 60_000
/** So many losses within a minute are reported although each was short. */
const MANY_LOSSES = 3
/** A wait is cut into so many parts, so that an event loop that was blocked still hears from Redis. */
const PARTS_OF_WAIT = 4

type Code = 'VERBATIM_REDIS_UNREACHABLE' | 'VERBATIM_REDIS_LOST' | 'VERBATIM_REDIS_PARTLY_LOST'

export interface AvailabilityOptions {
  readonly reporter: Reporter
  /** How Redis is named in messages. */
  readonly place: string
  /** How long the first connection may take before it is reported, in milliseconds. */
  readonly graceMs: number
  readonly circuit: () => Circuit
  /** Composes why Redis cannot be used now, as a sentence. */
  readonly reason: () => string
  /** Composes what calls do until then, as a sentence. */
  readonly consequence: (circuit: Circuit) => string
}

/**
 * Reports that Redis was never reached, was lost, and can be used again: one message at the start of an
 * outage and one at its end, however long it takes.
 */
export class AvailabilityReports {
  readonly #options: AvailabilityOptions
  #wasReached = false
  /** When the outage began; `undefined` while there is none. */
  #awaySince: number | undefined
  /** The code under which this outage was reported, if it was. */
  #reported: Code | undefined
  #reportedAt = Number.NEGATIVE_INFINITY
  #losses = 0
  #lossesSince = Number.NEGATIVE_INFINITY
  #waiting = new AbortController()
  #closed = false

  constructor(options: AvailabilityOptions) {
    this.#options = options
  }

  /** The first attempt to connect has begun. */
  started(): void {
    if (this.#closed || this.#awaySince !== undefined) return
    if (this.#options.circuit() === 'closed') return
    this.#awaySince = timers.now()
    this.#reportAfter(this.#options.graceMs)
  }

  /** More or fewer servers can be used than before. */
  changed(): void {
    if (this.#closed) return
    const circuit = this.#options.circuit()
    if (circuit === 'closed') this.#recovered()
    else if (this.#awaySince === undefined) this.#lost()
    else if (this.#reported === 'VERBATIM_REDIS_PARTLY_LOST' && circuit === 'open') {
      this.#reportAfter(LEAST_OUTAGE_MS)
    }
  }

  close(): void {
    this.#closed = true
    this.#waiting.abort()
  }

  #lost(): void {
    if (!this.#wasReached) return
    const now = timers.now()
    this.#awaySince = now
    if (now - this.#lossesSince > LEAST_PAUSE_MS) {
      this.#lossesSince = now
      this.#losses = 0
    }
    this.#losses++
    const leastMs = this.#losses >= MANY_LOSSES ? 0 : LEAST_OUTAGE_MS
    this.#reportAfter(Math.max(leastMs, this.#reportedAt + LEAST_PAUSE_MS - now))
  }

  #recovered(): void {
    const { reporter, place } = this.#options
    this.#waiting.abort()
    const awayMs = this.#awaySince === undefined ? 0 : timers.now() - this.#awaySince
    const reported = this.#reported
    const wasReached = this.#wasReached
    this.#awaySince = undefined
    this.#reported = undefined
    this.#wasReached = true
    if (reported !== undefined) {
      const after = `after ${describeDuration(awayMs)}`
      const message = `${place} can be used${wasReached ? ' again' : ''}, ${after}.`
      // Of each kind of outage that was reported, the end is reported too.
      reporter.notify('info', 'VERBATIM_REDIS_RECOVERED', message, `recovered from ${reported}`)
    } else if (!wasReached) reporter.log('debug', `${place} can be used.`)
    else reporter.logRarely('debug', 'blip', `${place} was away for ${describeDuration(awayMs)}.`)
  }

  #reportAfter(milliseconds: number): void {
    this.#waiting.abort()
    this.#waiting = new AbortController()
    void this.#reportUnless(this.#waiting.signal, milliseconds)
  }

  async #reportUnless(signal: AbortSignal, milliseconds: number): Promise<void> {
    const parts = milliseconds > 0 ? PARTS_OF_WAIT : 0
    for (let part = 0; part < parts; part++) await delay(milliseconds / parts, signal)
    if (!signal.aborted) this.#report()
  }

  #report(): void {
    const { circuit, consequence, reason, reporter } = this.#options
    const now = circuit()
    const code = this.#code(now)
    this.#reportedAt = timers.now()
    if (reporter.notify('warn', code, `${reason()} ${consequence(now)}`)) this.#reported = code
  }

  #code(circuit: Circuit): Code {
    if (circuit !== 'open') return 'VERBATIM_REDIS_PARTLY_LOST'
    return this.#wasReached ? 'VERBATIM_REDIS_LOST' : 'VERBATIM_REDIS_UNREACHABLE'
  }
}
