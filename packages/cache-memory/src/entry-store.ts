import type { Clock } from '@verbatim/cache-core'
import type { LookupResult, StorePlan } from '@verbatim/cache-core/implement'
import { LRUCache } from 'lru-cache'
import { ExpiryCheck } from './expiry-check.js'
import { type Expiring, ExpiryQueue, REMOVED } from './expiry-queue.js'
import { IdleSweep, type Sweepable } from './idle-sweep.js'
import { isInvalidated, type Tag, TagIndex } from './tag-index.js'

/** A stored value with its key, its size and its times. */
export interface Entry<Value = unknown> extends Expiring {
  readonly key: string
  /** `undefined` once the entry is removed. */
  storedValue: Value | undefined
  /** Size that counts against `maxBytes`; 0 where sizes are not counted. */
  bytes: number
  /** Set only for entries with a grace period, a load time or tags, which few entries have. */
  extra: EntryExtra<Value> | undefined
}

interface EntryExtra<Value> {
  /** Part of the time until `expiresAt` in which the entry is stale. */
  readonly graceMs: number
  readonly loadMs: number
  readonly tags: readonly Tag<Entry<Value>>[]
}

/** Why an entry was removed without a call to `remove`. */
export type RemovalReason = 'evicted' | 'expired'

export interface EntryLimits {
  /** Maximum number of entries. */
  readonly maxSize: number
  /** Maximum size of all entries, in bytes; `Infinity` for no limit. */
  readonly maxBytes: number
  /** Maximum size of one entry, in bytes; `Infinity` for no limit. */
  readonly maxEntryBytes: number
}

/** Expired entries that a write may remove: two for each one it adds, so that writes always catch up. */
const REMOVED_PER_WRITE = 2

/**
 * Stores entries in order of use, within limits of number and size.
 *
 * An entry is fresh during its TTL, stale during its grace period, and expired after that. An entry with
 * an invalidated tag counts as expired. Expired entries never cause an eviction: every write first removes
 * some of them, and a timer removes the rest while nothing is written.
 *
 * The store neither checks keys nor copies values. It is for writing caches; applications use
 * {@link InMemoryCache}.
 */
export class EntryStore<Value = unknown> implements Sweepable {
  evictions = 0
  expirations = 0
  /** Number of values that were not stored because of `maxEntryBytes`. */
  refusals = 0
  bytes = 0
  readonly limits: EntryLimits
  readonly #clock: Clock
  readonly #onRemoved: (entry: Entry<Value>, reason: RemovalReason) => void
  readonly #entries: LRUCache<string, Entry<Value>>
  readonly #expiry = new ExpiryQueue<Entry<Value>>()
  readonly #tags = new TagIndex<Entry<Value>>()
  readonly #expiryCheck: ExpiryCheck
  readonly #sweep: IdleSweep = new IdleSweep(this)
  /** Number of entries with a grace period. */
  #graceCount = 0

