import { timers } from '@verbatim/cache-core/implement'

/** An object that removes expired entries on demand. */
export interface Sweepable {
  /**
   * Removes at most this many expired entries.
   *
   * @returns milliseconds until more entries can be removed: 0 for now, `Infinity` for never
   */
  sweep(most: number): number
}

const REMOVED_AT_ONCE = 1_000
const SHORTEST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Frees the memory of an idle cache with a single timer. The timer keeps neither the process nor an
 * unclosed cache alive.
 */
export class IdleSweep {
  readonly #target: WeakRef<Sweepable>
  #timer: NodeJS.Timeout | undefined

  constructor(target: Sweepable) {
    this.#target = new WeakRef(target)
  }

  /** Starts the timer, because there is an entry that will expire. */
  arm(): void {
    this.#timer ??= timers.setTimeout(() => this.#run(), SHORTEST_PAUSE_MS).unref()
  }

  stop(): void {
    timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #run(): void {
    this.#timer = undefined
    const untilNextMs = this.#target.deref()?.sweep(REMOVED_AT_ONCE) ?? Number.POSITIVE_INFINITY
    if (untilNextMs === Number.POSITIVE_INFINITY) return
    const pauseMs =
      untilNextMs <= 0 ? 0 : Math.min(Math.max(untilNextMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
    this.#timer = timers.setTimeout(() => this.#run(), pauseMs).unref()
  }
}
