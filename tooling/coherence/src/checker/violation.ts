import type { Nanoseconds } from '../clock.js'
import type { FaultWindow } from './link-state.js'
import type { Span, Version, VersionId } from './version.js'

/** A read that found a value. */
export interface Read extends Span {
  readonly key: number
  readonly seen: VersionId
}

/**
 * Why a read was not legal:
 *
 * - `stale`: an acknowledged write had replaced what it read, for longer than the bound;
 * - `own-write`: a write of the same process had, whatever became of that write;
 * - `expired`: what it read had outlived its life, for longer than the bound;
 * - `never-written`: nobody had begun to write what it read;
 * - `foreign`: it read the value of another key.
 */
export type ViolationKind = 'stale' | 'own-write' | 'expired' | 'never-written' | 'foreign'

/** An illegal read with the few operations that prove it so. */
export interface Violation {
  readonly kind: ViolationKind
  readonly read: Read
  /** How stale it might have been. */
  readonly bound: Nanoseconds
  /** How stale it was; `Infinity` where that makes no sense. */
  readonly staleness: Nanoseconds
  /** What it read; `undefined` when that was never written, or replaced so long ago as to be forgotten. */
  readonly version: Version | undefined
  /** What it should have read, or something newer. */
  readonly replacedBy: Version | undefined
  /** Writes of the key that were under way then. They prove nothing, but may explain it. */
  readonly underWay: readonly Version[]
  readonly faults: readonly FaultWindow[]
}
