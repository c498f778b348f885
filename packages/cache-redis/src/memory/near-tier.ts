import type { Logger, LookupResult, MemoryUse, StorePlan } from '@verbatim/cache-core'
import { InMemoryCache, type InMemoryCacheStats } from '@verbatim/cache-memory'
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

const nothing = (): void => undefined
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** The memory of this process, before the Redis that processes share. */
export class NearTier {
  readonly #memory: InMemoryCache
  readonly #trust: MemoryTrust

  constructor(
    { defaultTtl, l1CacheSize, l1CacheBytes, clock }: ResolvedOptions,
    trust: MemoryTrust,
  ) {
    // It keeps what was isolated already, so it does no isolating of its own.
    this.#memory = new InMemoryCache({
      ...{ defaultTtl, clock },
      // The cache that it belongs to reports.
      logger: SILENT,
      maxSize: l1CacheSize,
      maxBytes: l1CacheBytes,
    })
    this.#trust = trust
  }

  /** What may be answered for a key, if it is fresh. */
  use(key: string): NearEntry | undefined {
    const entry = this.#memory.use<NearEntry>(key)
    return entry !== undefined && this.#isTrusted(entry) ? entry : undefined
  }

  /** What may be answered for a key, fresh or stale. */
  find(key: string): LookupResult<NearEntry> | undefined {
    const held = this.#memory.peekAllowStale<NearEntry>(key)
    return held !== undefined && this.#isTrusted(held.value) ? held : undefined
  }

  /** Returns whether the value was small enough. */
  keep(key: string, entry: NearEntry, plan: StorePlan): boolean {
    return this.#memory.put(key, entry, plan)
  }

  drop(key: string): void {
    void this.#memory.delete(key)
  }

  /** Drops the copy of a key that is said to have changed, unless that was our own write. */
  hear(key: string): void {
    const entry = this.#memory.peek<NearEntry>(key)
    if (entry?.awaitsEcho) entry.awaitsEcho = false
    else void this.#memory.delete(key)
  }

  /** Whether there is a copy, be it to be answered or not. */
  has(key: string): boolean {
    return this.#memory.peek(key) !== undefined
  }

  /** How many copies match, be they to be answered or not. */
  count(matches: (key: string) => boolean): number {
    return this.#memory.getActiveKeys().filter(matches).length
  }

  /** The keys that match and may be answered now. */
  keys(matches: (key: string) => boolean): string[] {
    return this.#memory.getActiveKeys().filter(matches)
  }

  dropMatching(pattern: string): void {
    void this.#memory.invalidatePattern(pattern)
  }

  /** Returns whether there was a copy that carries one of the tags. */
  dropTagged(tags: readonly string[]): boolean {
    const isTagged = this.#memory.hasAnyTag(tags)
    void this.#memory.invalidateTags(tags)
    return isTagged
  }

  /** What is left of a key's life in seconds, if it may be answered; `null` when it never expires. */
  async getTtl(key: string): Promise<number | null | undefined> {
    const entry = this.#memory.peek<NearEntry>(key)
    return entry !== undefined && this.#isTrusted(entry) ? this.#memory.getTtl(key) : undefined
  }

  /** Drops the copies of what was read; what was written here itself may still serve without Redis. */
  dropProven(): void {
    for (const key of this.#memory.getKeys()) {
      if (this.#memory.peekAllowStale<NearEntry>(key)?.value.proven) void this.#memory.delete(key)
    }
  }

  clear(): void {
    void this.#memory.clear()
  }

  close(): Promise<void> {
    return this.#memory.close()
  }

  getStats(): InMemoryCacheStats {
    return this.#memory.getStats()
  }

  memoryUse(): MemoryUse {
    return this.#memory.memoryUse()
  }

  #isTrusted(entry: NearEntry): boolean {
    const trust = this.#trust.current
    return trust === 'any' || (trust === 'proven' && entry.proven)
  }
}
