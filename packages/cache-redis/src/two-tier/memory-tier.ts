import type { MemoryUse } from '@verbatim/cache-core'
import {
  compileGlob,
  type LookupResult,
  type StorePlan,
  toMilliseconds,
} from '@verbatim/cache-core/implement'
import type { InMemoryCacheStats } from '@verbatim/cache-memory'
import {
  EntryStore,
  entryStats,
  estimateEntryBytes,
  memoryUseOf,
} from '@verbatim/cache-memory/implement'
import type { ResolvedOptions } from '../options.js'

/** A copy in memory of what a key holds in Redis. */
export interface MemoryEntry {
  /** The value as it is stored. Isolation is applied when it is handed out. */
  readonly storedValue: unknown
  /** The state of the key in Redis; `undefined` for a value that is only in memory. */
  readonly revision: string | undefined
  /**
   * Whether the value was read from Redis while this process received every invalidation. A value that
   * this process wrote is not tracked until it is read back: the invalidation of its own write looks like
   * that of another process. An untracked copy is served only while Redis is unavailable.
   */
  readonly isTracked: boolean
  /** Whether the invalidation that this process caused itself has not arrived yet. */
  awaitsOwnInvalidation: boolean
}

/** Hits that may be served before the sources are asked again. */
const HITS_PER_LOOK = 16

/**
 * The copies that may be served:
 *
 * - `'tracked'`: those that Redis would invalidate, because this process receives every invalidation;
 * - `'all'`: Redis is unavailable, and an old value is better than none;
 * - `'none'`: Redis is available, but invalidations may be missed, so Redis is asked.
 */
export type Servable = 'tracked' | 'all' | 'none'

export interface ServableSources {
  /** Returns whether Redis is available. */
  readonly isConnected: () => boolean
  /** Returns whether this process receives every invalidation. Reads the clock. */
  readonly isTracking: () => boolean
  /**
   * Returns whether the server of a key, or of the tags of its value, is unavailable. In a Cluster, others may
   * be available.
   */
  readonly isDown: (key: string, isTagged: boolean) => boolean
}

/**
 * Decides which copies may be served.
 *
 * Reading the clock takes half as long as the rest of a hit, so one look at the sources counts for several
 * hits. A look never counts past the turn of the event loop it was made in: a process that was stopped
 * looks again before it serves a call that arrived after the stop.
 */
export class ServableEntries {
  readonly #sources: ServableSources
  #hitsLeft = 0
  #isTurnEndScheduled = false

  constructor(sources: ServableSources) {
    this.#sources = sources
  }

  /** Discards the last look. Call this whenever a source may have changed. */
  changed(): void {
    this.#hitsLeft = 0
  }

