import { timers } from '@verbatim/cache-core/implement'

/** What there is to do while nobody writes. */
export interface Sweepable {
  /**
   * Drops at most so many entries that nobody will read.
   *
   * @returns milliseconds until there is more to drop: 0 when there is already, `Infinity` when
   * nothing is to come
   */
  sweep(most: number): number
}

const DROPPED_AT_ONCE = 1_000
const SHORTEST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Gives back the memory of a cache that is not used: one timer for all of it, which neither keeps
 * the process alive nor, when somebody forgot to close it, the cache.
 */
export class IdleSweep {
  readonly #target: WeakRef<Sweepable>
  #timer: NodeJS.Timeout | undefined

  constructor(target: Sweepable) {
    this.#target = new WeakRef(target)
  }

  /** Starts sweeping, because something will have to be dropped. */
  arm(): void {
    this.#timer ??= timers.setTimeout(() => this.#run(), SHORTEST_PAUSE_MS).unref()
  }

  stop(): void {
    timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #run(): void {
    this.#timer = undefined
    const untilNextMs = this.#target.deref()?.sweep(DROPPED_AT_ONCE) ?? Number.POSITIVE_INFINITY
    if (untilNextMs === Number.POSITIVE_INFINITY) return
    const pauseMs =
      untilNextMs <= 0 ? 0 : Math.min(Math.max(untilNextMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
    this.#timer = timers.setTimeout(() => this.#run(), pauseMs).unref()
  }
}
