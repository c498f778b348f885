import type { Clock, StorePlan } from '@verbatim/cache-core'
import { LRUCache } from 'lru-cache'
import { type Entry, type EntryExtra, freshUntil } from './entry.js'
import { ExpiryCheck } from './expiry-check.js'
import { ExpiryQueue, REMOVED } from './expiry-queue.js'
import { IdleSweep, type Sweepable } from './idle-sweep.js'
import { isInvalidated, TagIndex } from './tag-index.js'

/** Why an entry left that nobody asked to leave. */
export type RemovalReason = 'evicted' | 'expired'

export interface StoreLimits {
  readonly maxSize: number
  /** `Infinity` for no limit. */
  readonly maxBytes: number
}

/** Dead entries that a write may drop. Two for each one it adds, so that it always catches up. */
const REMOVED_PER_WRITE = 2

/**
 * The entries of a cache in order of use, within its limits.
 *
 * An entry is fresh until its life is over, then stale until its grace is over, then dead. It is
 * dead, too, once one of its tags was invalidated. Dead entries never cost another its place: every
 * write drops some of them first, and a sweep gives back the rest while nobody writes.
 */
export class EntryStore implements Sweepable {
  evictions = 0
  expirations = 0
  bytes = 0
  readonly #limits: StoreLimits
  readonly #clock: Clock
  readonly #onRemoved: (entry: Entry, reason: RemovalReason) => void
  readonly #entries: LRUCache<string, Entry>
  readonly #expiry = new ExpiryQueue<Entry>()
  readonly #tags = new TagIndex()
  readonly #expiryCheck: ExpiryCheck
  readonly #sweep: IdleSweep = new IdleSweep(this)
  /** Entries that may be held while stale. */
  #graceCount = 0

