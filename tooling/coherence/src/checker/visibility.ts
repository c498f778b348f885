import { MILLISECOND, type Nanoseconds } from '../clock.js'
import type { Version } from './version.js'

/** Resolution and upper limit of the measured times. Above the limit, only the longest is known. */
const STEP: Nanoseconds = 0.01 * MILLISECOND
const STEPS = 100_000

export interface VisibilityReport {
  readonly writes: number
  /** Percentiles of the times for which reads ignored writes. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly longestMs: number
}

/**
 * Measures how long after the acknowledgement of a write reads returned an older value. For most
 * writes it is 0. It counts only writes and reads without a fault.
 */
export class Visibility {
  #writes = 0
  /** Number of ignored writes by time. */
  readonly #ignored = new Uint32Array(STEPS + 1)
  #longest: Nanoseconds = 0

  /** Counts a write. Call it at its acknowledgement. */
  acknowledged(write: Version): void {
    write.ignoredFor = 0
    this.#writes++
  }

  /**
   * Records a read that started this time after the acknowledgement and returned an older value.
   */
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

  /** Returns a percentile as the upper end of its step. */
  #quantile(part: number): number {
    let above = this.#writes * (1 - part)
    for (let step = STEPS; step > 0; step--) {
      const count = this.#ignored[step] ?? 0
      // The sum of the parts is not exact.
      if (count > above + 1e-6) {
        return Math.min(step === STEPS ? this.#longest : step * STEP, this.#longest) / MILLISECOND
      }
      above -= count
    }
    return 0
  }
}
