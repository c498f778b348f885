import { MILLISECOND, type Nanoseconds } from '../clock.js'

export interface DegradedReadsReport {
  readonly reads: number
  /** Of values that had been replaced for longer than a lost link excuses. */
  readonly olderThanLostBound: number
  readonly oldestMs: number
  /** Those for which no fault was the reason. */
  readonly whileUndisturbed: number
}

/** Reads by caches that said of themselves that Redis was of no use to them. */
export class DegradedReads {
  readonly #lostBound: Nanoseconds
  #reads = 0
  #olderThanLostBound = 0
  #whileUndisturbed = 0
  #oldest: Nanoseconds = 0

  constructor(lostBound: Nanoseconds) {
    this.#lostBound = lostBound
  }

  /** @param age - for how long what was read had been replaced; less than 0 if it was not */
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
