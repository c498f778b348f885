import { MILLISECOND, type Nanoseconds, SECOND } from '../clock.js'
import type { Version } from './version.js'

/** Upper limits of the classes of the histogram. One more class has no limit. */
const LIMITS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]
/** Times after which a write counts as inconsistent if a read still ignores it. */
const PATIENCE: readonly Nanoseconds[] = [100 * MILLISECOND, SECOND, 5 * SECOND]

export interface StalenessReport {
  /** Reads of replaced values by their staleness. */
  readonly histogram: readonly { readonly upToMs: number; readonly reads: number }[]
  /** Numbers of acknowledged writes that a read ignored after these times. */
  readonly inconsistentWrites: readonly { readonly afterMs: number; readonly writes: number }[]
  readonly longestMs: number
}

/** Measures how long after the acknowledgement of a write reads returned an older value. */
export class Staleness {
  readonly #reads = [...LIMITS_MS, Number.POSITIVE_INFINITY].map(() => 0)
  readonly #writes = PATIENCE.map(() => 0)
  /** Longest time for which a read ignored an acknowledged write. */
  readonly #ignored = new WeakMap<Version, Nanoseconds>()
  #longest: Nanoseconds = 0

  /**
   * Counts a stale read.
   *
   * @param ignored - the write that the read ignored
   */
  observe(staleness: Nanoseconds, ignored: Version | undefined): void {
    const milliseconds = staleness / MILLISECOND
    const found = LIMITS_MS.findIndex((limit) => milliseconds <= limit)
    const place = found === -1 ? LIMITS_MS.length : found
    this.#reads[place] = (this.#reads[place] ?? 0) + 1
    this.#longest = Math.max(this.#longest, staleness)
    if (ignored === undefined) return
    const longest = this.#ignored.get(ignored) ?? 0
    for (const [index, patience] of PATIENCE.entries()) {
      const isFirst = longest <= patience && staleness > patience
      if (isFirst) this.#writes[index] = (this.#writes[index] ?? 0) + 1
    }
    this.#ignored.set(ignored, Math.max(longest, staleness))
  }

  report(): StalenessReport {
    return {
      histogram: this.#reads.map((reads, index) => ({
        upToMs: LIMITS_MS[index] ?? Number.POSITIVE_INFINITY,
        reads,
      })),
      inconsistentWrites: PATIENCE.map((patience, index) => ({
        afterMs: patience / MILLISECOND,
        writes: this.#writes[index] ?? 0,
      })),
      longestMs: this.#longest / MILLISECOND,
    }
  }
}
