import {
  assertKey,
  assertTags,
  assertValue,
  CacheInterface,
  compileGlob,
  EventHub,
  type GetOrSetOptions,
  type HeldValue,
  type Loader,
  planLoad,
  planStore,
  type SetOptions,
  type StorePlan,
  type Ttl,
} from '@verbatim/cache-core'
import { type Entry, freshUntil } from './entry.js'
import { type EntrySize, entrySizeFor } from './entry-size.js'
import { type Departure, EntryStore } from './entry-store.js'
import type { InMemoryCacheEvents } from './events.js'
import { type Isolator, isolatorFor } from './isolation.js'
import { OperationObserver } from './operation-observer.js'
import { type InMemoryCacheOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { type InMemoryCacheSnapshot, restorable, takeSnapshot } from './snapshot.js'
import type { InMemoryCacheStats } from './stats.js'

/**
 * A cache in the memory of this process: bounded, least recently used goes first, a life per entry.
 *
 * An entry whose life is over is never answered, and never costs a live one its place: writes drop
 * expired entries first. No timer runs for an entry.
 */
export class InMemoryCache extends CacheInterface {
  readonly #options: ResolvedOptions
  readonly #store: EntryStore
  readonly #sizeOf: EntrySize
  readonly #isolator: Isolator
  readonly #observer: OperationObserver | undefined
  readonly #events = new EventHub<InMemoryCacheEvents>()
  #hits = 0
  #misses = 0
  #staleServed = 0
  #refusals = 0

  /** @throws ConfigurationError or ValidationError that names the option and what it may be */
  constructor(options: InMemoryCacheOptions = {}) {
    super(options)
    const resolved = resolveOptions(options)
    const { monitor } = resolved
    this.#options = resolved
    this.#isolator = isolatorFor(resolved.isolation)
    this.#observer = monitor && new OperationObserver(monitor, this.clock)
    this.#sizeOf = entrySizeFor(resolved)
    this.#store = new EntryStore(resolved, this.clock, (entry, departure) => {
      this.#tell(entry, departure)
    })
  }

  /** Calls a function at each such event. Returns how to stop. What it throws is ignored. */
  on<Name extends keyof InMemoryCacheEvents>(
    event: Name,
    listener: (...details: InMemoryCacheEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(event, listener)
  }

  override async get<T>(key: string): Promise<T | undefined> {
    return this.#read(key) as T | undefined
  }

  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const plan = planLoad<T>(options)
    // Not by way of get: awaiting one more promise would cost a third of a hit's speed.
    const cached = this.#read(key) as T | undefined
    if (cached !== undefined && plan.earlyRefresh === 0) return cached
    return this.readThrough(key, loader, plan, this.#held<T>(key))
  }

  /** Reads a key as `get` does, but tells of a stale value too. For caches that build on this one. */
  override async lookup<T>(key: string): Promise<HeldValue<T> | undefined> {
    this.#read(key)
    return this.#held(key)
  }

  /** @throws SerializationError (`NOT_CLONEABLE`) when `isolation` is on and the value has no copy */
  override async set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    this.#write(key, value, planStore(ttl, this.defaultLifeMs))
    this.loads.fence(key)
  }

  /** Stores a value that was loaded or comes from a farther tier. For caches that build on this one. */
  override async fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    this.#write(key, value, plan)
  }

  override async delete(key: string): Promise<boolean> {
    return this.#delete(key)
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return this.#store.peek(key) !== undefined
  }

  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    for (const key of keys) assertKey(key)
    const found = new Map<string, T>()
    for (const key of keys) {
      const value = this.#read(key)
      if (value !== undefined) found.set(key, value as T)
    }
    return found
  }

  override async setMany<T>(
    entries: Iterable<readonly [key: string, value: T]>,
    ttl?: Ttl | SetOptions,
  ): Promise<void> {
    const plan = planStore(ttl, this.defaultLifeMs)
    // Each value is made ready before the first is stored: a batch is refused as a whole.
    const ready = [...entries].map(([key, value]) => this.#admit(key, value))
    for (const { key, kept, bytes } of ready) {
      const startedAt = this.#observer?.start()
      this.#keep(key, kept, bytes, plan)
      this.loads.fence(key)
      this.#observer?.end('set', 'ok', startedAt)
    }
  }

  override async deleteMany(keys: readonly string[]): Promise<number> {
    for (const key of keys) assertKey(key)
    let removed = 0
    for (const key of new Set(keys)) if (this.#delete(key)) removed++
    return removed
  }

  /** {@inheritDoc CacheInterface.getTtl} */
  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    const entry = this.#store.peek(key)
    if (entry === undefined) return undefined
    const leftMs = freshUntil(entry) - this.clock.now()
    return leftMs === Number.POSITIVE_INFINITY ? null : leftMs / 1_000
  }

  override async *scan(pattern = '*'): AsyncIterable<string> {
    yield* this.getActiveKeys().filter(compileGlob(pattern))
  }

  override async invalidatePattern(pattern: string): Promise<number> {
    const startedAt = this.clock.now()
    const matches = compileGlob(pattern)
    this.loads.fenceAll()
    // Of all keys held: a stale value must not be served either, though it is not counted.
    const removed = this.getKeys().filter((key) => matches(key) && this.#store.remove(key)).length
    this.#observeInvalidation(removed, startedAt)
    return removed
  }

  /** Takes the same time whatever the number of entries. */
  override async invalidateTags(tags: readonly string[]): Promise<void> {
    assertTags(tags)
    this.loads.fenceTags(tags)
    this.#store.invalidateTags(tags)
  }

  override async clear(): Promise<number> {
    const startedAt = this.clock.now()
    this.loads.fenceAll()
    const removed = this.#store.clear()
    this.#observeInvalidation(removed, startedAt)
    return removed
  }

  override async close(): Promise<void> {
    this.loads.fenceAll()
    this.#store.close()
  }

  /** The value of a key, read without counting as use, as a hit or as a miss. */
  peek<T>(key: string): T | undefined {
    assertKey(key)
    const entry = this.#store.peek(key)
    return entry && (this.#isolator.release(entry.kept) as T)
  }

  /** How many entries are alive. */
  size(): number {
    return this.#store.countFresh()
  }

  /** The keys held, most recently used first, those included that are not answered any more. */
  getKeys(): string[] {
    return Array.from(this.#store.all(), ({ key }) => key)
  }

  /** The keys that are alive, most recently used first. */
  getActiveKeys(): string[] {
    return Array.from(this.#store.fresh(), ({ key }) => key)
  }

  /** The entries that are alive, most recently used first. None of them counts as used. */
  *[Symbol.iterator](): IterableIterator<[key: string, value: unknown]> {
    for (const key of this.getActiveKeys()) {
      const value = this.peek(key)
      if (value !== undefined) yield [key, value]
    }
  }

  /** What is held now, to be restored in another cache or another process. */
  snapshot(): InMemoryCacheSnapshot {
    return takeSnapshot(this.#store.held(), this.clock, this.#isolator)
  }

  /**
   * Takes over what a snapshot holds, with what is left of each life by the date. Keys that are
   * there already keep their value, for it is newer.
   *
   * @returns how many entries were taken over
   * @throws ValidationError (`INVALID_SNAPSHOT`, …) for anything but a snapshot; nothing is taken then
   */
  restore(snapshot: InMemoryCacheSnapshot): number {
    const ready = restorable(snapshot, this.clock)
      .filter(({ key }) => this.#store.peekHeld(key) === undefined)
      .map(({ key, value, plan }) => ({ admitted: this.#admit(key, value), plan }))
    let restored = 0
    for (const { admitted, plan } of ready) {
      if (this.#keep(admitted.key, admitted.kept, admitted.bytes, plan)) restored++
    }
    return restored
  }

  getStats(): InMemoryCacheStats {
    const { maxSize, maxBytes, maxEntryBytes } = this.#options
    const reads = this.#hits + this.#misses
    const totalEntries = this.#store.size
    const activeEntries = this.getActiveKeys().length
    return {
      hits: this.#hits,
      misses: this.#misses,
      hitRate: reads === 0 ? 0 : (this.#hits / reads) * 100,
      staleServed: this.#staleServed,
      evictions: this.#store.evictions,
      expirations: this.#store.expirations,
      refusals: this.#refusals,
      totalEntries,
      activeEntries,
      expiredEntries: totalEntries - activeEntries,
      maxSize,
      utilizationPercent: (activeEntries / maxSize) * 100,
      utilization: `${activeEntries}/${maxSize}`,
      bytes: maxEntryBytes === Number.POSITIVE_INFINITY ? null : this.#store.bytes,
      maxBytes: finiteOrNull(maxBytes),
      defaultTtl: finiteOrNull(this.defaultLifeMs / 1_000),
    }
  }

  protected override staleServed(): void {
    this.#staleServed++
  }

  protected override refreshFailed(key: string, error: unknown): void {
    this.#events.emit('refresh_failed', key, error)
  }

  #read(key: string): unknown {
    const startedAt = this.#observer?.start()
    const entry = this.#store.use(key)
    if (entry === undefined) {
      // Only now: what was found is a key.
      assertKey(key)
      this.#misses++
      this.#observer?.end('get', 'miss', startedAt)
      return undefined
    }
    this.#hits++
    this.#observer?.end('get', 'hit', startedAt)
    return this.#isolator.release(entry.kept)
  }

  #held<T>(key: string): HeldValue<T> | undefined {
    const entry = this.#store.peekHeld(key)
    if (entry === undefined) return undefined
    return {
      value: this.#isolator.release(entry.kept) as T,
      freshMs: freshUntil(entry) - this.clock.now(),
      loadMs: entry.extra?.loadMs ?? 0,
    }
  }

  #write(key: string, value: unknown, plan: StorePlan): void {
    const startedAt = this.#observer?.start()
    const { kept, bytes } = this.#admit(key, value)
    this.#keep(key, kept, bytes, plan)
    this.#observer?.end('set', 'ok', startedAt)
  }

  #admit(key: string, value: unknown): { key: string; kept: unknown; bytes: number } {
    assertKey(key)
    assertValue(value)
    return { key, kept: this.#isolator.admit(value), bytes: this.#sizeOf(key, value) }
  }

  /** Answers whether there was room for it. */
  #keep(key: string, kept: unknown, bytes: number, plan: StorePlan): boolean {
    if (bytes <= this.#options.maxEntryBytes) {
      this.#store.put(key, kept, bytes, plan)
      return true
    }
    // The old value goes all the same: it is not the key's value any more.
    this.#store.remove(key)
    this.#refusals++
    this.#announce('refused', key, bytes)
    return false
  }

  #delete(key: string): boolean {
    const startedAt = this.#observer?.start()
    assertKey(key)
    this.loads.fence(key)
    const removed = this.#store.remove(key)
    this.#observer?.end('delete', 'ok', startedAt)
    return removed
  }

  #observeInvalidation(keysInvalidated: number, startedAt: number): void {
    this.#options.monitor?.observeInvalidation(keysInvalidated, this.clock.now() - startedAt)
  }

  #tell({ key, kept }: Entry, departure: Departure): void {
    // A value that nobody asks for need not be copied.
    if (this.#events.has(departure)) this.#announce(departure, key, this.#isolator.release(kept))
  }

  /** Once the call is done: a listener may well use the cache. */
  #announce<Name extends keyof InMemoryCacheEvents>(
    event: Name,
    ...details: InMemoryCacheEvents[Name]
  ): void {
    queueMicrotask(() => this.#events.emit(event, ...details))
  }
}

function finiteOrNull(limit: number): number | null {
  return limit === Number.POSITIVE_INFINITY ? null : limit
}
