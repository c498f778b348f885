import type { Place } from '../../codec/place.js'
import type { RedisClient } from '../../connection/clients.js'
import type { ServerClock } from '../server-clock.js'

/** A number in a reply. A client that was passed in may return numbers as text. */
export type RedisNumber = number | string

/** The name of a key in Redis, and the place that its line must carry. */
export interface NamedPlace {
  readonly name: string
  readonly place: Place
}

/** The lease of a load: the key has no value, and one process loads it. */
export interface LoadLease {
  readonly revision: string
  /** The time that another process holds the lease, in milliseconds; 0 if this process holds it. */
  readonly leasedMs: number
}

/** Redis holds no value and granted no lease. */
interface LeaseRefusal {
  readonly refusal: Error
}

/** The head of a value, and its TTL in Redis. */
export type HeadReply = readonly [head: Buffer, left: RedisNumber]

/** A value ready to be stored. */
export interface SealedValue {
  readonly bytes: string | Buffer
  /**
   * When Redis removes it, on the server's clock; `Infinity` for never. The bytes contain the end of the TTL
   * too, under a checksum: `PEXPIRE` alone does not extend a value.
   */
  readonly storedUntil: number
}

/** The parts of a write's deadline on the server's clock. Plain commands carry no deadline. */
export interface WriteDeadline {
  readonly clock: ServerClock
  /** When the caller began to wait, on the clock of this process. */
  readonly startedAt: number
  /** The time that the caller waits, in milliseconds. */
  readonly timeoutMs: number
}

/** The key holds no value of this cache and nothing foreign. It may hold a lease. */
export const NOTHING_STORED = '-'

/** The time that the versions of tags stay in Redis. */
export interface VersionTtl {
  /** The least TTL that a version must have, in milliseconds; negative for no expiry. */
  readonly minTtlMs: number
  /** The TTL that a version gets if it has less, in milliseconds. */
  readonly newTtlMs: number
}

/** A record of one word, such as the version of a tag. */
export interface NamedRecord {
  readonly name: string
  /** The start of its line. */
  readonly head: string
  /** The start of a current word; any other word is replaced. Empty for any. */
  readonly start: string
}

/** The bytes under a key, a lease or a refusal; `null` when another process has just changed the key. */
export type LeaseReply = Buffer | LoadLease | LeaseRefusal | null

/**
 * The operations on keys of one node that change a key, or check its bytes before they return them. Each
 * exists twice: as a script, and as plain commands for users that may not run scripts. A single read, such
 * as `GET`, is sent with `run` where it is needed.
 *
 * A new operation goes into `scripts.ts` with its list `SCRIPTS`, `script-commands.ts` and
 * `plain-commands.ts`. A command that is not used yet also goes into the permissions: `describe-failure.ts`,
 * `docs/security.md` and `least-privilege.test.ts`.
 */
export interface KeyCommands {
  /** Reads a value, or leases the load of the key. */
  readOrLease(
    client: RedisClient,
    key: NamedPlace,
    revision: string,
    clock: ServerClock,
  ): Promise<LeaseReply>

  /** Renews a lease for a time in milliseconds; 0 ends it. */
  renewLease(
    client: RedisClient,
    key: NamedPlace,
    revision: string,
    leaseMs: number,
  ): Promise<unknown>

  /**
   * Stores a value.
   *
   * @param expectedRevision - the revision that the key must hold, or {@link NOTHING_STORED}; `undefined`
   * for any
   * @param isWanted - asked before the command is sent a second time
   * @returns false when the key holds another revision, or the write is no longer wanted; `'late'` when
   * its deadline had passed
   */
  write(
    client: RedisClient,
    key: NamedPlace,
    value: SealedValue,
    expectedRevision: string | undefined,
    deadline: WriteDeadline,
    isWanted: () => boolean,
  ): Promise<boolean | 'late'>

  /**
   * Stores many values over whatever their keys hold.
   *
   * @param areWanted - asked before the command is sent a second time
   * @returns false when the values are no longer all wanted; then none is stored
   */
  writeMany(
    client: RedisClient,
    names: readonly string[],
    values: readonly SealedValue[],
    deadline: WriteDeadline,
    areWanted: () => boolean,
  ): Promise<boolean | 'late'>

  /** Returns the head of each value of this cache; `null` where there is none. */
  peek(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
  ): Promise<(HeadReply | null)[]>

  /**
   * Removes values and leases of this cache. Returns the heads of the values.
   *
   * @param retainedRevisions - for each key a revision that is not removed; empty for none
   */
  remove(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
    retainedRevisions: readonly string[],
  ): Promise<(HeadReply | null)[]>

  /** Removes a key if it still holds these bytes. */
  removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<unknown>

  /**
   * Replaces the bytes under a key if it still holds the expected ones. The TTL stays.
   *
   * @returns false when the key holds something else
   */
  replaceIfUnchanged(
    client: RedisClient,
    name: string,
    expected: Buffer,
    bytes: Buffer,
  ): Promise<boolean>

  /**
   * Returns the line of each tag; `null` where the name holds something else. A tag without a version
   * gets this one.
   */
  takeVersions(
    client: RedisClient,
    tags: readonly NamedRecord[],
    version: string,
    ttl: VersionTtl,
  ): Promise<(string | null)[]>

  /** Removes records of this cache. Returns how many. */
  removeRecords(client: RedisClient, records: readonly NamedRecord[]): Promise<number>

  /**
   * Replaces a record if it is as expected; `''` for absent.
   *
   * @returns the record after that; `null` when the name holds another type
   */
  replaceRecord(
    client: RedisClient,
    name: string,
    expected: string,
    line: string,
  ): Promise<string | null>

  /** Increments an epoch. Returns the reply: a number, or its text. */
  advanceEpoch(client: RedisClient, name: string): Promise<unknown>
}
