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
import type { MemoryTrust } from './memory-trust.js'

/** A copy of what a key holds in Redis. */
export interface NearEntry {
  /** The value as it is kept: isolation is for those who hand it out. */
  readonly kept: unknown
  /** The state of the key that this is a copy of; `undefined` when it is in no tier but this. */
  readonly seen: string | undefined
  /**
   * Whether it was read from Redis while every change was heard of. What this process wrote itself
   * is not: word of the write comes back to it, and nobody can tell whether it is of this write
   * alone. It serves only while Redis is away.
   */
  readonly proven: boolean
  /** Whether word of its own write is still to come. */
  awaitsEcho: boolean
}

/** Figures of the entries in memory. Hits and misses are counted for the cache as a whole. */
export type NearStats = Omit<InMemoryCacheStats, 'hits' | 'misses' | 'hitRate'>

/** Stores copies in the memory of this process, and returns those that may be served now. */
export class NearTier {
  readonly #entries: EntryStore<NearEntry>
  readonly #trust: MemoryTrust
  readonly #defaultTtl: number | null

  constructor(
    { defaultTtl, l1CacheSize, l1CacheBytes, clock }: ResolvedOptions,
    trust: MemoryTrust,
  ) {
    const limits = { maxSize: l1CacheSize, maxBytes: l1CacheBytes, maxEntryBytes: l1CacheBytes }
    this.#entries = new EntryStore(limits, clock)
    this.#trust = trust
    this.#defaultTtl = defaultTtl === null ? null : toMilliseconds(defaultTtl) / 1_000
  }

  /** Returns the fresh copy of a key if it may be served. */
  use(key: string): NearEntry | undefined {
    const copy = this.#entries.use(key)?.storedValue
    return copy !== undefined && this.#isTrusted(copy) ? copy : undefined
  }

  /** Returns the copy of a key, fresh or stale, if it may be served. */
  find(key: string): LookupResult<NearEntry> | undefined {
    const found = this.#entries.lookup(key)
    return found !== undefined && this.#isTrusted(found.value) ? found : undefined
  }

  /** Stores a copy. Returns whether it was small enough. */
  keep(key: string, copy: NearEntry, plan: StorePlan): boolean {
    return this.#entries.put(key, copy, estimateEntryBytes(key, copy), plan)
  }

  drop(key: string): void {
    this.#entries.remove(key)
  }

  /** Removes the copy of a key that has changed in Redis, unless the change was a write of this process. */
  hear(key: string): void {
    const copy = this.#entries.peek(key)?.storedValue
    if (copy?.awaitsEcho) copy.awaitsEcho = false
    else this.#entries.remove(key)
  }

  /** Returns whether there is a fresh copy, even if it may not be served now. */
  has(key: string): boolean {
    return this.#entries.peek(key) !== undefined
  }

  /** Returns how many fresh copies match, including those that may not be served now. */
  count(matches: (key: string) => boolean): number {
    return this.keys(matches).length
  }

  /** Returns the keys of the fresh copies that match. */
  keys(matches: (key: string) => boolean): string[] {
    return Array.from(this.#entries.fresh(), ({ key }) => key).filter(matches)
  }

  dropMatching(pattern: string): void {
    this.#entries.removeMatching(compileGlob(pattern))
  }

  /** Removes the copies with one of the tags. Returns whether there were any. */
  dropTagged(tags: readonly string[]): boolean {
    const isTagged = this.#entries.hasAnyTag(tags)
    this.#entries.invalidateTags(tags)
    return isTagged
  }

  /** Returns the remaining TTL in seconds of a copy that may be served; `null` for no expiry. */
  getTtl(key: string): number | null | undefined {
    const copy = this.#entries.peek(key)?.storedValue
    return copy !== undefined && this.#isTrusted(copy) ? this.#entries.getTtl(key) : undefined
  }

  /** Removes the copies that were read from Redis. What this process wrote may still be served without Redis. */
  dropProven(): void {
    for (const { key, storedValue } of [...this.#entries.retained()]) {
      if (storedValue?.proven) this.#entries.remove(key)
    }
  }

  clear(): void {
    this.#entries.clear()
  }

  close(): void {
    this.#entries.close()
  }

  getStats(): NearStats {
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

  #isTrusted(copy: NearEntry): boolean {
    const trust = this.#trust.current
    return trust === 'any' || (trust === 'proven' && copy.proven)
  }
}
