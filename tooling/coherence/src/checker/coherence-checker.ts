import type { Nanoseconds } from '../clock.js'
import { DegradedReads } from './degraded-reads.js'
import type { FaultTimeline } from './fault-timeline.js'
import { type HistoryLimits, KeyHistory } from './key-history.js'
import { Staleness } from './staleness.js'
import {
  EVERYBODY,
  processAudience,
  type Span,
  type Version,
  type VersionId,
  type WriteKind,
} from './version.js'
import type { Read, Violation, ViolationKind } from './violation.js'
import { Visibility } from './visibility.js'

/** Details of an illegal read. */
interface Verdict {
  readonly staleness?: Nanoseconds
  readonly bound?: Nanoseconds
  /** Audience that must not read the version any more. */
  readonly audience?: number
}

/**
 * Checks each read against the history of its key. A read is legal if its version may have been
 * current at some instant between its start, less the bound, and its end.
 *
 * A write can take effect at any instant between its start and its end, and a failed write also
 * later. A read that finds nothing is always legal, because a cache may evict entries.
 *
 * Events must be passed in the order of their end times.
 */
export class CoherenceChecker {
  readonly #keys: readonly KeyHistory[]
  readonly #timeline: FaultTimeline
  /** Time at which the last predecessor of each process ended. */
  readonly #beganAt: Nanoseconds[] = []
  readonly staleness = new Staleness()
  readonly visibility = new Visibility()
  readonly degradedReads: DegradedReads
  readonly #onViolation: (violation: Violation) => void

  constructor(
    keys: number,
    limits: HistoryLimits,
    timeline: FaultTimeline,
    onViolation: (violation: Violation) => void,
  ) {
    this.#keys = Array.from({ length: keys }, () => new KeyHistory(limits))
    this.#timeline = timeline
    this.degradedReads = new DegradedReads(timeline.bounds.lost)
    this.#onViolation = onViolation
  }

  writeBegan(
    key: number,
    id: VersionId,
    kind: WriteKind,
    at: Nanoseconds,
    ttl: Nanoseconds,
    isOrdered = true,
  ): void {
    this.#keys[key]?.began(id, kind, at, ttl, isOrdered)
  }

  /**
   * Records the end of a write.
   *
   * @param ok - false if the outcome of the write is unknown
   */
  writeEnded(key: number, id: VersionId, at: Nanoseconds, ok: boolean): void {
    const write = this.#keys[key]?.ended(id, at, ok)
    if (write === undefined || !ok) return
    const span = { process: id.writer, start: write.begin, end: at }
    if (!this.#timeline.isDisturbed(span)) this.visibility.acknowledged(write)
  }

  /** Records that a process was killed. Another process can replace it under the same number. */
  processEnded(process: number, at: Nanoseconds): void {
    this.#beganAt[process] = at
    for (const history of this.#keys) history.processEnded(process, at)
  }

  /**
   * Records that a loader has read this version from the source of truth. The version can be stored
   * from now on.
   */
  loadBegan(key: number, id: VersionId): void {
    this.#keys[key]?.loadBegan(id)
  }

  loadEnded(key: number, id: VersionId, load: Span, ttl: Nanoseconds, ok: boolean): void {
    this.#keys[key]?.loadEnded(id, load, ttl, ok)
  }

  /** Reports that a read of this key returned the value of another key. */
  foreignRead(read: Read): void {
    this.#report('foreign', read)
  }

  read(read: Read): void {
    this.#check(read, this.#timeline.boundFor(read))
  }

  /**
   * Checks a read of a process that was stalled. A stalled process counts as one without a tracking
   * connection.
   */
  stalledRead(read: Read): void {
    this.#check(read, Math.max(this.#timeline.boundFor(read), this.#timeline.bounds.lost))
  }

  /**
   * Checks a read of a cache that reported that Redis is unavailable. The value can have any age,
   * but it must respect the writes of its own process.
   */
  degradedRead(read: Read): void {
    const version = this.#versionOf(read)
    if (version === undefined) return
    const age = stalenessOf(read, version, EVERYBODY)
    this.degradedReads.observe(age, this.#timeline.isDisturbed(read))
    this.#reportOwnWrite(read, version)
  }

  #check(read: Read, bound: Nanoseconds): void {
    const version = this.#versionOf(read)
    if (version === undefined) return
    const { start } = read
    const staleness = stalenessOf(read, version, EVERYBODY)
    if (staleness > 0) this.#noteStale(read, version, staleness)
    if (staleness > bound && !this.#isExcused(read, version, bound)) {
      this.#report('stale', read, { staleness, bound, audience: EVERYBODY })
    } else if (!this.#reportOwnWrite(read, version) && start - version.cachedUntil > bound) {
      this.#report('expired', read, { staleness: start - version.cachedUntil, bound })
    }
  }

  /**
   * Reports versions that were never written, and versions that were replaced before the remembered
   * history.
   */
  #versionOf(read: Read): Version | undefined {
    const history = this.#keys[read.key]
    const version = history?.find(read.versionId)
    if (version === undefined) {
      const kind = history?.wasBegun(read.versionId) === true ? 'stale' : 'never-written'
      this.#report(kind, read)
    }
    return version
  }

  #noteStale(read: Read, version: Version, staleness: Nanoseconds): void {
    this.staleness.observe(staleness, version.replacedBy?.[EVERYBODY])
    if (this.#timeline.isDisturbed(read)) return
    for (const write of this.#keys[read.key]?.replacing(version) ?? []) {
      this.visibility.ignored(write, Math.min(staleness, read.start - write.end))
    }
  }

  /** Returns whether all replacements of the version beyond the bound may have been lost. */
  #isExcused(read: Read, version: Version, bound: Nanoseconds): boolean {
    if (!this.#timeline.mayLoseWrites) return false
    const replacing = this.#keys[read.key]?.replacing(version) ?? []
    return replacing.every(
      (write) => read.start - write.end <= bound || this.#timeline.isLost(write),
    )
  }

  /** Reports a read of a version that its own process had replaced. Returns whether it did. */
  #reportOwnWrite(read: Read, version: Version): boolean {
    const audience = processAudience(read.process)
    const staleness = stalenessOf(read, version, audience)
    const writtenAt = version.replacedBy?.[audience]?.begin ?? 0
    // A process does not know the writes of its killed predecessor.
    if (writtenAt < (this.#beganAt[read.process] ?? 0)) return false
    if (staleness > 0) this.#report('own-write', read, { staleness, audience })
    return staleness > 0
  }

  #report(
    kind: ViolationKind,
    read: Read,
    { staleness = Number.POSITIVE_INFINITY, bound = 0, audience }: Verdict = {},
  ): void {
    const history = this.#keys[read.key]
    const version = history?.find(read.versionId)
    const replacedBy = audience === undefined ? undefined : version?.replacedBy?.[audience]
    this.#onViolation({
      kind,
      read,
      bound,
      staleness,
      version,
      replacedBy,
      inFlight: [...(history?.inFlight ?? [])],
      faults: this.#timeline.during((replacedBy ?? version)?.begin ?? read.start, read.end),
    })
  }
}

/**
 * Returns how long the audience must have known a newer version. It is at most 0 if it need not
 * know one.
 */
function stalenessOf({ start }: Read, version: Version, audience: number): Nanoseconds {
  return start - (version.replacedAt[audience] ?? 0)
}
