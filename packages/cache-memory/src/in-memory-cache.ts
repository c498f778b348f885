import {
  type CacheError,
  CacheInterface,
  type GetOrSetOptions,
  type InspectedEntry,
  type InspectOptions,
  type InvalidationOptions,
  type Loader,
  type MemoryHolder,
  type MemoryUse,
  SerializationError,
  type SetOptions,
  type Ttl,
} from '@verbatim/cache-core'
import {
  assertClearsAll,
  assertKey,
  assertKeys,
  assertLoader,
  assertTags,
  assertValue,
  collectEntries,
  compileGlob,
  EventHub,
  emptyLookup,
  includesForeign,
  invalidationReason,
  isAccepted,
  LONG_TTL_MS,
  type LookupResult,
  planLoad,
  planStore,
  type ReadPlan,
  recognizeCopies,
  reportFailedRefresh,
  reportLongTtl,
  reportNotStored,
  type StorePlan,
} from '@verbatim/cache-core/implement'
import type { EntryStore } from './entry-store.js'
import { EVENT_NAMES, type InMemoryCacheEvents } from './events.js'
import { loadIsolatorFor } from './isolation.js'
import { OperationObserver } from './operation-observer.js'
import {
  assertOptions,
  type InMemoryCacheOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.js'
import type { InMemoryCacheSnapshot } from './snapshot.js'
import { type InMemoryCacheStats, memoryUseOf, type ReadCounts, statsOf } from './stats.js'
import { type Admitted, ValueStore } from './value-store.js'

/**
 * A cache in the memory of this process. Its size is bounded: it evicts the least recently used entry first.
 *
 * Expired entries are not returned, except as stale values to calls that permit them. Writes remove dead
 * entries before they evict any other.
 *
 * @example
 * ```ts
 * const cache = new InMemoryCache({ maxSize: 10_000, defaultTtl: '5m' })
 * const user = await cache.getOrSet('user:1', () => database.findUser('1'))
 * ```
 */
export class InMemoryCache extends CacheInterface implements MemoryHolder {
  static {
    recognizeCopies(this, 'cache-memory/InMemoryCache')
  }

  readonly #options: ResolvedOptions
  readonly #events = new EventHub<InMemoryCacheEvents>(EVENT_NAMES)
  readonly #values: ValueStore
  readonly #entries: EntryStore
  readonly #observer: OperationObserver | undefined
  readonly #reads: ReadCounts = {
    hits: 0,
    misses: 0,
    joined: 0,
    staleServed: 0,
    notStored: {},
  }

  /** @throws ConfigurationError or ValidationError that names the option and its rule */
  constructor(options: InMemoryCacheOptions = {}) {
    assertOptions(options)
    const resolved = resolveOptions(options)
    const { clock, defaultTtl } = options
    super({ clock, defaultTtl, isolator: loadIsolatorFor(resolved.isolation) })
    const { monitor } = resolved
    this.#options = resolved
    this.#observer = monitor && new OperationObserver(monitor, this.clock)
    this.#values = new ValueStore(resolved, this.clock, this.#events)
    this.#entries = this.#values.entries
    this.#checkTtl(this.defaultTtlMs)
    monitor?.observeMemory?.(this)
  }

  /**
   * Calls a function at each event of this name. Errors that it throws are ignored.
   *
   * @returns a function that removes the listener
   * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown event or a listener that is not a function
   * @example
   * ```ts
   * const stop = cache.on('evicted', (key) => console.log(`evicted ${key}`))
   * ```
   */
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
    assertLoader(loader)
    const plan = planLoad<T>(options)
    if (!plan.takesFresh) return this.lookUpAndLoad(key, loader, plan)
    const startedAt = this.#observer?.start()
    const cached = this.#values.use(key) as T | undefined
    if (cached !== undefined) {
      this.#hit(startedAt)
      return cached
    }
    // Not through `lookup`, because one more awaited promise would make hits a third slower.
    return this.readThrough(
      key,
      loader,
      plan,
      this.#counted(this.#peekAllowStale<T>(key), startedAt),
    )
  }

  protected override async lookup<T>(
    key: string,
    plan?: ReadPlan,
  ): Promise<LookupResult<T> | undefined> {
    const startedAt = this.#observer?.start()
    const found = this.#use<T>(key)
    if (found !== undefined && plan !== undefined && !isAccepted(plan, found.value))
      return this.#counted(emptyLookup<T>(undefined), startedAt)
    if (found === undefined || found.freshMs < 0) return this.#counted(found, startedAt)
    this.#hit(startedAt)
    return found
  }

  /** @throws SerializationError (`NOT_CLONEABLE`) when `isolation` is on and the value cannot be copied */
  override async set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    this.#write(key, value, planStore(ttl, this.defaultTtlMs))
    this.loads.fence(key)
  }

  /** @throws SerializationError (`VALUE_TOO_LARGE`) for a value of more than `maxEntryBytes` */
  protected override async fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    if (this.#write(key, value, plan)) return
    const { maxEntryBytes } = this.#options
    throw new SerializationError(
      `value occupies more than ${maxEntryBytes} bytes, the most of an entry`,
      {
        code: 'VALUE_TOO_LARGE',
        context: { maxEntryBytes },
      },
    )
  }

  /** Stores a value if the key has no entry. Atomic: of many calls at once, one stores its value. */
  override async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    const plan = planStore(ttl, this.defaultTtlMs)
    // Before the lookup, so that a bad value is rejected even if the key has an entry.
    assertKey(key)
    assertValue(value)
    if (this.#entries.peek(key) !== undefined) return false
    const isStored = this.#write(key, value, plan)
    this.loads.fence(key)
    return isStored
  }

  override async delete(key: string): Promise<boolean> {
    return this.#delete(key)
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return this.#entries.peek(key) !== undefined
  }

  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    assertKeys(keys)
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
    const plan = planStore(ttl, this.defaultTtlMs)
    // Every value is checked before the first one is stored, because a bad batch must change nothing.
    const ready = collectEntries(entries).map(([key, value]) => this.#values.admit(key, value))
    this.#checkTtl(plan.ttlMs)
    for (const admitted of ready) {
      const startedAt = this.#observer?.start()
      this.#store(admitted, plan)
      this.loads.fence(admitted.key)
      this.#observer?.end('set', 'ok', startedAt)
    }
  }

  override async deleteMany(keys: readonly string[]): Promise<number> {
    assertKeys(keys)
    let removed = 0
    for (const key of new Set(keys)) if (this.#delete(key)) removed++
    return removed
  }

  /** {@inheritDoc CacheInterface.getTtl} */
  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    return this.#entries.getTtl(key)
  }

  override async *scan(pattern = '*'): AsyncIterable<string> {
    for (const key of this.getActiveKeys().filter(compileGlob(pattern))) {
      // A slow consumer may ask for the next key after its TTL.
      if (this.#entries.peek(key) !== undefined) yield key
    }
  }

  /** {@inheritDoc CacheInterface.inspect} Does not count as a use, a hit or a miss. */
  override async *inspect(
    pattern?: string,
    options?: InspectOptions,
  ): AsyncIterable<InspectedEntry> {
    includesForeign(options)
    for await (const key of this.scan(pattern)) {
      const value = this.#values.peek(key)
      const ttl = value === undefined ? undefined : this.#entries.getTtl(key)
      if (ttl !== undefined) yield { key, value, ttl }
    }
  }

  override async invalidatePattern(
    pattern: string,
    options?: InvalidationOptions,
  ): Promise<number> {
    const startedAt = this.clock.now()
    const matches = compileGlob(pattern)
    const reason = invalidationReason(options)
    this.loads.fenceAll()
    const removed = this.#entries.removeMatching(matches)
    this.#observeInvalidation(removed, startedAt, reason)
    if (removed === 0)
      this.#options.reporter.log('debug', 'An invalidation by pattern matched no entry.')
    return removed
  }

  /** Removes entries by tag. Its duration does not depend on the number of entries. */
  override async invalidateTags(tags: readonly string[]): Promise<void> {
    assertTags(tags)
    this.loads.fenceTags(tags, (key) => this.#entries.entryHasAnyTag(key, tags))
    if (!this.#entries.hasAnyTag(tags)) {
      this.#options.reporter.log('debug', 'An invalidation by tags matched no entry.')
    }
    this.#entries.invalidateTags(tags)
  }

  override clear(): Promise<number>
  override async clear(unexpected?: unknown): Promise<number> {
    assertClearsAll(unexpected)
    const startedAt = this.clock.now()
    this.loads.fenceAll()
    const removed = this.#entries.clear()
    this.#observeInvalidation(removed, startedAt)
    return removed
  }

  override async close(): Promise<void> {
    this.loads.fenceAll()
    this.#entries.close()
  }

  /** Returns the value of a key. Does not count as a use, a hit or a miss. */
  peek<T>(key: string): T | undefined {
    assertKey(key)
    return this.#values.peek(key) as T | undefined
  }

  /** Returns the number of fresh entries. */
  size(): number {
    return this.#entries.countFresh()
  }

  /** Returns the keys of all entries, expired ones included, most recently used first. */
  getKeys(): string[] {
    return Array.from(this.#entries.all(), ({ key }) => key)
  }

  /** Returns the keys of the fresh entries, most recently used first. */
  getActiveKeys(): string[] {
    return Array.from(this.#entries.fresh(), ({ key }) => key)
  }

  /** Iterates over the fresh entries, most recently used first. Does not count as a use of them. */
  *[Symbol.iterator](): IterableIterator<[key: string, value: unknown]> {
    for (const key of this.getActiveKeys()) {
      const value = this.peek(key)
      if (value !== undefined) yield [key, value]
    }
  }

  /**
   * Returns the fresh and the stale entries as plain data, which another cache or another process can restore.
   *
   * @example
   * ```ts
   * await writeFile(file, JSON.stringify(cache.snapshot()))
   * cache.restore(JSON.parse(await readFile(file, 'utf8')))
   * ```
   */
  snapshot(): InMemoryCacheSnapshot {
    return this.#values.snapshot()
  }

  /**
   * Adds the entries of a snapshot, with the part of each TTL that remains by the date. Keys that already
   * have an entry keep their value, because it is newer.
   *
   * @returns the number of added entries
   * @throws ValidationError (`INVALID_SNAPSHOT`, …) for anything but a snapshot; nothing is added then
   */
  restore(snapshot: InMemoryCacheSnapshot): number {
    return this.#values.restore(snapshot)
  }

  /**
   * Returns the number of entries and bytes. Without a limit in bytes, the bytes are estimated from the 32
   * most recently used entries.
   */
  memoryUse(): MemoryUse {
    return memoryUseOf(this.#entries)
  }

  getStats(): InMemoryCacheStats {
    return statsOf(this.#reads, this.#entries, this.defaultTtlMs)
  }

  protected override staleServed(): void {
    this.#reads.staleServed++
  }

  protected override notStored(key: string, error: CacheError): void {
    const { notStored } = this.#reads
    notStored[error.code] = (notStored[error.code] ?? 0) + 1
    reportNotStored(this.#options.reporter, error)
    this.#events.emit('not_stored', key, error)
  }

  protected override refreshFailed(key: string, error: unknown): void {
    reportFailedRefresh(this.#options.reporter, error)
    this.#events.emit('refresh_failed', key, error)
  }

  #read(key: string): unknown {
    const startedAt = this.#observer?.start()
    const value = this.#values.use(key)
    if (value === undefined) {
      // Only after a miss, because a key with an entry is valid.
      assertKey(key)
      this.#miss(startedAt)
      return undefined
    }
    this.#hit(startedAt)
    return value
  }

  /** Returns the value of a key, fresh or stale. A fresh one counts as used. */
  #use<T>(key: string): LookupResult<T> | undefined {
    const isFresh = this.#entries.use(key) !== undefined
    const found = this.#peekAllowStale<T>(key)
    // The clock may have advanced between the two calls.
    return isFresh && found !== undefined && found.freshMs < 0 ? { ...found, freshMs: 0 } : found
  }

  /** Counts a lookup as a miss when it starts a load, and as joined when it waits for one. */
  #counted<T>(found: LookupResult<T> | undefined, startedAt: number | undefined): LookupResult<T> {
    const onMiss = (isJoined: boolean): void => {
      if (isJoined) this.#reads.joined++
      else this.#miss(startedAt)
    }
    return { ...(found ?? emptyLookup<T>(undefined)), onMiss }
  }

  #peekAllowStale<T>(key: string): LookupResult<T> | undefined {
    const found = this.#values.lookup(key)
    // Only without an entry, because a key with an entry is valid.
    if (found === undefined) assertKey(key)
    return found as LookupResult<T> | undefined
  }

  #hit(startedAt: number | undefined): void {
    this.#reads.hits++
    this.#observer?.end('get', 'hit', startedAt)
  }

  #miss(startedAt: number | undefined): void {
    this.#reads.misses++
    this.#observer?.end('get', 'miss', startedAt)
  }

  /** Returns whether the value was small enough to be stored. */
  #write(key: string, value: unknown, plan: StorePlan): boolean {
    const startedAt = this.#observer?.start()
    const isStored = this.#store(this.#values.admit(key, value), plan)
    this.#checkTtl(plan.ttlMs)
    this.#observer?.end('set', 'ok', startedAt)
    return isStored
  }

  #store(admitted: Admitted, plan: StorePlan): boolean {
    if (this.#values.store(admitted, plan)) return true
    const { maxEntryBytes, reporter } = this.#options
    const size = `${admitted.bytes} bytes, more than the ${maxEntryBytes} that an entry may have`
    reporter.logRarely('warn', 'refused', `A value was not stored: it occupies ${size}.`)
    return false
  }

  #checkTtl(ttlMs: number): void {
    if (ttlMs > LONG_TTL_MS) reportLongTtl(this.#options.reporter, ttlMs)
  }

  #delete(key: string): boolean {
    const startedAt = this.#observer?.start()
    assertKey(key)
    this.loads.fence(key)
    const removed = this.#entries.remove(key)
    this.#observer?.end('delete', 'ok', startedAt)
    return removed
  }

  #observeInvalidation(keysInvalidated: number, startedAt: number, reason?: string): void {
    const milliseconds = this.clock.now() - startedAt
    this.#options.monitor?.observeInvalidation(keysInvalidated, milliseconds, reason)
  }
}