  /** Returns which copies may be served. Counts as one hit. */
  look(): Servable {
    if (this.#hitsLeft-- > 0) return 'tracked'
    if (!this.#sources.isConnected()) return 'all'
    if (!this.#sources.isTracking()) return 'none'
    this.#hitsLeft = HITS_PER_LOOK
    if (!this.#isTurnEndScheduled) {
      this.#isTurnEndScheduled = true
      // Runs after all promises of this turn, and before the process sleeps or reads its sockets. An
      // immediate would run after that.
      process.nextTick(this.#endTurn)
    }
    return 'tracked'
  }

  /** Returns whether the server of a key, or of the tags of its value, is unavailable. */
  isDown(key: string, isTagged: boolean): boolean {
    return this.#sources.isDown(key, isTagged)
  }

  readonly #endTurn = (): void => {
    this.#isTurnEndScheduled = false
    this.#hitsLeft = 0
  }
}

/** Figures of the entries in memory. Hits and misses are counted for the cache as a whole. */
export type MemoryTierFigures = Omit<InMemoryCacheStats, 'hits' | 'misses' | 'hitRate'>

/** The memory tier: copies of what Redis holds, and values that only this process holds. */
export class MemoryTier {
  readonly #entries: EntryStore<MemoryEntry>
  readonly #servable: ServableEntries
  readonly #defaultTtl: number | null

  constructor(
    { defaultTtl, l1CacheSize, l1CacheBytes, clock }: ResolvedOptions,
    servable: ServableEntries,
  ) {
    const limits = { maxSize: l1CacheSize, maxBytes: l1CacheBytes, maxEntryBytes: l1CacheBytes }
    this.#entries = new EntryStore(limits, clock)
    this.#servable = servable
    this.#defaultTtl = defaultTtl === null ? null : toMilliseconds(defaultTtl) / 1_000
  }

  /** Returns the fresh copy of a key, if it may be served now. Counts as a use of the copy. */
  get(key: string): MemoryEntry | undefined {
    const copy = this.#entries.use(key)?.storedValue
    return copy !== undefined && this.#isServable(key, copy) ? copy : undefined
  }

  /**
   * Returns the same copy with its remaining TTL. A copy whose TTL ends between the two looks is absent, because
   * the entry in Redis may still be fresh.
   */
  getWithTtl(key: string): LookupResult<MemoryEntry> | undefined {
    if (this.get(key) === undefined) return undefined
    const found = this.#entries.lookup(key)
    return found !== undefined && found.freshMs >= 0 ? found : undefined
  }

  /** Returns the copy of a key, fresh or stale, if it may be served now. */
  peek(key: string): LookupResult<MemoryEntry> | undefined {
    const found = this.#entries.lookup(key)
    return found !== undefined && this.#isServable(key, found.value) ? found : undefined
  }

  /** Stores a copy. Returns false if the value is too large. */
  put(key: string, copy: MemoryEntry, plan: StorePlan): boolean {
    return this.#entries.put(key, copy, estimateEntryBytes(key, copy), plan)
  }

  delete(key: string): void {
    this.#entries.remove(key)
  }

  /** Deletes the copy of a key that Redis has invalidated. The first message after an own write is expected. */
  invalidated(key: string): void {
    const copy = this.#entries.peek(key)?.storedValue
    if (copy?.awaitsOwnInvalidation) copy.awaitsOwnInvalidation = false
    else this.#entries.remove(key)
  }

  /** Returns whether there is a fresh copy, servable or not. */
  has(key: string): boolean {
    return this.#entries.peek(key) !== undefined
  }

  /** Returns how many fresh copies match, servable or not. */
  count(matches: (key: string) => boolean): number {
    return this.keys(matches).length
  }

  /** Returns the keys of the fresh copies that match. */
  keys(matches: (key: string) => boolean): string[] {
    return Array.from(this.#entries.fresh(), ({ key }) => key).filter(matches)
  }

  deleteMatching(pattern: string): void {
    this.#entries.removeMatching(compileGlob(pattern))
  }

  /** Deletes the copies with one of the tags. Returns whether there was one. */
  deleteTagged(tags: readonly string[]): boolean {
    const isTagged = this.#entries.hasAnyTag(tags)
    this.#entries.invalidateTags(tags)
    return isTagged
  }

  /** Returns the rest of a servable copy's TTL in seconds; `null` if it never expires. */
  getTtl(key: string): number | null | undefined {
    const copy = this.#entries.peek(key)?.storedValue
    return copy !== undefined && this.#isServable(key, copy) ? this.#entries.getTtl(key) : undefined
  }

  /** Deletes the tracked copies. Values that this process wrote may still be served without Redis. */
  deleteTracked(): void {
    for (const { key, storedValue } of [...this.#entries.retained()]) {
      if (storedValue?.isTracked) this.#entries.remove(key)
    }
  }

  clear(): void {
    this.#entries.clear()
  }

  close(): void {
    this.#entries.close()
  }

  getStats(): MemoryTierFigures {
    return {
      joined: 0,
      staleServed: 0,
      notStored: {},
      ...entryStats(this.#entries),
      defaultTtl: this.#defaultTtl,
    }
  }

  memoryUse(): MemoryUse {
    return memoryUseOf(this.#entries)
  }

  #isServable(key: string, { isTracked }: MemoryEntry): boolean {
    const servable = this.#servable.look()
    if (servable === 'all' || (servable === 'tracked' && isTracked)) return true
    const { tags = [] } = this.#entries.peekAllowStale(key)?.extra ?? {}
    return this.#servable.isDown(key, tags.length > 0)
  }
}
