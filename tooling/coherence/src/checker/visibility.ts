import { MILLISECOND, type Nanoseconds } from '../clock.js'
import type { Version } from './version.js'

/** How finely the times are told apart, and up to where; beyond that only the longest is known. */
const STEP: Nanoseconds = 0.01 * MILLISECOND
const STEPS = 100_000

export interface VisibilityReport {
  readonly writes: number
  /** For how long some read still ignored all but so many of them: half of them, 1 %, 0.1 %. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly longestMs: number
}

/**
 * For how long after the acknowledgement of a write its key's old values were still read: 0 for most
 * writes. Of writes made, and reads that began, while nothing disturbed the links.
 */
export class Visibility {
  #writes = 0
  /** How many writes were ignored, by for how long. */
  readonly #ignored = new Uint32Array(STEPS + 1)
  #longest: Nanoseconds = 0

  /** Must be called for a write when it is acknowledged, if it is to be counted. */
  acknowledged(write: Version): void {
    write.ignoredFor = 0
    this.#writes++
  }

  /** Records that a read that began so long after the acknowledgement returned an older value. */
  ignored(write: Version, since: Nanoseconds): void {
    const { ignoredFor } = write
    if (ignoredFor === undefined || since <= ignoredFor) return
    if (ignoredFor > 0) this.#count(ignoredFor, -1)
    this.#count(since, 1)
    write.ignoredFor = since
    this.#longest = Math.max(this.#longest, since)
  }

  report(): VisibilityReport {
    return {
      writes: this.#writes,
      p50Ms: this.#quantile(0.5),
      p99Ms: this.#quantile(0.99),
      p999Ms: this.#quantile(0.999),
      longestMs: this.#longest / MILLISECOND,
    }
  }

  #count(since: Nanoseconds, change: 1 | -1): void {
    const step = Math.min(Math.ceil(since / STEP), STEPS)
    this.#ignored[step] = (this.#ignored[step] ?? 0) + change
  }

  /** From above, as the upper end of a step. */
  #quantile(part: number): number {
    let above = this.#writes * (1 - part)
    for (let step = STEPS; step > 0; step--) {
      const count = this.#ignored[step] ?? 0
      // The sum of parts is not exact.
      if (count > above + 1e-6) {
        return Math.min(step === STEPS ? this.#longest : step * STEP, this.#longest) / MILLISECOND
      }
      above -= count
    }
    return 0
  }
}
