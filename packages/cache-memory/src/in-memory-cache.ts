import {
  assertKey,
  assertValue,
  CacheInterface,
  type CacheMonitor,
  type CacheOperation,
  type Clock,
  compileGlob,
  type GetOrSetOptions,
  type Loader,
  type OperationOutcome,
  type Ttl,
  toMilliseconds,
} from '@verbatim/cache-core'
import { LRUCache } from 'lru-cache'
import { type Expiring, ExpiryQueue } from './expiry-queue.js'
import { type Isolator, isolatorFor } from './isolation.js'
import { LifeCheck } from './life-check.js'
import { type InMemoryCacheOptions, resolveOptions } from './options.js'
import type { InMemoryCacheStats } from './stats.js'

interface Entry extends Expiring {
  readonly key: string
  kept: unknown
}

/** Expired entries that a write may drop. Two for each one it adds, so that it always catches up. */
const DROPPED_PER_WRITE = 2

/**
 * A cache in the memory of this process: bounded, least recently used goes first, a life per entry.
 *
 * An entry whose life is over is never answered, and never costs a live one its place: writes drop
 * expired entries first. No timer runs for an entry.
 */
export class InMemoryCache extends CacheInterface {
  readonly #entries: LRUCache<string, Entry>
  readonly #expiry = new ExpiryQueue<Entry>()
  readonly #lives: LifeCheck
  readonly #isolator: Isolator
  readonly #clock: Clock
  readonly #monitor: CacheMonitor | undefined
  readonly #defaultTtl: number
  #hits = 0
  #misses = 0
  #evictions = 0
  #expirations = 0

