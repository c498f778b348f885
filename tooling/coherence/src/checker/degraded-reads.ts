import { MILLISECOND, type Nanoseconds } from '../clock.js'

export interface DegradedReadsReport {
  readonly reads: number
  /** Number of reads of values that were replaced longer ago than a lost connection permits. */
  readonly olderThanLostBound: number
  readonly oldestMs: number
  /** Number of reads without a fault. */
  readonly whileUndisturbed: number
}

/** Counts reads of caches that reported that Redis is unavailable. */
export class DegradedReads {
  readonly #lostBound: Nanoseconds
  #reads = 0
  #olderThanLostBound = 0
  #whileUndisturbed = 0
  #oldest: Nanoseconds = 0

  constructor(lostBound: Nanoseconds) {
    this.#lostBound = lostBound
  }

  /**
   * Counts a read.
   *
   * @param age - time since the value was replaced; negative if it was current
   */
  observe(age: Nanoseconds, isDisturbed: boolean): void {
    this.#reads++
    if (age > this.#lostBound) this.#olderThanLostBound++
    if (!isDisturbed) this.#whileUndisturbed++
    this.#oldest = Math.max(this.#oldest, age)
  }

  report(): DegradedReadsReport {
    return {
      reads: this.#reads,
      olderThanLostBound: this.#olderThanLostBound,
      oldestMs: this.#oldest / MILLISECOND,
      whileUndisturbed: this.#whileUndisturbed,
    }
  }
}
