import type { Nanoseconds } from '../clock.js'
import { DegradedReads } from './degraded-reads.js'
import { type HistoryLimits, KeyHistory } from './key-history.js'
import type { LinkState } from './link-state.js'
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

/** Why a read is illegal. */
interface Verdict {
  readonly staleness?: Nanoseconds
  readonly bound?: Nanoseconds
  /** Of those who must not read it any more. */
  readonly audience?: number
}

/**
 * Judges each read by the history of its key: it is legal if the version that it returned may have
 * been the current one at some instant between its start, less the bound, and its end.
 *
 * A write may take effect at any instant between its begin and its end. One that failed may do so
 * later, too. A read that finds nothing is always legal: a cache may forget.
 *
 * Events have to come in the order of their times, that of a read or write being its end.
 */
export class CoherenceChecker {
  readonly #keys: readonly KeyHistory[]
  readonly #links: LinkState
  /** By process: when its last predecessor ended. */
  readonly #beganAt: Nanoseconds[] = []
  readonly staleness = new Staleness()
  readonly visibility = new Visibility()
  readonly degradedReads: DegradedReads
  readonly #onViolation: (violation: Violation) => void

  constructor(
    keys: number,
    limits: HistoryLimits,
    links: LinkState,
    onViolation: (violation: Violation) => void,
  ) {
    this.#keys = Array.from({ length: keys }, () => new KeyHistory(limits))
    this.#links = links
    this.degradedReads = new DegradedReads(links.bounds.lost)
    this.#onViolation = onViolation
  }

  writeBegan(
    key: number,
    id: VersionId,
    kind: WriteKind,
    at: Nanoseconds,
    life: Nanoseconds,
    isOrdered = true,
  ): void {
    this.#keys[key]?.began(id, kind, at, life, isOrdered)
  }

  /** @param ok - false when nobody knows what became of it */
  writeEnded(key: number, id: VersionId, at: Nanoseconds, ok: boolean): void {
    const write = this.#keys[key]?.ended(id, at, ok)
    if (write === undefined || !ok) return
    const span = { process: id.writer, start: write.begin, end: at }
    if (!this.#links.isDisturbed(span)) this.visibility.acknowledged(write)
  }

  /** Records that a process was killed. Another one of the same number may take its place. */
  processEnded(process: number, at: Nanoseconds): void {
    this.#beganAt[process] = at
    for (const history of this.#keys) history.processEnded(process, at)
  }

  /** A loader has read this version from the source of truth; it may be stored from now on. */
  loadBegan(key: number, id: VersionId): void {
    this.#keys[key]?.loadBegan(id)
  }

  loadEnded(key: number, id: VersionId, load: Span, life: Nanoseconds, ok: boolean): void {
    this.#keys[key]?.loadEnded(id, load, life, ok)
  }

  /** A read of this key has returned the value of another one. */
  foreignRead(read: Read): void {
    this.#report('foreign', read)
  }

  read(read: Read): void {
    this.#judge(read, this.#links.boundFor(read))
  }

  /** A read by a process that has stood still, which is as if its link had been lost meanwhile. */
  stalledRead(read: Read): void {
    this.#judge(read, Math.max(this.#links.boundFor(read), this.#links.bounds.lost))
  }

  /**
   * A read by a cache that said that Redis was of no use to it: of whatever it had last heard of.
   * Its own writes it has to know all the same.
   */
  degradedRead(read: Read): void {
    const version = this.#versionOf(read)
    if (version === undefined) return
    const age = stalenessOf(read, version, EVERYBODY)
    this.degradedReads.observe(age, this.#links.isDisturbed(read))
    this.#reportOwnWrite(read, version)
  }

  #judge(read: Read, bound: Nanoseconds): void {
    const version = this.#versionOf(read)
    if (version === undefined) return
    const { start } = read
    const staleness = stalenessOf(read, version, EVERYBODY)
    if (staleness > 0) this.#noteStale(read, version, staleness)
    if (staleness > bound && !this.#isExcused(read, version, bound)) {
      this.#report('stale', read, { staleness, bound, audience: EVERYBODY })
    } else if (!this.#reportOwnWrite(read, version) && start - version.aliveUntil > bound) {
      this.#report('expired', read, { staleness: start - version.aliveUntil, bound })
    }
  }

  /** Reports what was never written, and what was replaced so long ago as to be forgotten. */
  #versionOf(read: Read): Version | undefined {
    const history = this.#keys[read.key]
    const version = history?.find(read.seen)
    if (version === undefined) {
      const kind = history?.wasBegun(read.seen) === true ? 'stale' : 'never-written'
      this.#report(kind, read)
    }
    return version
  }

  #noteStale(read: Read, version: Version, staleness: Nanoseconds): void {
    this.staleness.observe(staleness, version.replacedBy?.[EVERYBODY])
    if (this.#links.isDisturbed(read)) return
    for (const write of this.#keys[read.key]?.replacing(version) ?? []) {
      this.visibility.ignored(write, Math.min(staleness, read.start - write.end))
    }
  }

  /** Whether everything that replaced the version for longer than the bound may have been lost. */
  #isExcused(read: Read, version: Version, bound: Nanoseconds): boolean {
    if (!this.#links.mayLoseWrites) return false
    const replacing = this.#keys[read.key]?.replacing(version) ?? []
    return replacing.every((write) => read.start - write.end <= bound || this.#links.isLost(write))
  }

  /** If the process read what a write of its own had replaced. Answers whether it did. */
  #reportOwnWrite(read: Read, version: Version): boolean {
    const audience = processAudience(read.process)
    const staleness = stalenessOf(read, version, audience)
    const writtenAt = version.replacedBy?.[audience]?.begin ?? 0
    // A process knows nothing of what one that was killed before it had meant to write.
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
    const version = history?.find(read.seen)
    const replacedBy = audience === undefined ? undefined : version?.replacedBy?.[audience]
    this.#onViolation({
      kind,
      read,
      bound,
      staleness,
      version,
      replacedBy,
      underWay: [...(history?.underWay ?? [])],
      faults: this.#links.during((replacedBy ?? version)?.begin ?? read.start, read.end),
    })
  }
}

/** For how long the audience must have known of a newer version; not more than 0 if it need not. */
function stalenessOf({ start }: Read, version: Version, audience: number): Nanoseconds {
  return start - (version.replacedAt[audience] ?? 0)
}