  /** @param onRemoved - called before an entry that was evicted or has expired loses its value */
  constructor(
    limits: EntryLimits,
    clock: Clock,
    onRemoved: (entry: Entry<Value>, reason: RemovalReason) => void = () => {},
  ) {
    this.limits = limits
    this.#clock = clock
    this.#onRemoved = onRemoved
    this.#expiryCheck = new ExpiryCheck(clock)
    this.#entries = new LRUCache({
      max: limits.maxSize,
      dispose: (entry, _key, reason) => {
        if (reason === 'evict') {
          this.evictions++
          this.#onRemoved(entry, 'evicted')
        }
        this.#release(entry)
      },
    })
  }

  /** Number of entries, including expired ones that are not removed yet. */
  get size(): number {
    return this.#entries.size
  }

  /** Returns the entry of a key if it is fresh, and counts as use. This read is on the hot path of a hit. */
  use(key: string): Entry<Value> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || this.#isProbablyFresh(entry)) return entry
    this.#removeIfExpired(entry, this.#clock.now())
    return undefined
  }

  /** Returns the entry of a key if it is fresh, without counting as use. */
  peek(key: string): Entry<Value> | undefined {
    const now = this.#clock.now()
    const entry = this.peekAllowStale(key, now)
    return entry !== undefined && freshUntil(entry) >= now ? entry : undefined
  }

  /** Returns the entry of a key, fresh or stale, without counting as use. */
  peekAllowStale(key: string, now: number = this.#clock.now()): Entry<Value> | undefined {
    const entry = this.#entries.peek(key)
    return entry === undefined || this.#removeIfExpired(entry, now) ? undefined : entry
  }

  /** Returns the value of a key, fresh or stale, with its remaining TTL. Does not count as use. */
  lookup(key: string): LookupResult<Value> | undefined {
    const now = this.#clock.now()
    const entry = this.peekAllowStale(key, now)
    if (entry === undefined) return undefined
    return {
      value: entry.storedValue as Value,
      freshMs: freshUntil(entry) - now,
      loadMs: entry.extra?.loadMs ?? 0,
    }
  }

  /** Returns the remaining TTL in seconds: `null` for no expiry, `undefined` without a fresh entry. */
  getTtl(key: string): number | null | undefined {
    const now = this.#clock.now()
    const entry = this.peekAllowStale(key, now)
    if (entry === undefined) return undefined
    const leftMs = freshUntil(entry) - now
    if (leftMs < 0) return undefined
    return leftMs === Number.POSITIVE_INFINITY ? null : leftMs / 1_000
  }

  /** Returns whether the entry of a key, fresh or stale, has one of these tags. */
  entryHasAnyTag(key: string, names: readonly string[]): boolean {
    const tags = this.peekAllowStale(key)?.extra?.tags ?? []
    return tags.some(({ name }) => names.includes(name))
  }

  /**
   * Stores a value. The key becomes the most recently used.
   *
   * A value larger than `maxEntryBytes` is not stored. The old value is removed nevertheless, because it is
   * no longer the value of the key.
   *
   * @param bytes - size of the entry, such as {@link estimateEntryBytes} returns
   * @returns whether the value was stored
   */
  put(key: string, value: Value, bytes: number, plan: StorePlan): boolean {
    if (bytes > this.limits.maxEntryBytes) {
      this.remove(key)
      this.refusals++
      return false
    }
    const now = this.#clock.now()
    this.#removeExpired(REMOVED_PER_WRITE, now)
    const before = this.#entries.get(key)
    const entry = before ?? this.#add(key)
    if (entry.extra !== undefined) this.#releaseExtra(entry, entry.extra)
    entry.storedValue = value
    this.bytes += bytes - entry.bytes
    entry.bytes = bytes
    entry.expiresAt = now + plan.ttlMs + plan.graceMs
    if (plan.graceMs > 0 || plan.loadMs > 0 || plan.tags.length > 0) this.#addExtra(entry, plan)
    this.#expiry.schedule(entry)
    if (entry.expiresAt < Number.POSITIVE_INFINITY) this.#sweep.arm()
    while (this.bytes > this.limits.maxBytes) {
      // A large entry may need the room of more expired entries than a write removes.
      if (this.#removeExpired(1, now) === 0) this.#entries.pop()
    }
    return true
  }

  /** Removes the entry of a key. Returns whether it was fresh. */
  remove(key: string): boolean {
    const wasFresh = this.peek(key) !== undefined
    this.#entries.delete(key)
    return wasFresh
  }

  /** Removes the entries of all keys that match. Returns how many of them were fresh. */
  removeMatching(matches: (key: string) => boolean): number {
    const keys = Array.from(this.all(), ({ key }) => key)
    return keys.filter((key) => matches(key) && this.remove(key)).length
  }

  /** Returns whether any entry, fresh or not, has one of these tags. */
  hasAnyTag(tags: readonly string[]): boolean {
    return this.#tags.hasAnyTag(tags)
  }

  /** Makes all entries with one of these tags expire. Takes the same time for any number of entries. */
  invalidateTags(names: readonly string[]): void {
    this.#tags.invalidate(names)
    this.#sweep.arm()
  }

  /** Removes all entries. Returns how many of them were fresh. */
  clear(): number {
    const fresh = this.countFresh()
    this.#entries.clear()
    this.#expiry.clear()
    return fresh
  }

  /** Removes all entries and stops the timer. */
  close(): void {
    this.clear()
    this.#sweep.stop()
  }

  /** Iterates over all entries, most recently used first, including expired ones. */
  all(): Iterable<Entry<Value>> {
    return this.#entries.values()
  }

  /** Iterates over the fresh and stale entries, most recently used first. */
  *retained(): Iterable<Entry<Value>> {
    const now = this.#clock.now()
    for (const entry of this.#entries.values()) {
      if (entry.expiresAt >= now && !hasInvalidTag(entry)) yield entry
    }
  }

  /** Iterates over the fresh entries, most recently used first. */
  *fresh(): Iterable<Entry<Value>> {
    const now = this.#clock.now()
    for (const entry of this.#entries.values()) {
      if (freshUntil(entry) >= now && !hasInvalidTag(entry)) yield entry
    }
  }

  /** Returns the number of fresh entries. Removes the expired ones. */
  countFresh(): number {
    this.#removeExpired(Number.POSITIVE_INFINITY, this.#clock.now())
    if (this.#graceCount === 0) return this.#entries.size
    return [...this.fresh()].length
  }

  /** Called by the timer. */
  sweep(most: number): number {
    const now = this.#clock.now()
    const removed = this.#removeExpired(most, now)
    // At `expiresAt` itself an entry is not yet expired. On a clock that stands still, a pause of 0 would
    // repeat the sweep endlessly.
    return removed === most ? 0 : Math.max(this.#expiry.nextAt - now, 1)
  }

  #add(key: string): Entry<Value> {
    const never = Number.POSITIVE_INFINITY
    const entry: Entry<Value> = {
      key,
      storedValue: undefined,
      bytes: 0,
      extra: undefined,
      expiresAt: never,
      queuedAt: never,
    }
    this.#entries.set(key, entry)
    return entry
  }

  #addExtra(entry: Entry<Value>, { graceMs, loadMs, tags }: StorePlan): void {
    entry.extra = { graceMs, loadMs, tags: this.#tags.attach(entry, tags) }
    if (graceMs > 0) this.#graceCount++
  }

  #isProbablyFresh(entry: Entry<Value>): boolean {
    const { extra } = entry
    if (extra === undefined) return this.#expiryCheck.isPending(entry.expiresAt)
    return this.#expiryCheck.isPending(freshUntil(entry)) && !isInvalidated(extra.tags)
  }

  /** Returns whether the entry was expired and is now removed. */
  #removeIfExpired(entry: Entry<Value>, now: number): boolean {
    if (entry.expiresAt >= now && !hasInvalidTag(entry)) return false
    this.#removeUnusable(entry)
    return true
  }

  #removeUnusable(entry: Entry<Value>): void {
    // An entry removed because of its tags is not counted as an expiration, even past its TTL.
    if (!hasInvalidTag(entry)) {
      this.expirations++
      this.#onRemoved(entry, 'expired')
    }
    this.#entries.delete(entry.key)
  }

  /** Removes at most this many expired entries. Returns how many it removed. */
  #removeExpired(most: number, now: number): number {
    // Deleted entries keep their places in the queue. It is rebuilt when they fill more than half of it.
    if (this.#expiry.length > 2 * this.#entries.size + 64) {
      this.#expiry.rebuild(this.#entries.values())
    }
    for (let removed = 0; removed < most; removed++) {
      const entry = this.#tags.nextInvalidated() ?? this.#expiry.takeExpired(now)
      if (entry === undefined) return removed
      this.#removeUnusable(entry)
    }
    return most
  }

  #release(entry: Entry<Value>): void {
    entry.queuedAt = REMOVED
    // The entry may stay in the expiry queue for a long time. Its value must not stay in memory with it.
    entry.storedValue = undefined
    this.bytes -= entry.bytes
    if (entry.extra !== undefined) this.#releaseExtra(entry, entry.extra)
  }

  #releaseExtra(entry: Entry<Value>, { graceMs, tags }: EntryExtra<Value>): void {
    entry.extra = undefined
    this.#tags.detach(entry, tags)
    if (graceMs > 0) this.#graceCount--
  }
}

/** Returns the end of the TTL. The grace period follows it. */
export function freshUntil({ expiresAt, extra }: Entry): number {
  return extra === undefined ? expiresAt : expiresAt - extra.graceMs
}

function hasInvalidTag({ extra }: Entry): boolean {
  return extra !== undefined && isInvalidated(extra.tags)
}
