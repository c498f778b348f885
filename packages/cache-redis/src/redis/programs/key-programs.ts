import type { RedisClient } from '../../connection/redis-client.js'
import type { ServerClock } from '../server-clock.js'

/** A client may have been told to answer numbers as text. */
export type RedisNumber = number | string

/** A key without a value that somebody is to load. */
export interface LoadLease {
  /** By which the state of the key is told from any other. */
  readonly seen: string
  /** For how long another process has the load to itself; 0 when the load is ours. */
  readonly leasedMs: number
}

/** The head of a value, and how long Redis still holds it. */
export type HeadReply = readonly [head: Buffer, left: RedisNumber]

/** What is to be written. */
export interface SealedValue {
  readonly bytes: string | Buffer
  /** Until when Redis holds it, on the server's clock; `Infinity` for ever. */
  readonly heldUntil: number
  /** The only state of the key over which it may be written; over any when left out. */
  readonly over: string | undefined
}

export interface WriteTime {
  readonly clock: ServerClock
  /** When its caller began to wait, on our clock, and how long that will. */
  readonly startedAt: number
  readonly timeoutMs: number
}

/** Until when versions of tags are to be held. */
export interface VersionLife {
  /** For so long at least; less than 0 for ever. */
  readonly holdMs: number
  /** What to make it where it is less. */
  readonly lifeMs: number
}

/** What is done to keys of one node that is more than one command of Redis. */
export interface KeyPrograms {
  /**
   * Reads a value, or marks the key as about to be loaded by whoever brings the stamp.
   *
   * @returns `null` when the load cannot be leased to anybody
   */
  readOrLease(
    client: RedisClient,
    name: string,
    stamp: string,
    clock: ServerClock,
  ): Promise<Buffer | LoadLease | null>

  /** Says that the load so marked is still under way, for so long at least; with 0, that it is not. */
  renewLease(client: RedisClient, name: string, seen: string, leaseMs: number): Promise<unknown>

  /**
   * Answers `false` when the key was in another state, or the write would have had to be sent again
   * and was not wanted any more; `'late'` when the time was over.
   */
  write(
    client: RedisClient,
    name: string,
    value: SealedValue,
    time: WriteTime,
    isWanted: () => boolean,
  ): Promise<boolean | 'late'>

  /** Answers what tells about each value, or `null` where there is none. */
  peek(client: RedisClient, names: readonly string[]): Promise<(HeadReply | null)[]>

  /** The same, and removes the keys. */
  remove(client: RedisClient, names: readonly string[]): Promise<(HeadReply | null)[]>

  /** Removes a key if it still holds these bytes. */
  removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<unknown>

  /** Answers the version of each tag; one that has none gets this one. */
  takeVersions(
    client: RedisClient,
    names: readonly string[],
    version: string,
    life: VersionLife,
  ): Promise<string[]>
}
