import type { Nanoseconds } from '../clock.js'

/**
 * Identifies a version of a key by its writer and by its number among the versions of this writer
 * and key, from 1.
 */
export interface VersionId {
  readonly writer: number
  readonly number: number
}

/**
 * The processes that must not read an older version after a write: always its own process, and all
 * processes after the acknowledgement.
 */
export const EVERYBODY = 0
export const processAudience = (process: number): number => process + 1

export type WriteKind = 'set' | 'delete'

/** A time span in which a process read or loaded something. */
export interface Span {
  readonly process: number
  readonly start: Nanoseconds
  readonly end: Nanoseconds
}

export interface Loads {
  /** Number of loads in flight. */
  pending: number
  /** Last time at which the cache may store the version because of ended loads. */
  cachedUntil: Nanoseconds
  last: Span | undefined
}

/** Number of possible audiences. */
const NEVER: readonly Nanoseconds[] = Array.from({ length: 257 }, () => Number.POSITIVE_INFINITY)

/**
 * One write of one key, and its version. A delete creates a version too, because loaders can read
 * it from the source of truth.
 */
export class Version implements VersionId {
  readonly writer: number
  readonly number: number
  readonly kind: WriteKind
  readonly begin: Nanoseconds
  /** TTL of the version in the cache. 0 for a delete. */
  readonly ttl: Nanoseconds
  /** Whether the write takes effect in the order of the calls of its process. */
  readonly isOrdered: boolean
  outcome: 'pending' | 'ok' | 'indeterminate' = 'pending'
  /** Time at which the call returned. */
  end: Nanoseconds = Number.POSITIVE_INFINITY
  /** Last time at which the write can take effect. */
  settledAt: Nanoseconds = Number.POSITIVE_INFINITY
  /** Loads that may have stored the version again. Most versions have none. */
  loads: Loads | undefined
  /** Times from which the version is certainly replaced, by audience. */
  readonly replacedAt: Nanoseconds[]
  /** Writes that replaced the version, by audience. */
  replacedBy: Version[] | undefined
  /**
   * Longest time for which a read ignored the acknowledged write; `undefined` if it is not
   * measured.
   */
  ignoredFor: Nanoseconds | undefined

  constructor(
    id: VersionId,
    kind: WriteKind,
    begin: Nanoseconds,
    ttl: Nanoseconds,
    audiences: number,
    isOrdered = true,
  ) {
    this.writer = id.writer
    this.number = id.number
    this.kind = kind
    this.begin = begin
    this.ttl = ttl
    this.isOrdered = isOrdered
    // A copy is faster than `fill`.
    this.replacedAt = NEVER.slice(0, audiences)
  }

  /** Last time at which the cache may contain the version. */
  get cachedUntil(): Nanoseconds {
    const written = this.settledAt + this.ttl
    const { loads } = this
    if (loads === undefined) return written
    return loads.pending > 0 ? Number.POSITIVE_INFINITY : Math.max(written, loads.cachedUntil)
  }
}
