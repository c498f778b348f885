import type { Place } from '../../codec/stored-line.js'
import type { RedisClient } from '../../connection/redis-client.js'
import type { ServerClock } from '../server-clock.js'

/** A client may have been told to return numbers as text. */
export type RedisNumber = number | string

/** A name in Redis, and where its line belongs. */
export interface NamedPlace {
  readonly name: string
  readonly place: Place
}

/** A key without a value that somebody is to load. */
export interface LoadLease {
  /** The revision of the lease. */
  readonly revision: string
  /** For how long another process has the load to itself, in milliseconds; 0 when the load is ours. */
  readonly leasedMs: number
}

/** Why Redis, which holds no value, gave no lease. */
interface LeaseRefusal {
  readonly refusal: Error
}

/** The head of a value, and how long Redis still holds it. */
export type HeadReply = readonly [head: Buffer, left: RedisNumber]

/** What is to be written. */
export interface SealedValue {
  readonly bytes: string | Buffer
  /** Until when Redis holds it, on the server's clock; `Infinity` for ever. */
  readonly heldUntil: number
}

export interface WriteTime {
  readonly clock: ServerClock
  /** When its caller began to wait, on our clock, and how long that will, in milliseconds. */
  readonly startedAt: number
  readonly timeoutMs: number
}

/**
 * The state of a key over which a write may be done: the revision of what is there, or
 * {@link NOTHING_STORED}.
 */
export type ExpectedRevision = string

/** No value of ours and nothing foreign; a lease may be there. */
export const NOTHING_STORED = '-'

/** How long versions of tags are to be held. */
export interface VersionLife {
  /** For so long at least; less than 0 for ever. */
  readonly holdMs: number
  /** What to make it where it is less. */
  readonly lifeMs: number
}

/** A record that holds one word, by its name and how its line starts. */
export interface NamedRecord {
  readonly name: string
  readonly head: string
  /** How its word has to start to be current; another one is replaced. Empty for any. */
  readonly start: string
}

/** Bytes, a lease or why there is none; `null` when somebody else has changed the key meanwhile. */
export type LeaseReply = Buffer | LoadLease | LeaseRefusal | null

/** What is done to keys of one node that is more than one command of Redis. */
export interface KeyPrograms {
  /** Reads a value, or leases the load of the key to the caller. */
  readOrLease(
    client: RedisClient,
    key: NamedPlace,
    revision: string,
    clock: ServerClock,
  ): Promise<LeaseReply>

  /** Renews a lease for so many milliseconds; with 0, ends it. */
  renewLease(
    client: RedisClient,
    key: NamedPlace,
    revision: string,
    leaseMs: number,
  ): Promise<unknown>

  /**
   * Stores a value.
   *
   * @returns `false` when the key was in another state than expected, or the write would have had to
   * be sent again and was not wanted any more; `'late'` when its time was over
   */
  write(
    client: RedisClient,
    key: NamedPlace,
    value: SealedValue,
    expected: ExpectedRevision | undefined,
    time: WriteTime,
    isWanted: () => boolean,
  ): Promise<boolean | 'late'>

  /** Stores many values. */
  writeMany(
    client: RedisClient,
    names: readonly string[],
    values: readonly SealedValue[],
    time: WriteTime,
  ): Promise<true | 'late'>

  /** Returns the head of each value of ours, `null` where there is none. */
  peek(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
  ): Promise<(HeadReply | null)[]>

  /**
   * The same, and removes what is ours.
   *
   * @param stays - for each key the revision that is not removed; empty for none
   */
  remove(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
    stays: readonly string[],
  ): Promise<(HeadReply | null)[]>

  /** Removes a key if it still holds these bytes. */
  removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<unknown>

  /** Returns the line of each tag, `null` where something else has the name. A tag without one gets this version. */
  takeVersions(
    client: RedisClient,
    tags: readonly NamedRecord[],
    version: string,
    life: VersionLife,
  ): Promise<(string | null)[]>

  /** Removes records of ours. */
  removeRecords(client: RedisClient, records: readonly NamedRecord[]): Promise<number>

  /**
   * Replaces a record if it is as expected; `''` for absent.
   *
   * @returns the record as it is now; `null` when the name holds another type
   */
  replaceRecord(
    client: RedisClient,
    name: string,
    expected: string,
    line: string,
  ): Promise<string | null>

  /** Counts an epoch up. Returns the reply: a number, or its text. */
  advanceEpoch(client: RedisClient, name: string): Promise<unknown>
}
