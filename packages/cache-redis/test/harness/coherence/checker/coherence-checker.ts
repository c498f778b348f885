import type { Nanoseconds } from '../clock.js'
import { type HistoryLimits, KeyHistory } from './key-history.js'
import type { LinkState } from './link-state.js'
import { Staleness } from './staleness.js'
import { EVERYBODY, processAudience, type Span, type VersionId, type WriteKind } from './version.js'
import type { Read, Violation, ViolationKind } from './violation.js'

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
  readonly #staleness = new Staleness()
  readonly #onViolation: (violation: Violation) => void

  constructor(
    keys: number,
    limits: HistoryLimits,
    links: LinkState,
    onViolation: (violation: Violation) => void,
  ) {
    this.#keys = Array.from({ length: keys }, () => new KeyHistory(limits))
    this.#links = links
    this.#onViolation = onViolation
  }

  get staleness(): Staleness {
    return this.#staleness
  }

  writeBegan(
    key: number,
    id: VersionId,
    kind: WriteKind,
    at: Nanoseconds,
    life: Nanoseconds,
  ): void {
    this.#keys[key]?.began(id, kind, at, life)
  }

  /** @param ok - false when nobody knows what became of it */
  writeEnded(key: number, id: VersionId, at: Nanoseconds, ok: boolean): void {
    this.#keys[key]?.ended(id, at, ok)
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
    this.#report('foreign', read, Number.POSITIVE_INFINITY)
  }

  read(read: Read): void {
    const history = this.#keys[read.key]
    const version = history?.find(read.seen)
    if (version === undefined) {
      const kind = history?.wasBegun(read.seen) === true ? 'stale' : 'never-written'
      this.#report(kind, read, Number.POSITIVE_INFINITY)
      return
    }
    const { start, process } = read
    const bound = this.#links.boundFor(read)
    const staleness = start - (version.replacedAt[EVERYBODY] ?? 0)
    if (staleness > 0) this.#staleness.observe(staleness, version.replacedBy?.[EVERYBODY])
    const audience = processAudience(process)
    const ownStaleness = start - (version.replacedAt[audience] ?? 0)
    if (staleness > bound) this.#report('stale', read, staleness, EVERYBODY)
    else if (ownStaleness > 0) this.#report('own-write', read, ownStaleness, audience)
    else if (start - version.aliveUntil > bound) {
      this.#report('expired', read, start - version.aliveUntil)
    }
  }

  #report(kind: ViolationKind, read: Read, staleness: Nanoseconds, audience?: number): void {
    const history = this.#keys[read.key]
    const version = history?.find(read.seen)
    const replacedBy = audience === undefined ? undefined : version?.replacedBy?.[audience]
    this.#onViolation({
      kind,
      read,
      bound: this.#links.boundFor(read),
      staleness,
      version,
      replacedBy,
      underWay: [...(history?.underWay ?? [])],
      faults: this.#links.during((replacedBy ?? version)?.begin ?? read.start, read.end),
    })
  }
}
