import type { Nanoseconds } from '../clock.js'

/**
 * One turn of a process: from the moment at which it wakes until all promises are settled. A
 * process receives nothing during a turn.
 */
export class Turn {
  #startedAt: Nanoseconds | undefined

  /** Returns the start of the current turn, at its first use. */
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
