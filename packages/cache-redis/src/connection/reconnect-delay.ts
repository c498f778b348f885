import { troubleOf } from './connection-errors.js'
import { meaningOf } from './error-replies.js'

/** Within such a time the clients of a server that was away are back, in milliseconds. */
export const RECONNECT_PERIOD_MS = 900

const FIRST_PAUSE_AFTER_REFUSAL_MS = 1_000
const LONGEST_PAUSE_AFTER_REFUSAL_MS = 30_000

/**
 * How long a client waits before it connects again.
 *
 * The first try comes at a random moment of the period, and then there is one in each. So the
 * clients of a server that restarts come back evenly over one period. A random pause each time, the
 * usual way, lets twice as many come in the first moments: short pauses are those that end soon.
 *
 * One that was refused for its password waits longer each time: every try is work for the server,
 * and looks like an attack on it.
 */
export class ReconnectDelay {
  readonly #periodMs: number
  #wasRefused = false
  #refusals = 0

  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  /** To be shown every error of the client. */
  readonly note = (error: unknown): void => {
    if (meaningOf(troubleOf(error)).retrySlowly) this.#wasRefused = true
  }

  /** @param attempt - 1 for the first since there was a connection */
  readonly next = (attempt: number): number => {
    this.#refusals = this.#wasRefused ? this.#refusals + 1 : 0
    this.#wasRefused = false
    if (this.#refusals > 0) return pauseAfterRefusal(this.#refusals)
    return attempt <= 1 ? between(0, this.#periodMs) : this.#periodMs
  }
}

/** @param refusals - in a row */
export function pauseAfterRefusal(refusals: number): number {
  const longest = FIRST_PAUSE_AFTER_REFUSAL_MS * 2 ** (refusals - 1)
  const pause = Math.min(longest, LONGEST_PAUSE_AFTER_REFUSAL_MS)
  return between(pause / 2, pause)
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least)
}
