import { delay, type Reporter, timers } from '@verbatim/cache-core/implement'
import type { Circuit } from '../connection/redis-connection.js'

/** An outage is reported after this time; a reconnect takes less. */
const MIN_OUTAGE_MS = 500
/** The least time between two reports of a loss. */
const MIN_PAUSE_MS = 60_000
/** With so many losses in a minute, short ones are reported too. */
const MANY_LOSSES = 3
/** A wait has so many parts, so that a blocked event loop reads its sockets before the report. */
const PARTS_OF_WAIT = 4

type Code = 'VERBATIM_REDIS_UNREACHABLE' | 'VERBATIM_REDIS_LOST' | 'VERBATIM_REDIS_PARTLY_LOST'

export interface AvailabilityOptions {
  readonly reporter: Reporter
  /** The name of Redis in messages. */
  readonly place: string
  /** The time that the first connection may take before it is reported, in milliseconds. */
  readonly graceMs: number
  readonly circuit: () => Circuit
  /** Composes a sentence about why Redis is unavailable now. */
  readonly reason: () => string
  /** Composes a sentence about what calls do until then. */
  readonly consequence: (circuit: Circuit) => string
}

/**
 * Reports that Redis was never reached, was lost, or is available again: one message at the start of an
 * outage and one at its end, however long it lasts.
 */
export class AvailabilityMessages {
  readonly #options: AvailabilityOptions
  #wasReached = false
  /** When the outage began; `undefined` while there is none. */
  #outageSince: number | undefined
  /** The code of the report of this outage, if there was one. */
  #reported: Code | undefined
  #reportedAt = Number.NEGATIVE_INFINITY
  #losses = 0
  #lossesSince = Number.NEGATIVE_INFINITY
  #waiting = new AbortController()
  #closed = false

  constructor(options: AvailabilityOptions) {
    this.#options = options
  }

  /** Starts to wait for the first connection. */
  started(): void {
    if (this.#closed || this.#outageSince !== undefined) return
    if (this.#options.circuit() === 'closed') return
    this.#outageSince = timers.now()
    this.#reportAfter(this.#options.graceMs)
  }

  /** Reports a loss or a recovery. Call it when more or fewer servers are available than before. */
  changed(): void {
    if (this.#closed) return
    const circuit = this.#options.circuit()
    if (circuit === 'closed') this.#recovered()
    else if (this.#outageSince === undefined) this.#lost()
    else if (this.#reported === 'VERBATIM_REDIS_PARTLY_LOST' && circuit === 'open') {
      this.#reportAfter(MIN_OUTAGE_MS)
    }
  }

  close(): void {
    this.#closed = true
    this.#waiting.abort()
  }

  #lost(): void {
    if (!this.#wasReached) return
    const now = timers.now()
    this.#outageSince = now
    if (now - this.#lossesSince > MIN_PAUSE_MS) {
      this.#lossesSince = now
      this.#losses = 0
    }
    this.#losses++
    const minMs = this.#losses >= MANY_LOSSES ? 0 : MIN_OUTAGE_MS
    this.#reportAfter(Math.max(minMs, this.#reportedAt + MIN_PAUSE_MS - now))
  }

  #recovered(): void {
    const { reporter, place } = this.#options
    this.#waiting.abort()
    const outageMs = this.#outageSince === undefined ? 0 : timers.now() - this.#outageSince
    const reported = this.#reported
    const wasReached = this.#wasReached
    this.#outageSince = undefined
    this.#reported = undefined
    this.#wasReached = true
    if (reported !== undefined) {
      const after = `after ${describeDuration(outageMs)}`
      const message = `${place} is available${wasReached ? ' again' : ''}, ${after}.`
      // Each reported outage has a report of its end.
      reporter.notify('info', 'VERBATIM_REDIS_RECOVERED', message, `recovered from ${reported}`)
    } else if (!wasReached) reporter.log('debug', `${place} is available.`)
    else
      reporter.logRarely(
        'debug',
        'blip',
        `${place} was unavailable for ${describeDuration(outageMs)}.`,
      )
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

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Returns a duration for people: `0.3 s`, `12 s`, `5 min 20 s`, `26 h 10 min`. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 10 * SECOND_MS) return `${(milliseconds / SECOND_MS).toFixed(1)} s`
  const whole = Math.round(milliseconds / SECOND_MS) * SECOND_MS
  if (whole < MINUTE_MS) return `${whole / SECOND_MS} s`
  if (whole < HOUR_MS) {
    return `${Math.floor(whole / MINUTE_MS)} min ${(whole % MINUTE_MS) / SECOND_MS} s`
  }
  return `${Math.floor(whole / HOUR_MS)} h ${Math.floor((whole % HOUR_MS) / MINUTE_MS)} min`
}
