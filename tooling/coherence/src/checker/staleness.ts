import { MILLISECOND, type Nanoseconds, SECOND } from '../clock.js'
import type { Version } from './version.js'

/** Upper limits of the histogram's classes; above the last one there is one more. */
const LIMITS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]
/** After how long a write that some read still ignores counts as inconsistent. */
const PATIENCE: readonly Nanoseconds[] = [100 * MILLISECOND, SECOND, 5 * SECOND]

export interface StalenessReport {
  /** Reads that returned what was replaced by then, by how long. */
  readonly histogram: readonly { readonly upToMs: number; readonly reads: number }[]
  /** Acknowledged writes that some read still ignored so long after. */
  readonly inconsistentWrites: readonly { readonly afterMs: number; readonly writes: number }[]
  readonly longestMs: number
}

/** How long after the acknowledgement of a write reads still returned what it had replaced. */
export class Staleness {
  readonly #reads = [...LIMITS_MS, Number.POSITIVE_INFINITY].map(() => 0)
  readonly #writes = PATIENCE.map(() => 0)
  /** The longest that any read has ignored a write after its acknowledgement. */
  readonly #ignored = new WeakMap<Version, Nanoseconds>()
  #longest: Nanoseconds = 0

  /** @param ignored - the write that the read took no notice of */
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
