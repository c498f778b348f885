import { invalidArgument } from './argument-errors.js'
import { assertKeys, assertLoader, assertValue, collectEntries } from './arguments.js'
import {
  type CacheEntry,
  type GetEntryOptions,
  isAccepted,
  notifyLookup,
  planGetEntry,
  type ReadPlan,
} from './cache-entry.js'
import { assertClock, type Clock, systemClock } from './clock.js'
import { recognizeCopies } from './copies.js'
import { type Ttl, toMilliseconds } from './duration.js'
import { CacheError, ConfigurationError, ValidationError } from './errors.js'
import { assertPattern } from './glob.js'
import { assertKey } from './key.js'
import { assertKnownFields } from './known-fields.js'
import { type GetOrSetOptions, type LoadPlan, planLoad } from './loading/get-or-set-options.js'
import type { Loader } from './loading/loader.js'
import { emptyLookup, type LookupResult } from './loading/lookup-result.js'
import { type LoadIsolator, type Origin, ReadThrough } from './loading/read-through.js'
import type { Flight, SingleFlight } from './loading/single-flight.js'
import type { CacheTier } from './monitor.js'
import { choiceOption } from './options.js'
import { planStore, type SetOptions, type StorePlan, toSetOptions } from './set-options.js'
import { assertTags } from './tags.js'

/** What a cache tells the class it extends. */
export interface CacheSettings {
  /** Where the time is read. Default: the machine's clocks. */
  readonly clock?: Clock | undefined
  /** The life of what is loaded without one. Default: 3600 seconds. */
  readonly defaultTtl?: Ttl | undefined
  /** What protects loaded values against changes by their callers. Default: nothing. */
  readonly isolator?: LoadIsolator | undefined
  /**
   * The `source` of entries: `'redis'` for a store that processes share, whatever its make. Default:
   * `'memory'`.
   */
  readonly tier?: CacheTier | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof CacheSettings>([
  'clock',
  'defaultTtl',
  'isolator',
  'tier',
])

/** Options of {@link CacheInterface.invalidatePattern}. */
export interface InvalidationOptions {
  /** Why, as a few words for the monitor, such as `'model_update'`; never a key. Default: none. */
  readonly reason?: string | undefined
}

const INVALIDATION_FIELDS: ReadonlySet<string> = new Set<keyof InvalidationOptions>(['reason'])

/**
 * Checks the options of {@link CacheInterface.invalidatePattern}.
 *
 * @returns the reason
 * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown field or a reason that is not a string
 */
export function invalidationReason(options: InvalidationOptions | undefined): string | undefined {
  if (options === undefined) return undefined
  assertKnownFields(options, INVALIDATION_FIELDS, 'options')
  const { reason } = options
  if (reason === undefined || typeof reason === 'string') return reason
  throw invalidArgument('reason', 'a string, or undefined for none', reason)
}

/** An entry of a cache as it is stored, or why it cannot be read. */
export type InspectedEntry =
  | {
      readonly key: string
      readonly value: unknown
      /** Seconds left; `null` when it never expires. */
      readonly ttl: number | null
    }
  | { readonly key: string; readonly error: CacheError }

/**
 * What every cache can do. Code written against it runs on any of them.
 *
 * A miss is `undefined`; `null`, `0`, `false` and `''` are values like any other. Four methods have
 * to be written; the rest have defaults built on them, which an implementation overrides where its
 * backend can do better.
 */
export abstract class CacheInterface implements AsyncDisposable {
  static {
    recognizeCopies(this, 'cache-core/CacheInterface')
  }

  /** Where this cache reads the time. */
  protected readonly clock: Clock
  /** The life of an entry that is stored without one, in milliseconds; `Infinity` for ever. */
  protected readonly defaultTtlMs: number
  readonly #reads: ReadThrough
  readonly #tier: CacheTier

