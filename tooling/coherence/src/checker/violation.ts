import type { Nanoseconds } from '../clock.js'
import type { FaultWindow } from './fault-timeline.js'
import type { Span, Version, VersionId } from './version.js'

/** A read that found a value. */
export interface Read extends Span {
  readonly key: number
  readonly versionId: VersionId
}

/**
 * Reason why a read was illegal:
 * - `stale`: an acknowledged write had replaced the version for longer than the bound.
 * - `own-write`: a write of the same process had replaced the version.
 * - `expired`: the version had expired for longer than the bound.
 * - `never-written`: no process had started to write the version.
 * - `foreign`: the value belongs to another key.
 */
export type ViolationKind = 'stale' | 'own-write' | 'expired' | 'never-written' | 'foreign'

/** An illegal read, and the operations that prove it. */
export interface Violation {
  readonly kind: ViolationKind
  readonly read: Read
  /** Permitted staleness. */
  readonly bound: Nanoseconds
  /** Actual staleness. `Infinity` for violations without one. */
  readonly staleness: Nanoseconds
  /**
   * Version that was read; `undefined` if it was never written, or replaced before the remembered
   * history.
   */
  readonly version: Version | undefined
  /** Oldest version that would have been legal. */
  readonly replacedBy: Version | undefined
  /**
   * Writes of the key in flight at that time. They prove nothing, but may explain the violation.
   */
  readonly inFlight: readonly Version[]
  readonly faults: readonly FaultWindow[]
}
