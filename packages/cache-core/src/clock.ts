import { invalidArgument, invalidOption } from './argument-errors.js'
import { recognizeCopies } from './copies.js'
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

  /**
   * @param startedAt - what {@link ManualClock.wallTime} says before the first advance
   * @throws ValidationError (`INVALID_ARGUMENT`) unless it is a finite number
   */
  constructor(startedAt: number = STARTED_AT) {
    if (!Number.isFinite(startedAt)) {
      throw invalidArgument('startedAt', 'milliseconds since 1970', startedAt)
    }
    this.#startedAt = startedAt
  }

  now(): number {
    return this.#elapsed
  }

  wallTime(): number {
    return this.#startedAt + this.#elapsed
  }

  /**
   * Moves both clocks forward.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) unless the step is a finite number from 0
   */
  advance(milliseconds: number): void {
    if (!(Number.isFinite(milliseconds) && milliseconds >= 0)) {
      throw invalidArgument('milliseconds', 'a finite number from 0', milliseconds)
    }
    this.#elapsed += milliseconds
  }
}

/** @throws ConfigurationError (`INVALID_OPTION`) unless it has both methods of a {@link Clock} */
export function assertClock(clock: unknown): asserts clock is Clock {
  const { now, wallTime } = Object(clock) as Partial<Clock>
  if (typeof now === 'function' && typeof wallTime === 'function') return
  throw invalidOption('clock', 'an object with the methods now and wallTime', clock)
}
