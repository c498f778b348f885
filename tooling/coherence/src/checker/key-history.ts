import type { Nanoseconds } from '../clock.js'
import { ProgramOrder } from './program-order.js'
import { Succession } from './succession.js'
import {
  EVERYBODY,
  processAudience,
  type Span,
  Version,
  type VersionId,
  type WriteKind,
} from './version.js'
import { VersionStore } from './version-store.js'

export interface HistoryLimits {
  readonly processes: number
  /**
   * Time after its end during which a failed write can take effect. `Infinity` means forever,
   * because nothing recalls a command that was sent.
   */
  readonly lateWrites: Nanoseconds
  /** Time for which a replaced version is remembered. A later read of it is always a violation. */
  readonly memory: Nanoseconds
}

/** Number of remembered acknowledged writes. */
const LAST_ACKNOWLEDGED = 256

/** The versions of one key, and the times from which they must not be read. */
export class KeyHistory {
  readonly #limits: HistoryLimits
  readonly #versions: VersionStore
  readonly #inFlight = new Set<Version>()
  /** Latest acknowledged writes in the order of their ends. */
  #acknowledged: Version[] = []
  /** Successions by audience. */
  readonly #successions: readonly Succession[]
  /** Program orders by writer. */
  readonly #orders: readonly ProgramOrder[]

  constructor(limits: HistoryLimits) {
    this.#limits = limits
    this.#versions = new VersionStore(limits.processes)
    const everybody = new Succession(EVERYBODY)
    const own = Array.from(
      { length: limits.processes },
      (_, process) => new Succession(processAudience(process)),
    )
    this.#successions = [everybody, ...own]
    this.#orders = own.map((succession) => new ProgramOrder(everybody, succession))
  }

  /** Writes that have started and not ended. */
  get inFlight(): ReadonlySet<Version> {
    return this.#inFlight
  }

  began(
    id: VersionId,
    kind: WriteKind,
    at: Nanoseconds,
    ttl: Nanoseconds,
    isOrdered: boolean,
  ): void {
    const version = new Version(id, kind, at, ttl, this.#successions.length, isOrdered)
    this.#versions.add(version)
    this.#inFlight.add(version)
    this.#orders[id.writer]?.began(version)
  }

  /** Records the end of a write. Returns the write, `undefined` if it has been discarded. */
  ended(id: VersionId, at: Nanoseconds, ok: boolean): Version | undefined {
    const version = this.find(id)
    if (version === undefined) return undefined
    this.#inFlight.delete(version)
    version.end = at
    version.outcome = ok ? 'ok' : 'indeterminate'
    version.settledAt = ok ? at : at + this.#limits.lateWrites
    this.#successions[processAudience(id.writer)]?.bound(version, at)
    if (ok) {
      this.#successions[EVERYBODY]?.bound(version, at)
      this.#acknowledged.push(version)
      if (this.#acknowledged.length > 2 * LAST_ACKNOWLEDGED) {
        this.#acknowledged.splice(0, LAST_ACKNOWLEDGED)
      }
    }
    this.#orders[id.writer]?.ended(version, at)
    const { memory } = this.#limits
    this.#versions.forget(id.writer, at, memory)
    if (version.settledAt < Number.POSITIVE_INFINITY) {
      for (const succession of this.#successions) succession.settled(version, at - memory)
    }
    return version
  }

  /** Ends the writes in flight of a process that has ended. They can still take effect. */
  processEnded(process: number, at: Nanoseconds): void {
    for (const write of this.#inFlight) if (write.writer === process) this.ended(write, at, false)
  }

  /** Returns the known acknowledged writes that have replaced a version, newest first. */
  replacing(version: Version): Version[] {
    const first = version.replacedBy?.[EVERYBODY]
    const since = version.replacedAt[EVERYBODY] ?? 0
    const writes: Version[] = []
    for (let index = this.#acknowledged.length - 1; index >= 0; index--) {
      const write = this.#acknowledged[index]
      if (write === undefined || write.end < since) break
      if (write !== first && write.begin > version.settledAt) writes.push(write)
    }
    return first === undefined ? writes : [...writes, first]
  }

  loadBegan(id: VersionId): void {
    const version = this.find(id)
    if (version === undefined) return
    version.loads ??= { pending: 0, cachedUntil: 0, last: undefined }
    version.loads.pending++
  }

  /**
   * Records the end of a load.
   *
   * @param ok - false if the value may still be stored later
   */
  loadEnded(id: VersionId, load: Span, ttl: Nanoseconds, ok: boolean): void {
    const loads = this.find(id)?.loads
    if (loads === undefined) return
    const storedUntil = ok ? load.end : load.end + this.#limits.lateWrites
    loads.pending--
    loads.last = load
    loads.cachedUntil = Math.max(loads.cachedUntil, storedUntil + ttl)
  }

  /** Returns a version, `undefined` if it was never started or has been discarded. */
  find(id: VersionId): Version | undefined {
    return this.#versions.find(id)
  }

  wasBegun(id: VersionId): boolean {
    return this.#versions.wasBegun(id)
  }
}