  /**
   * @throws ValidationError (`INVALID_TTL`) for a bad `defaultTtl`
   * @throws ConfigurationError (`INVALID_OPTION`) for a bad `clock` or an unknown field
   */
  constructor(settings: CacheSettings = {}) {
    assertKnownFields(settings, FIELDS, 'settings', ConfigurationError, 'INVALID_OPTION')
    const { clock = systemClock, defaultTtl = 3_600, isolator, tier = 'memory' } = settings
    assertClock(clock)
    this.clock = clock
    this.#tier = choiceOption('tier', tier, ['memory', 'redis'])
    this.defaultTtlMs = toMilliseconds(defaultTtl, 'defaultTtl')
    this.#reads = new ReadThrough({
      clock,
      defaultTtlMs: this.defaultTtlMs,
      beforeLoad: (flight) => this.beforeLoad(flight),
      fill: (flight, value, plan) => this.fill(flight.key, value, plan, flight),
      staleServed: (key) => this.staleServed(key),
      refreshFailed: (key, error) => this.refreshFailed(key, error),
      notStored: (key, error) => this.notStored(key, error),
      isolator,
    })
  }

  /**
   * Loads under way through {@link CacheInterface.getOrSet}. An implementation calls `fence(key)`
   * in every write and delete, and `fenceAll()` wherever it drops keys it cannot name, so that a
   * value loaded before a change is never stored after it.
   */
  protected get loads(): SingleFlight {
    return this.#reads.flights
  }

  /**
   * Reads a key.
   *
   * @returns the value, or `undefined` when there is none
   * @throws ValidationError for a bad key
   */
  abstract get<T>(key: string): Promise<T | undefined>

  /**
   * Stores a value, replacing what was there.
   *
   * @param ttl - its life, or its life and tags; the cache's `defaultTtl` when left out, `null` for
   * never expires
   * @throws ValidationError for a bad key, TTL or tag, and for an `undefined` value
   */
  abstract set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void>

  /**
   * Removes a key.
   *
   * @returns whether it was there
   * @throws ValidationError for a bad key
   */
  abstract delete(key: string): Promise<boolean>

  /**
   * Tells whether a key is there, without counting as a read.
   *
   * @throws ValidationError for a bad key
   */
  abstract exists(key: string): Promise<boolean>

  /**
   * Stores a value if the key has no entry. This default asks `exists` and then calls `set`, so that
   * a write by somebody else in between is replaced; implementations make it atomic where they can.
   *
   * @param ttl - as for `set`
   * @returns whether the value was stored
   * @throws ValidationError as `set` does, also when the key has an entry
   */
  async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    assertKey(key)
    assertValue(value)
    planStore(ttl, this.defaultTtlMs)
    if (await this.exists(key)) return false
    await this.set(key, value, ttl)
    return true
  }

  /**
   * Reads a key, or loads and stores it. Callers that ask for the same key while a load is under
   * way share that load.
   *
   * A write, delete or invalidation of the key during the load wins: the loaded value goes to those
   * who were waiting and is not stored. A loaded value that cannot be stored reaches its callers, too.
   *
   * @throws whatever the loader throws, unless `staleIfError` lets an old value stand in for it;
   * nothing is stored then
   * @throws CacheError (`LOAD_TIMEOUT`) when the load takes longer than `timeout.hard`
   * @throws CacheError (`LOAD_CYCLE`) when a loader asks for a key whose load waits for this loader
   * @throws ValidationError for a bad key, loader or option, and when the loader returns `undefined`
   * without calling `skip`
   */
  async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    assertLoader(loader)
    return this.lookUpAndLoad(key, loader, planLoad<T>(options))
  }

  /**
   * Reads a key together with what the cache knows about its value: which tier held the value, and how
   * long it is still fresh. Counts as one read, like `get`.
   *
   * @returns the entry, or `undefined` when no usable value is cached
   * @throws ValidationError for a bad key or option
   * @example
   * ```ts
   * const entry = await cache.getEntry<User>('user:1', { accept: isUser, maxStale: '1m' })
   * if (entry?.isStale) console.warn(`the user is ${-(entry.ttl ?? 0)} s too old`)
   * ```
   */
  async getEntry<T>(key: string, options?: GetEntryOptions): Promise<CacheEntry<T> | undefined> {
    const plan = planGetEntry(options)
    const found = watched(await notified(this.lookUpOnly<T>(key, plan), plan), plan)
    if (found.freshMs >= 0) return this.entryOf(found)
    found.onNotLoaded?.()
    found.onMiss?.(false)
    if (-found.freshMs > plan.maxStaleMs) return undefined
    this.staleServed(key)
    return this.entryOf(found)
  }

  /**
   * Does the same as {@link CacheInterface.getOrSet}, and returns the value together with its source:
   * `'loader'` when the call has waited for a load, its own or one that it joined.
   *
   * @throws whatever `getOrSet` throws
   * @example
   * ```ts
   * const { value, source } = await cache.getOrSetEntry('user:1', loadUser, { ttl: '5m' })
   * response.setHeader('x-cache', source === 'loader' ? 'miss' : `hit from ${source}`)
   * ```
   */
  async getOrSetEntry<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<CacheEntry<T>> {
    assertLoader(loader)
    const plan = planLoad<T>(options)
    const found = await notified(this.lookup<T>(key, plan), plan)
    const origin: Origin = { current: 'loader' }
    const value = await this.readThrough(key, loader, plan, found, origin)
    if (found !== undefined && origin.current !== 'loader') return this.entryOf(found)
    return { value, source: 'loader', ttl: undefined, isStale: false }
  }

  /** Does what `getOrSet` does, once its arguments are checked. */
  protected async lookUpAndLoad<T>(key: string, loader: Loader<T>, plan: LoadPlan<T>): Promise<T> {
    return this.readThrough(key, loader, plan, await notified(this.lookup<T>(key, plan), plan))
  }

  /**
   * Returns the value that a lookup has found, or loads it.
   *
   * @param origin - is told when the returned value was in the cache
   */
  protected readThrough<T>(
    key: string,
    loader: Loader<T>,
    plan: LoadPlan<T>,
    lookup: LookupResult<T> | undefined,
    origin?: Origin,
  ): Promise<T> {
    const found = plan.onLookup === undefined ? lookup : watched(lookup, plan)
    return this.#reads.read(key, loader, plan, found, origin)
  }

  /** Returns a value that a lookup has found as its caller gets it. */
  protected entryOf<T>({ value, freshMs, tier, isTtlUnknown }: LookupResult<T>): CacheEntry<T> {
    const seconds = freshMs === Number.POSITIVE_INFINITY ? null : freshMs / 1_000
    const ttl = isTtlUnknown === true ? undefined : seconds
    return { value, source: tier ?? this.#tier, ttl, isStale: freshMs < 0 }
  }

  /**
   * Reads a key for the methods that load or return entries, and counts as a read. Overridden where the
   * cache knows TTLs, counts lookups, or holds values past their TTL; this default knows of none.
   *
   * @param plan - a value that `plan` does not accept counts as a miss
   */
  protected async lookup<T>(key: string, plan?: ReadPlan): Promise<LookupResult<T> | undefined> {
    const value = await this.get<T>(key)
    if (value === undefined || (plan !== undefined && !isAccepted(plan, value))) return undefined
    return { value, freshMs: Number.POSITIVE_INFINITY, loadMs: 0, isTtlUnknown: true }
  }

  /** Reads a key that is not going to be loaded. Overridden where `lookup` prepares a load. */
  protected lookUpOnly<T>(key: string, plan: ReadPlan): Promise<LookupResult<T> | undefined> {
    return this.lookup(key, plan)
  }

  /**
   * Called before a load begins. A cache that processes share waits here while another of them loads
   * the key, and brings `flight.expectedRevision` up to date.
   *
   * @returns `undefined` when there is nothing to wait for; what is held after the wait, which is
   * served instead of loading if it is fresh
   */
  protected beforeLoad<T>(_flight: Flight<T>): Promise<LookupResult<T> | undefined> | undefined {
    return undefined
  }

  /**
   * Stores what a loader answered. Overridden wherever `set` fences loads: filling must not, or the
   * callers that come while it is under way would load once more. Overridden also where values can
   * be held past their life, and where processes share keys.
   *
   * @param _flight - the load it comes from. The value must not be stored over any other state of
   * the key than `expectedRevision`, where that says something
   */
  protected fill<T>(key: string, value: T, plan: StorePlan, _flight: Flight<T>): Promise<void> {
    return this.set(key, value, toSetOptions(plan))
  }

  /** Called when `getOrSet` has served a value whose life was over. */
  protected staleServed(_key: string): void {}

  /** Called when a loaded value could not be stored. Its callers have it. */
  protected notStored(_key: string, _error: CacheError): void {}

  /** Called when a load fails and not everybody who asked for it will see the error. */
  protected refreshFailed(_key: string, _error: unknown): void {}

  /**
   * Reads several keys. Returns the entries that are there.
   *
   * @param keys - an array; other iterables are rejected
   * @throws ValidationError for anything but an array of keys
   */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    assertKeys(keys)
    const values = await Promise.all(keys.map((key) => this.get<T>(key)))
    const found = new Map<string, T>()
    for (const [index, key] of keys.entries()) {
      const value = values[index]
      if (value !== undefined) found.set(key, value)
    }
    return found
  }

  /**
   * Stores several values with one TTL and the same tags.
   *
   * @param entries - an array, a `Map` or another iterable of `[key, value]` pairs
   * @throws ValidationError for a bad pair, key, value, TTL or tag; then nothing is stored
   */
  async setMany<T>(
    entries: Iterable<readonly [key: string, value: T]>,
    ttl?: Ttl | SetOptions,
  ): Promise<void> {
    const all = collectEntries<T>(entries)
    planStore(ttl, this.defaultTtlMs)
    await Promise.all(all.map(([key, value]) => this.set(key, value, ttl)))
  }

  /**
   * Removes several keys.
   *
   * @param keys - an array; other iterables are rejected
   * @returns how many were there; a key named twice counts once
   * @throws ValidationError for anything but an array of keys; then nothing is removed
   */
  async deleteMany(keys: readonly string[]): Promise<number> {
    assertKeys(keys)
    const removed = await Promise.all(Array.from(new Set(keys), (key) => this.delete(key)))
    return removed.filter(Boolean).length
  }

  /**
   * Tells how long a key has left, in seconds: `null` when it never expires, `undefined` when it is
   * not there.
   *
   * @throws CacheError (`NOT_SUPPORTED`) where the cache cannot tell
   */
  async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    throw this.#notSupported('getTtl')
  }

  /**
   * Lists the keys that are there. Keys that come or go meanwhile may or may not be listed; none is
   * listed twice.
   *
   * @param pattern - a glob: `*`, `?`, `[abc]`, `\` to escape; all keys when left out
   * @throws CacheError (`NOT_SUPPORTED`) where the cache cannot list its keys
   */
  // oxlint-disable-next-line require-yield -- the default has nothing to list, it only refuses
  async *scan(pattern?: string): AsyncIterable<string> {
    if (pattern !== undefined) assertPattern(pattern)
    throw this.#notSupported('scan')
  }

  /**
   * Reads the entries that a glob matches, for tools that look after a cache: nothing is changed, and
   * what cannot be read is named. Entries that come or go in the meantime may or may not be listed.
   *
   * @throws CacheError (`NOT_SUPPORTED`) where the cache cannot list its keys
   */
  async *inspect(pattern?: string): AsyncIterable<InspectedEntry> {
    for await (const key of this.scan(pattern)) {
      const value = await this.get(key)
      const ttl = value === undefined ? undefined : await this.getTtl(key)
      if (ttl !== undefined) yield { key, value, ttl }
    }
  }

  /**
   * Removes every key that a glob matches.
   *
   * @param options - `reason`: why, for the monitor
   * @returns how many
   * @throws ValidationError for a bad pattern or option
   */
  async invalidatePattern(pattern: string, options?: InvalidationOptions): Promise<number> {
    assertPattern(pattern)
    invalidationReason(options)
    // Before the scan: what is loaded and stored behind its back would stay.
    this.loads.fenceAll()
    const keys: string[] = []
    for await (const key of this.scan(pattern)) keys.push(key)
    return this.deleteMany(keys)
  }

  /**
   * Removes every entry that carries one of these tags. An empty array removes nothing.
   *
   * @throws ValidationError for a bad tag
   * @throws CacheError (`NOT_SUPPORTED`) where the cache has no tags
   */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    assertTags(tags)
    if (tags.length > 0) throw this.#notSupported('invalidateTags')
  }

  /**
   * Removes every key of this cache.
   *
   * @returns how many
   */
  async clear(): Promise<number> {
    return this.invalidatePattern('*')
  }

  /** Gives back connections and memory. The cache must not be used afterwards. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #notSupported(method: string): CacheError {
    return new CacheError(`${this.constructor.name} does not implement ${method}`, {
      code: 'NOT_SUPPORTED',
      context: { method },
    })
  }
}

/** Notifies the caller of a lookup that fails. A lookup with wrong arguments is none. */
function notified<T>(lookup: Promise<T>, plan: ReadPlan): Promise<T> {
  if (plan.onLookup === undefined) return lookup
  return lookup.catch((error: unknown) => {
    if (!(error instanceof ValidationError)) notifyLookup(plan, 'error')
    throw error
  })
}

/** Returns what a lookup has found, and notifies its caller of the outcome as soon as that is known. */
function watched<T>(held: LookupResult<T> | undefined, plan: ReadPlan): LookupResult<T> {
  const found = held ?? emptyLookup<T>(undefined)
  if (found.freshMs >= 0) {
    notifyLookup(plan, 'hit')
    return found
  }
  const onMiss = (isJoined: boolean): void => {
    found.onMiss?.(isJoined)
    notifyLookup(plan, isJoined ? 'joined' : found.isUnanswered ? 'error' : 'miss')
  }
  return { ...found, onMiss }
}
