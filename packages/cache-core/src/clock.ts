import { recognizeCopies } from './copies.js'
import { invalidOption } from './options.js'
import { timers } from './timers.js'

/** Where a cache reads the time. Pass a {@link ManualClock} to test expiry without waiting. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; only differences mean anything. Decides expiry. */
  now(): number
  /** Milliseconds since 1970. Tells people when something happened; never decides expiry. */
  wallTime(): number
}

/** The machine's clocks. */
export const systemClock: Clock = { now: timers.now, wallTime: timers.wallTime }

/** 1 January 2026, UTC, in milliseconds since 1970. */
const STARTED_AT = 1_767_225_600_000

/** A clock that stands still until told to move. */
export class ManualClock implements Clock {
  static {
    recognizeCopies(this, 'cache-core/ManualClock')
  }

  #elapsed = 0
  readonly #startedAt: number

  /** @param startedAt - what {@link ManualClock.wallTime} says before the first advance */
  constructor(startedAt: number = STARTED_AT) {
    this.#startedAt = startedAt
  }

  now(): number {
    return this.#elapsed
  }

  wallTime(): number {
    return this.#startedAt + this.#elapsed
  }

  /** Moves both clocks forward. Time never runs backwards here: a negative step is a RangeError. */
  advance(milliseconds: number): void {
    if (!(milliseconds >= 0)) throw new RangeError(`cannot advance by ${milliseconds} ms`)
    this.#elapsed += milliseconds
  }
}

/** @throws ConfigurationError (`INVALID_OPTION`) unless it has both methods of a {@link Clock} */
export function assertClock(clock: unknown): asserts clock is Clock {
  const { now, wallTime } = Object(clock) as Partial<Clock>
  if (typeof now === 'function' && typeof wallTime === 'function') return
  throw invalidOption('clock', clock, 'an object with the methods now and wallTime')
}
