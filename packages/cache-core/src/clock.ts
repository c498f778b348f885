import { invalidArgument, invalidOption } from './argument-errors.js'
import { recognizeCopies } from './copies.js'
import { timers } from './timers.js'

/** Source of the time for a cache. Pass a {@link ManualClock} to test expiry without waiting. */
export interface Clock {
  /** Returns milliseconds on a clock that never jumps, for expiry. Only differences have a meaning. */
  now(): number
  /** Returns milliseconds since 1970, for dates that people read. Never decides expiry. */
  wallTime(): number
}

/** The clocks of the machine. */
export const systemClock: Clock = { now: timers.now, wallTime: timers.wallTime }

/** 1 January 2026, UTC, in milliseconds since 1970. */
const STARTED_AT = 1_767_225_600_000

/**
 * A clock that stands still until {@link ManualClock.advance} moves it, for tests of expiry.
 *
 * @example
 * ```ts
 * const clock = new ManualClock()
 * const cache = new InMemoryCache({ clock })
 * await cache.set('key', 'value', '5m')
 * clock.advance(5 * 60_000 + 1)
 * await cache.get('key') // undefined
 * ```
 */
export class ManualClock implements Clock {
  static {
    recognizeCopies(this, 'cache-core/ManualClock')
  }

  #elapsed = 0
  readonly #startedAt: number

  /**
   * @param startedAt - result of {@link ManualClock.wallTime} before the first advance, in milliseconds
   * since 1970. Default: 1 January 2026, UTC
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
   * Moves `now` and `wallTime` forward.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) unless the argument is a finite number from 0
   */
  advance(milliseconds: number): void {
    if (!(Number.isFinite(milliseconds) && milliseconds >= 0)) {
      throw invalidArgument('milliseconds', 'a finite number from 0', milliseconds)
    }
    this.#elapsed += milliseconds
  }
}

/** @throws ConfigurationError (`INVALID_OPTION`) unless both methods of a {@link Clock} return finite numbers */
export function assertClock(clock: unknown): asserts clock is Clock {
  const { now, wallTime } = Object(clock) as Partial<Clock>
  if (typeof now !== 'function' || typeof wallTime !== 'function') {
    throw invalidOption('clock', 'an object with the methods now and wallTime', clock)
  }
  for (const [name, time] of Object.entries({
    now: now.call(clock),
    wallTime: wallTime.call(clock),
  }))
    if (!Number.isFinite(time))
      throw invalidOption(`clock.${name}`, 'a method that returns milliseconds', time)
}