  /** @param onRemoved - told of each entry that had to go, while its value is still there */
  constructor(
    limits: StoreLimits,
    clock: Clock,
    onRemoved: (entry: Entry, reason: RemovalReason) => void,
  ) {
    this.#limits = limits
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

  /** How many are held, dead ones included. */
  get size(): number {
    return this.#entries.size
  }

  /** The entry of a key if it is fresh, which counts as use. The one read that is a hot path. */
  use(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || this.#seemsFresh(entry)) return entry
    this.#removeIfExpired(entry, this.#clock.now())
    return undefined
  }

  /** The entry of a key if it is fresh. */
  peek(key: string): Entry | undefined {
    const now = this.#clock.now()
    const entry = this.peekAllowStale(key, now)
    return entry !== undefined && freshUntil(entry) >= now ? entry : undefined
  }

  /** The entry of a key, fresh or stale. */
  peekAllowStale(key: string, now: number): Entry | undefined {
    const entry = this.#entries.peek(key)
    return entry === undefined || this.#removeIfExpired(entry, now) ? undefined : entry
  }

  /** Whether what is held under a key carries one of these tags. */
  entryHasAnyTag(key: string, names: readonly string[]): boolean {
    const tags = this.peekAllowStale(key, this.#clock.now())?.extra?.tags ?? []
    return tags.some(({ name }) => names.includes(name))
  }

  /** Stores a value. The key becomes the most recently used. */
  put(key: string, storedValue: unknown, bytes: number, plan: StorePlan): void {
    const now = this.#clock.now()
    this.#removeExpired(REMOVED_PER_WRITE, now)
    const before = this.#entries.get(key)
    const entry = before ?? this.#add(key)
    if (entry.extra !== undefined) this.#releaseExtra(entry, entry.extra)
    entry.storedValue = storedValue
    this.bytes += bytes - entry.bytes
    entry.bytes = bytes
    entry.expiresAt = now + plan.ttlMs + plan.graceMs
    if (plan.graceMs > 0 || plan.loadMs > 0 || plan.tags.length > 0) this.#addExtra(entry, plan)
    this.#expiry.schedule(entry)
    if (entry.expiresAt < Number.POSITIVE_INFINITY) this.#sweep.arm()
    while (this.bytes > this.#limits.maxBytes) {
      // One large entry may take the room of more dead ones than a write drops.
      if (this.#removeExpired(1, now) === 0) this.#entries.pop()
    }
  }

  /** Answers whether the entry was fresh. */
  remove(key: string): boolean {
    const wasFresh = this.peek(key) !== undefined
    this.#entries.delete(key)
    return wasFresh
  }

  /** Whether an entry carries one of these tags, be it fresh or not. */
  hasAnyTag(tags: readonly string[]): boolean {
    return this.#tags.hasAnyTag(tags)
  }

  /** Marks these tags, so that what carries one of them is dead. */
  invalidateTags(names: readonly string[]): void {
    this.#tags.invalidate(names)
    this.#sweep.arm()
  }

  /** Answers how many were fresh. */
  clear(): number {
    const fresh = this.countFresh()
    this.#entries.clear()
    this.#expiry.clear()
    return fresh
  }

  /** Empties it and ends its timer. */
  close(): void {
    this.clear()
    this.#sweep.stop()
  }

  /** All that are held, most recently used first, dead ones included. */
  all(): Iterable<Entry> {
    return this.#entries.values()
  }

  /** All that are fresh or stale, most recently used first. */
  *retained(): Iterable<Entry> {
    const now = this.#clock.now()
    for (const entry of this.#entries.values()) {
      if (entry.expiresAt >= now && !hasInvalidTag(entry)) yield entry
    }
  }

  /** All that are fresh, most recently used first. */
  *fresh(): Iterable<Entry> {
    const now = this.#clock.now()
    for (const entry of this.#entries.values()) {
      if (freshUntil(entry) >= now && !hasInvalidTag(entry)) yield entry
    }
  }

  /** Drops the dead and counts the fresh. */
  countFresh(): number {
    this.#removeExpired(Number.POSITIVE_INFINITY, this.#clock.now())
    if (this.#graceCount === 0) return this.#entries.size
    return [...this.fresh()].length
  }

  sweep(most: number): number {
    const now = this.#clock.now()
    const removed = this.#removeExpired(most, now)
    // What expires right now is still alive; on a clock that stands still it stays so.
    return removed === most ? 0 : Math.max(this.#expiry.nextAt - now, 1)
  }

  #add(key: string): Entry {
    const never = Number.POSITIVE_INFINITY
    const entry: Entry = {
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

  #addExtra(entry: Entry, { graceMs, loadMs, tags }: StorePlan): void {
    entry.extra = { graceMs, loadMs, tags: this.#tags.attach(entry, tags) }
    if (graceMs > 0) this.#graceCount++
  }

  #seemsFresh(entry: Entry): boolean {
    const { extra } = entry
    if (extra === undefined) return this.#expiryCheck.isPending(entry.expiresAt)
    return this.#expiryCheck.isPending(freshUntil(entry)) && !isInvalidated(extra.tags)
  }

  /** Returns whether the entry is dead; then it is removed. */
  #removeIfExpired(entry: Entry, now: number): boolean {
    if (entry.expiresAt >= now && !hasInvalidTag(entry)) return false
    this.#removeUnusable(entry)
    return true
  }

  #removeUnusable(entry: Entry): void {
    // What a tag has removed has not expired, even if its life has ended since.
    if (!hasInvalidTag(entry)) {
      this.expirations++
      this.#onRemoved(entry, 'expired')
    }
    this.#entries.delete(entry.key)
  }

  #removeExpired(most: number, now: number): number {
    // Deletes leave dead places in the queue; past half of it they are cleared out at one go.
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

  #release(entry: Entry): void {
    entry.queuedAt = REMOVED
    // The entry may wait in the expiry queue for long; its value must not.
    entry.storedValue = undefined
    this.bytes -= entry.bytes
    if (entry.extra !== undefined) this.#releaseExtra(entry, entry.extra)
  }

  #releaseExtra(entry: Entry, { graceMs, tags }: EntryExtra): void {
    entry.extra = undefined
    this.#tags.detach(entry, tags)
    if (graceMs > 0) this.#graceCount--
  }
}

function hasInvalidTag({ extra }: Entry): boolean {
  return extra !== undefined && isInvalidated(extra.tags)
}