  /** @throws ConfigurationError or ValidationError that names the option and what it may be */
  constructor(options: InMemoryCacheOptions = {}) {
    super()
    const resolved = resolveOptions(options)
    this.#isolator = isolatorFor(resolved.isolation)
    this.#clock = resolved.clock
    this.#lives = new LifeCheck(resolved.clock)
    this.#monitor = resolved.monitor
    this.#defaultTtl = resolved.defaultTtlMilliseconds
    this.#entries = new LRUCache({
      max: resolved.maxSize,
      dispose: (entry, _key, reason) => {
        entry.removed = true
        // The entry may wait in the expiry queue for long; its value must not.
        entry.kept = undefined
        if (reason === 'evict') this.#evictions++
      },
    })
  }

  override async get<T>(key: string): Promise<T | undefined> {
    return this.#read(key) as T | undefined
  }

  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options: GetOrSetOptions = {},
  ): Promise<T> {
    if (options.ttl !== undefined) toMilliseconds(options.ttl)
    // Not by way of get: awaiting one more promise would cost a third of a hit's speed.
    const cached = this.#read(key) as T | undefined
    return cached === undefined ? this.load(key, loader, options) : cached
  }

  /** @throws SerializationError (`NOT_CLONEABLE`) when `isolation` is on and the value has no copy */
  override async set<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    this.#write(key, value, ttl)
    this.loads.fence(key)
  }

  protected override async fill<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    this.#write(key, value, ttl)
  }

  override async delete(key: string): Promise<boolean> {
    const startedAt = this.#startTime()
    assertKey(key)
    this.loads.fence(key)
    const removed = this.#live(key, false) !== undefined && this.#entries.delete(key)
    this.#observe('delete', 'ok', startedAt)
    return removed
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return this.#live(key, false) !== undefined
  }

  /** {@inheritDoc CacheInterface.getTtl} */
  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    const entry = this.#live(key, false)
    if (entry === undefined) return undefined
    if (entry.expiresAt === Number.POSITIVE_INFINITY) return null
    return (entry.expiresAt - this.#clock.now()) / 1_000
  }

  override async *scan(pattern = '*'): AsyncIterable<string> {
    yield* this.#matching(pattern)
  }

  override async invalidatePattern(pattern: string): Promise<number> {
    const startedAt = this.#startTime()
    const keys = this.#matching(pattern)
    this.loads.fenceAll()
    for (const key of keys) this.#entries.delete(key)
    this.#monitor?.observeInvalidation(keys.length, this.#clock.now() - startedAt)
    return keys.length
  }

  override async clear(): Promise<number> {
    const startedAt = this.#startTime()
    const removed = this.#removeAll()
    this.#monitor?.observeInvalidation(removed, this.#clock.now() - startedAt)
    return removed
  }

  override async close(): Promise<void> {
    this.#removeAll()
    this.#lives.close()
  }

  /** How many entries are alive. */
  size(): number {
    this.#dropExpired(Number.POSITIVE_INFINITY, this.#clock.now())
    return this.#entries.size
  }

  /** The keys held, most recently used first, those included whose life is over. */
  getKeys(): string[] {
    return [...this.#entries.keys()]
  }

  /** The keys that are alive, most recently used first. */
  getActiveKeys(): string[] {
    const now = this.#clock.now()
    const keys: string[] = []
    for (const [key, entry] of this.#entries.entries()) {
      if (entry.expiresAt >= now) keys.push(key)
    }
    return keys
  }

  getStats(): InMemoryCacheStats {
    const reads = this.#hits + this.#misses
    const totalEntries = this.#entries.size
    const activeEntries = this.getActiveKeys().length
    const maxSize = this.#entries.max
    return {
      hits: this.#hits,
      misses: this.#misses,
      hitRate: reads === 0 ? 0 : (this.#hits / reads) * 100,
      evictions: this.#evictions,
      expirations: this.#expirations,
      totalEntries,
      activeEntries,
      expiredEntries: totalEntries - activeEntries,
      maxSize,
      utilizationPercent: (activeEntries / maxSize) * 100,
      utilization: `${activeEntries}/${maxSize}`,
      defaultTtl: this.#defaultTtl === Number.POSITIVE_INFINITY ? null : this.#defaultTtl / 1_000,
    }
  }

  #removeAll(): number {
    this.loads.fenceAll()
    const removed = this.size()
    this.#entries.clear()
    this.#expiry.clear()
    return removed
  }

  #read(key: string): unknown {
    const startedAt = this.#startTime()
    assertKey(key)
    const entry = this.#live(key, true)
    if (entry === undefined) this.#misses++
    else this.#hits++
    this.#observe('get', entry === undefined ? 'miss' : 'hit', startedAt)
    return entry === undefined ? undefined : this.#isolator.release(entry.kept)
  }

  #write(key: string, value: unknown, ttl: Ttl | undefined): void {
    const startedAt = this.#startTime()
    assertKey(key)
    assertValue(value)
    const life = ttl === undefined ? this.#defaultTtl : toMilliseconds(ttl)
    const kept = this.#isolator.admit(value)
    const now = this.#clock.now()
    this.#dropExpired(DROPPED_PER_WRITE, now)
    const entry = this.#entries.get(key) ?? this.#add(key)
    entry.kept = kept
    entry.expiresAt = now + life
    this.#expiry.schedule(entry)
    this.#observe('set', 'ok', startedAt)
  }

  #add(key: string): Entry {
    const never = Number.POSITIVE_INFINITY
    const entry: Entry = { key, kept: undefined, expiresAt: never, queuedAt: never, removed: false }
    this.#entries.set(key, entry)
    return entry
  }

  /** Looks an entry up, and drops it if its life is over. */
  #live(key: string, countsAsUse: boolean): Entry | undefined {
    const entry = countsAsUse ? this.#entries.get(key) : this.#entries.peek(key)
    if (entry === undefined) return undefined
    if (this.#lives.isAlive(entry.expiresAt)) return entry
    this.#expire(entry)
    return undefined
  }

  #expire(entry: Entry): void {
    this.#entries.delete(entry.key)
    this.#expirations++
  }

  #dropExpired(most: number, now: number): void {
    // Deletes leave dead places in the queue; past half of it they are cleared out at one go.
    if (this.#expiry.length > 2 * this.#entries.size + 64)
      this.#expiry.rebuild(this.#entries.values())
    for (let dropped = 0; dropped < most; dropped++) {
      const entry = this.#expiry.takeExpired(now)
      if (entry === undefined) return
      this.#expire(entry)
    }
  }

  #matching(pattern: string): string[] {
    return this.getActiveKeys().filter(compileGlob(pattern))
  }

  /** The clock is read for a monitor only: without one, timing would be most of a hit's cost. */
  #startTime(): number {
    return this.#monitor === undefined ? 0 : this.#clock.now()
  }

  #observe(operation: CacheOperation, outcome: OperationOutcome, startedAt: number): void {
    this.#monitor?.observeOperation(operation, outcome, 'memory', this.#clock.now() - startedAt)
  }
}
