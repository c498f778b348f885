import type { Clock } from '@verbatim/cache-core'
import {
  type LookupResult,
  type MemoryTtl,
  memoryTtlOf,
  type StorePlan,
} from '@verbatim/cache-core/implement'
import type { StoredValue } from '../redis/stored-value.js'
import { Change, KeyFence, type Ticket, type TicketKind } from './key-fence.js'
import type { NearEntry, NearTier } from './near-tier.js'

/** Reads of keys from Redis that are under way, sent as one. */
export interface Reading {
  readonly askedAt: number
  readonly memoryTtl: MemoryTtl
  readonly tickets: ReadonlyMap<string, Ticket>
}

/** Where nothing is kept, nothing has to be known of reads. */
const READING_FOR_NOBODY: Reading = {
  askedAt: 0,
  memoryTtl: undefined,
  tickets: new Map(),
}

export interface CopiesOptions {
  /** `undefined` where nothing is kept in memory. */
  readonly near: NearTier | undefined
  /** Whether every change in Redis is heard of. */
  readonly isProven: () => boolean
  readonly clock: Clock
  /** The longest that a copy of what Redis holds is kept, unless a call says otherwise. */
  readonly memoryTtlMs: number
}

/**
 * Decides what becomes a copy in memory of what a key holds in Redis, and when a copy goes: nothing
 * is kept that was read while the key changed, here or elsewhere.
 */
export class Copies {
  readonly #options: CopiesOptions
  readonly #fence = new KeyFence()

  constructor(options: CopiesOptions) {
    this.#options = options
  }

  startReading(keys: readonly string[], memoryTtl?: MemoryTtl): Reading {
    if (this.#options.near === undefined) return READING_FOR_NOBODY
    const tickets = new Map(keys.map((key) => [key, this.#fence.begin('read', key)]))
    return { askedAt: this.#options.clock.now(), memoryTtl, tickets }
  }

  /** Keeps a copy of what was read, unless it may be outdated by now. */
  found(
    reading: Reading,
    key: string,
    { value: kept, revision: seen, freshMs: ttlMs, loadMs }: LookupResult,
    { value, graceMs, tags }: Pick<StoredValue, 'value' | 'graceMs' | 'tags'>,
  ): void {
    if (isOvertaken(reading, key) || !this.#options.isProven()) return
    const entry: NearEntry = { kept, seen, proven: true, awaitsEcho: false }
    const memoryTtlMs = memoryTtlOf(reading.memoryTtl, value)
    const plan = { ttlMs, graceMs, loadMs, tags: tags.map(([tag]) => tag), memoryTtlMs }
    this.#keep(key, entry, plan, reading.askedAt)
  }

  /** What is left in memory of a key without a value is stale, and somebody may have deleted it. */
  foundNothing(reading: Reading, key: string): void {
    if (!isOvertaken(reading, key)) this.#options.near?.drop(key)
  }

  endReading({ tickets }: Reading): void {
    for (const ticket of tickets.values()) this.#fence.end(ticket)
  }

  startWriting(key: string, kind: Exclude<TicketKind, 'read'> = 'write'): Ticket {
    return this.#fence.begin(kind, key)
  }

  /**
   * Drops the old value, because a write is about to be sent: nobody may read it here once
   * Redis has the new one.
   *
   * @returns false when a later change was sent already: then this one must not be
   */
  claim(write: Ticket): boolean {
    if (!this.#fence.claim(write)) return false
    this.#options.near?.drop(write.key)
    return true
  }

  /**
   * Keeps what was written, unless something newer was.
   *
   * @param seen - the state of the key in Redis from now on; `undefined` when Redis was no use
   * @param since - when the write began, on the cache's clock
   * @returns false if the value is too large for memory
   */
  wrote(
    write: Ticket,
    { kept, seen }: Pick<NearEntry, 'kept' | 'seen'>,
    plan: StorePlan,
    since: number,
  ): boolean {
    if (write.overtaken) return true
    const awaitsEcho = seen !== undefined && !write.heardOf
    return this.#keep(write.key, { kept, seen, proven: false, awaitsEcho }, plan, since)
  }

  /**
   * Nobody was told of a write that failed. A read may have kept the old value after it was sent, which
   * whoever asked for the write is not to see again.
   */
  failed(write: Ticket): void {
    if (!write.overtaken) this.#options.near?.drop(write.key)
  }

  endWriting(write: Ticket): void {
    this.#fence.end(write)
  }

  /** Drops the copies of everything that matches, because it is about to be removed. */
  startRemoving(pattern: string, matches: (key: string) => boolean): Change {
    const change = new Change()
    this.#fence.claimAll(matches, change)
    this.#options.near?.dropMatching(pattern)
    return change
  }

  /** Reads that began meanwhile may have brought back what was on its way out. */
  endRemoving(change: Change, pattern: string, matches: (key: string) => boolean): void {
    this.#fence.overtakeReads(matches)
    this.#options.near?.dropMatching(pattern)
    change.end()
  }

  /** Drops what carries one of the tags. Reads under way may bring such a value, too. */
  dropTagged(tags: readonly string[]): boolean {
    this.#fence.overtakeReads(() => true)
    return this.#options.near?.dropTagged(tags) ?? false
  }

  /** A key is said to have changed. */
  hear(key: string): void {
    this.#fence.hear(key)
    this.#options.near?.hear(key)
  }

  /** Changes may have gone unheard. */
  forget(): void {
    this.#fence.overtakeReads(() => true)
    this.#options.near?.dropProven()
  }

  /** Everything is said to be gone. */
  clear(): void {
    this.#fence.overtakeReads(() => true)
    this.#options.near?.clear()
  }

  /**
   * Keeps a copy no longer than Redis does, and no longer than it is worth it. One whose life is over
   * takes the place of an older one all the same.
   *
   * @param since - from when its life counts: before Redis was asked, for there it began after that
   * @returns false if it is too large
   */
  #keep(key: string, entry: NearEntry, plan: StorePlan, since: number): boolean {
    const { near, clock } = this.#options
    if (near === undefined) return true
    const leftMs = plan.ttlMs - (clock.now() - since)
    // What is in no other tier lives as long as it should, for it would be nowhere.
    const isCopy = entry.seen !== undefined
    const copyMs = plan.memoryTtlMs ?? this.#options.memoryTtlMs
    const allowedMs = isCopy ? copyMs : Number.POSITIVE_INFINITY
    const ttlMs = Math.floor(Math.min(leftMs, allowedMs))
    if (ttlMs >= 1) return near.keep(key, entry, { ...plan, ttlMs })
    near.drop(key)
    return true
  }
}

function isOvertaken({ tickets }: Reading, key: string): boolean {
  return tickets.get(key)?.overtaken !== false
}
