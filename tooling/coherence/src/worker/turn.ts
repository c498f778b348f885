import type { Nanoseconds } from '../clock.js'

/**
 * What a process does in one go, from when it is woken until all promises are through. It hears of
 * nothing in the midst of that.
 */
export class Turn {
  #startedAt: Nanoseconds | undefined

  /** When the present one began, as far as anybody asked. */
  startedAt(now: Nanoseconds): Nanoseconds {
    if (this.#startedAt === undefined) {
      this.#startedAt = now
      process.nextTick(() => {
        this.#startedAt = undefined
      })
    }
    return this.#startedAt
  }
}
