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
   * How long after its call has failed a write may still take effect. `Infinity` for ever: nothing
   * keeps a command that was sent from being executed.
   */
  readonly lateWrites: Nanoseconds
  /** How long a replaced version is remembered. A read of it after that is a violation all the same. */
  readonly memory: Nanoseconds
}

/** Kept of the writes that were acknowledged last. */
const LAST_ACKNOWLEDGED = 256

/** The versions of one key, and since when each of them must not be read any more. */
export class KeyHistory {
  readonly #limits: HistoryLimits
  readonly #versions: VersionStore
  readonly #underWay = new Set<Version>()
  /** The last ones, in the order of their ends. */
  #acknowledged: Version[] = []
  /** By audience. */
  readonly #successions: readonly Succession[]
  /** By writer. */
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

  /** Writes that have begun and not ended. */
  get underWay(): ReadonlySet<Version> {
    return this.#underWay
  }

  began(
    id: VersionId,
    kind: WriteKind,
    at: Nanoseconds,
    life: Nanoseconds,
    isOrdered: boolean,
  ): void {
    const version = new Version(id, kind, at, life, this.#successions.length, isOrdered)
    this.#versions.add(version)
    this.#underWay.add(version)
    this.#orders[id.writer]?.began(version)
  }

  /** Answers what it knows of the write; `undefined` if that has been forgotten. */
  ended(id: VersionId, at: Nanoseconds, ok: boolean): Version | undefined {
    const version = this.find(id)
    if (version === undefined) return undefined
    this.#underWay.delete(version)
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

  /** Ends the writes that a process which has ended left under way; they may still take effect. */
  processEnded(process: number, at: Nanoseconds): void {
    for (const write of this.#underWay) if (write.writer === process) this.ended(write, at, false)
  }

  /** The acknowledged writes that have replaced a version, as far as they are known; newest first. */
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
    version.loads ??= { pending: 0, aliveUntil: 0, last: undefined }
    version.loads.pending++
  }

  /** @param ok - false when the loaded value may yet be stored later, if it was stored at all */
  loadEnded(id: VersionId, load: Span, life: Nanoseconds, ok: boolean): void {
    const loads = this.find(id)?.loads
    if (loads === undefined) return
    const storedUntil = ok ? load.end : load.end + this.#limits.lateWrites
    loads.pending--
    loads.last = load
    loads.aliveUntil = Math.max(loads.aliveUntil, storedUntil + life)
  }

  /** Answers `undefined` for a version that was never begun, or forgotten. */
  find(id: VersionId): Version | undefined {
    return this.#versions.find(id)
  }

  wasBegun(id: VersionId): boolean {
    return this.#versions.wasBegun(id)
  }
}
