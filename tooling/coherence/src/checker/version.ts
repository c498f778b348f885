import type { Nanoseconds } from '../clock.js'

/** Who wrote a version of a key, and the how manieth of this writer and key it is, from 1. */
export interface VersionId {
  readonly writer: number
  readonly number: number
}

/**
 * Whom a write binds, that is, who must not read an older version after it: its own process in any
 * case, everybody once it is acknowledged.
 */
export const EVERYBODY = 0
export const processAudience = (process: number): number => process + 1

export type WriteKind = 'set' | 'delete'

/** A span of one process's time in which it read or loaded something. */
export interface Span {
  readonly process: number
  readonly start: Nanoseconds
  readonly end: Nanoseconds
}

export interface Loads {
  /** How many are under way. */
  pending: number
  /** The last instant at which the cache may hold the version on account of those that are over. */
  aliveUntil: Nanoseconds
  last: Span | undefined
}

/** One for each audience that there can be. */
const NEVER: readonly Nanoseconds[] = Array.from({ length: 257 }, () => Number.POSITIVE_INFINITY)

/**
 * One write of one key, and what is known of the version that it made.
 *
 * A delete makes a version too: loaders can read it from the source of truth.
 */
export class Version implements VersionId {
  readonly writer: number
  readonly number: number
  readonly kind: WriteKind
  readonly begin: Nanoseconds
  /** How long the writer lets it live in the cache; 0 for a delete, which puts nothing there. */
  readonly life: Nanoseconds
  /** Whether it takes effect in the order in which its process issued its writes of the key. */
  readonly isOrdered: boolean
  outcome: 'pending' | 'ok' | 'indeterminate' = 'pending'
  /** When the call returned. */
  end: Nanoseconds = Number.POSITIVE_INFINITY
  /** The last instant at which the write may take effect. */
  settledAt: Nanoseconds = Number.POSITIVE_INFINITY
  /** Loads that may have put it into the cache once more; most versions have none. */
  loads: Loads | undefined
  /** By the audience's number: since when a write that binds it has certainly replaced this one. */
  readonly replacedAt: Nanoseconds[]
  /** By the audience's number: the write that did. */
  replacedBy: Version[] | undefined
  /** For how long after its acknowledgement some read ignored it; `undefined` if nobody counts. */
  ignoredFor: Nanoseconds | undefined

  constructor(
    id: VersionId,
    kind: WriteKind,
    begin: Nanoseconds,
    life: Nanoseconds,
    audiences: number,
    isOrdered = true,
  ) {
    this.writer = id.writer
    this.number = id.number
    this.kind = kind
    this.begin = begin
    this.life = life
    this.isOrdered = isOrdered
    // Copying is faster than filling.
    this.replacedAt = NEVER.slice(0, audiences)
  }

  /** The last instant at which the cache may hold it. */
  get aliveUntil(): Nanoseconds {
    const written = this.settledAt + this.life
    const { loads } = this
    if (loads === undefined) return written
    return loads.pending > 0 ? Number.POSITIVE_INFINITY : Math.max(written, loads.aliveUntil)
  }
}
