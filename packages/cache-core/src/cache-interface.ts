import { invalidArgument } from './argument-errors.js'
import {
  assertClearsAll,
  assertKeys,
  assertLoader,
  assertValue,
  collectEntries,
  flagArgument,
} from './arguments.js'
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

/** Arguments of the constructor of {@link CacheInterface}. */
export interface CacheSettings {
  /** The source of the time. Default: the clocks of the machine. */
  readonly clock?: Clock | undefined
  /** TTL of values that are stored without one. Default: 3600 seconds. */
  readonly defaultTtl?: Ttl | undefined
  /** Protects loaded values against changes by their callers. Default: no protection. */
  readonly isolator?: LoadIsolator | undefined
  /**
   * The `source` of entries: `'redis'` for any store that processes share. Default: `'memory'`.
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
  /** The reason for the monitor, such as `'model_update'`; never a key. Default: none. */
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

/** An entry as the cache stores it, or the error of reading it. */
export type InspectedEntry =
  | {
      readonly key: string
      readonly value: unknown
      /** Seconds until the TTL ends; `null` when the entry never expires. */
      readonly ttl: number | null
    }
  | { readonly key: string; readonly error: CacheError }

/** Options of {@link CacheInterface.inspect}. */
export interface InspectOptions {
  /**
   * Whether to also yield an error (`FOREIGN_KEY`) for each matching key that shares the prefix of the cache in its
   * store and is not an entry of the cache. A cache whose store holds nothing else ignores it. Default: false.
   */
  readonly includeForeign?: boolean | undefined
}

const INSPECT_FIELDS: ReadonlySet<string> = new Set<keyof InspectOptions>(['includeForeign'])

/**
 * Checks the options of {@link CacheInterface.inspect}.
 *
 * @returns whether to include foreign keys
 * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown field or a wrong type
 */
export function includesForeign(options: InspectOptions | undefined): boolean {
  if (options === undefined) return false
  assertKnownFields(options, INSPECT_FIELDS, 'options')
  return flagArgument('includeForeign', options.includeForeign)
}

/**
 * The methods that every cache has. Code that uses this type works with any cache.
 *
 * A miss is `undefined`. `null`, `0`, `false` and `''` are ordinary values. An implementation must write
 * `get`, `set`, `delete` and `exists`. The other methods have defaults, and an implementation overrides those
 * for which its backend has a better way.
 *
 * @example
 * ```ts
 * async function findUser(cache: CacheInterface, id: string): Promise<User> {
 *   return cache.getOrSet(`user:${id}`, () => database.findUser(id), { ttl: '5m' })
 * }
 * ```
 */
export abstract class CacheInterface implements AsyncDisposable {
  static {
    recognizeCopies(this, 'cache-core/CacheInterface')
  }

  /** The source of the time. */
  protected readonly clock: Clock
  /** TTL of an entry that is stored without one, in milliseconds; `Infinity` when it never expires. */
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
   * The running loads of {@link CacheInterface.getOrSet}. An implementation calls `fence(key)` in every
   * write and delete, and `fenceAll()` where it removes keys that it cannot name. A value that was loaded
   * before a change is then never stored after it.
   */
  protected get loads(): SingleFlight {
    return this.#reads.flights
  }

  /**
   * Reads a key.
   *
   * @returns the value, or `undefined` when there is none
   * @throws ValidationError for a bad key
   * @example
   * ```ts
   * const user = await cache.get<User>('user:1')
   * ```
   */
  abstract get<T>(key: string): Promise<T | undefined>

  /**
   * Stores a value in place of any other value of the key.
   *
   * @param ttl - the TTL, or an object with the TTL and tags. Default: the cache's `defaultTtl`; `null`: the
   * value never expires
   * @throws ValidationError for a bad key, TTL or tag, and for an `undefined` value
   * @example
   * ```ts
   * await cache.set('user:1', user, '5m')
   * await cache.set('user:2', user, { ttl: '5m', tags: ['users'] })
   * ```
   */
  abstract set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void>

  /**
   * Removes a key.
   *
   * @returns whether it had a value
   * @throws ValidationError for a bad key
   */
  abstract delete(key: string): Promise<boolean>

  /**
   * Returns whether a key has a value. Does not count as a read.
   *
   * @throws ValidationError for a bad key
   */
  abstract exists(key: string): Promise<boolean>

  /**
   * Stores a value if the key has no entry. This default calls `exists` and then `set`, so it replaces a
   * write of another caller between the two. Implementations make it atomic where they can.
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
   * Reads a key, or loads its value and stores it. Callers that ask for the same key during the load share
   * it.
   *
   * A write, delete or invalidation of the key during the load wins: the waiting callers get the loaded
   * value, and it is not stored. Callers also get a loaded value that cannot be stored.
   *
   * @throws the error of the loader, unless `staleIfError` permits a stale value; nothing is stored then
   * @throws CacheError (`LOAD_TIMEOUT`) when the load takes longer than `timeout.hard`
   * @throws CacheError (`LOAD_CYCLE`) when a loader asks for a key whose load waits for this loader
   * @throws ValidationError for a bad key, loader or option, and when the loader returns `undefined`
   * without calling `skip`
   * @example
   * ```ts
   * const user = await cache.getOrSet('user:1', () => database.findUser('1'), { ttl: '5m' })
   * ```
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
   * @throws the errors of `getOrSet`
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

  /** Does the work of `getOrSet` after its arguments are checked. */
  protected async lookUpAndLoad<T>(key: string, loader: Loader<T>, plan: LoadPlan<T>): Promise<T> {
    return this.readThrough(key, loader, plan, await notified(this.lookup<T>(key, plan), plan))
  }

  /**
   * Returns the value that a lookup has found, or loads it.
   *
   * @param origin - changed when the returned value was in the cache
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

  /** Returns the entry for a value that a lookup has found. */
  protected entryOf<T>({ value, freshMs, tier, isTtlUnknown }: LookupResult<T>): CacheEntry<T> {
    const seconds = freshMs === Number.POSITIVE_INFINITY ? null : freshMs / 1_000
    const ttl = isTtlUnknown === true ? undefined : seconds
    return { value, source: tier ?? this.#tier, ttl, isStale: freshMs < 0 }
  }

  /**
   * Reads a key for the methods that load or return entries. Counts as a read. Caches override it if they
   * know TTLs, count lookups, or hold stale values; this default does none of that.
   *
   * @param plan - a value that `plan` does not accept counts as a miss
   */
  protected async lookup<T>(key: string, plan?: ReadPlan): Promise<LookupResult<T> | undefined> {
    const value = await this.get<T>(key)
    if (value === undefined || (plan !== undefined && !isAccepted(plan, value))) return undefined
    return { value, freshMs: Number.POSITIVE_INFINITY, loadMs: 0, isTtlUnknown: true }
  }

  /** Reads a key that will not be loaded. Caches override it if `lookup` prepares a load. */
  protected lookUpOnly<T>(key: string, plan: ReadPlan): Promise<LookupResult<T> | undefined> {
    return this.lookup(key, plan)
  }

  /**
   * Called before a load begins. A cache that processes share waits here while another process loads the
   * key, and updates `flight.expectedRevision`.
   *
   * @returns the value after the wait, which is served without a load if it is fresh; `undefined` when there
   * is nothing to wait for
   */
  protected beforeLoad<T>(_flight: Flight<T>): Promise<LookupResult<T> | undefined> | undefined {
    return undefined
  }

  /**
   * Stores a loaded value. Caches override it if `set` fences loads, if they hold stale values, or if
   * processes share their keys. It must not fence: callers that come during the write would load again.
   *
   * @param _flight - the load of the value. If `expectedRevision` is defined, the value must be stored only
   * while the key has this revision
   */
  protected fill<T>(key: string, value: T, plan: StorePlan, _flight: Flight<T>): Promise<void> {
    return this.set(key, value, toSetOptions(plan))
  }

  /** Called when `getOrSet` has served a stale value. */
  protected staleServed(_key: string): void {}

  /** Called when a loaded value could not be stored. Its callers have got it. */
  protected notStored(_key: string, _error: CacheError): void {}

  /** Called when a load fails and at least one of its callers does not get the error. */
  protected refreshFailed(_key: string, _error: unknown): void {}

  /**
   * Reads several keys. The result has no entry for a miss.
   *
   * @param keys - an array; other iterables are rejected
   * @throws ValidationError for anything but an array of keys
   * @example
   * ```ts
   * const users = await cache.getMany<User>(['user:1', 'user:2'])
   * ```
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
   * @example
   * ```ts
   * await cache.setMany(users.map((user) => [`user:${user.id}`, user]), '5m')
   * ```
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
   * @returns the number of keys that had a value; a key that is named twice counts once
   * @throws ValidationError for anything but an array of keys; then nothing is removed
   */
  async deleteMany(keys: readonly string[]): Promise<number> {
    assertKeys(keys)
    const removed = await Promise.all(Array.from(new Set(keys), (key) => this.delete(key)))
    return removed.filter(Boolean).length
  }

  /**
   * Returns the seconds until the TTL of a key ends: `null` when it never expires, `undefined` when it has no
   * value.
   *
   * @throws CacheError (`NOT_SUPPORTED`) when the cache does not know
   */
  async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    throw this.#notSupported('getTtl')
  }

  /**
   * Lists the keys that have a value, each of them once. Keys that are added or removed during the scan may
   * be listed or not.
   *
   * @param pattern - a glob: `*`, `?`, `[abc]`, `\` to escape. Default: all keys
   * @throws CacheError (`NOT_SUPPORTED`) when the cache cannot list its keys
   * @example
   * ```ts
   * for await (const key of cache.scan('user:*')) console.log(key)
   * ```
   */
  // oxlint-disable-next-line require-yield -- the default lists nothing and only throws
  async *scan(pattern?: string): AsyncIterable<string> {
    if (pattern !== undefined) assertPattern(pattern)
    throw this.#notSupported('scan')
  }

  /**
   * Reads the entries that a glob matches, for tools of operators. Changes nothing, and yields an error for
   * an entry that cannot be read. Entries that are added or removed during the call may be listed or not.
   *
   * @throws ValidationError for a bad pattern or option
   * @throws CacheError (`NOT_SUPPORTED`) when the cache cannot list its keys
   */
  async *inspect(pattern?: string, options?: InspectOptions): AsyncIterable<InspectedEntry> {
    includesForeign(options)
    for await (const key of this.scan(pattern)) {
      const value = await this.get(key)
      const ttl = value === undefined ? undefined : await this.getTtl(key)
      if (ttl !== undefined) yield { key, value, ttl }
    }
  }

  /**
   * Removes every key that a glob matches.
   *
   * @param options - `reason`: the reason for the monitor
   * @returns the number of removed keys
   * @throws ValidationError for a bad pattern or option
   * @example
   * ```ts
   * await cache.invalidatePattern('user:1:*', { reason: 'user_deleted' })
   * ```
   */
  async invalidatePattern(pattern: string, options?: InvalidationOptions): Promise<number> {
    assertPattern(pattern)
    invalidationReason(options)
    // Before the scan, because a value that is stored behind the cursor of the scan would stay.
    this.loads.fenceAll()
    const keys: string[] = []
    for await (const key of this.scan(pattern)) keys.push(key)
    return this.deleteMany(keys)
  }

  /**
   * Removes every entry that carries one of these tags. An empty array removes nothing.
   *
   * @throws ValidationError for a bad tag
   * @throws CacheError (`NOT_SUPPORTED`) when the cache has no tags
   * @example
   * ```ts
   * await cache.set('user:1', user, { tags: ['users'] })
   * await cache.invalidateTags(['users'])
   * ```
   */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    assertTags(tags)
    if (tags.length > 0) throw this.#notSupported('invalidateTags')
  }

  /**
   * Removes every key of this cache.
   *
   * @returns the number of removed keys
   * @throws ValidationError for an argument: a caller that passes a pattern does not want to remove every key
   */
  clear(): Promise<number>
  async clear(unexpected?: unknown): Promise<number> {
    assertClearsAll(unexpected)
    return this.invalidatePattern('*')
  }

  /** Releases connections and memory. The cache must not be used afterwards. */
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

/** Notifies the caller when a lookup fails, except for bad arguments. */
function notified<T>(lookup: Promise<T>, plan: ReadPlan): Promise<T> {
  if (plan.onLookup === undefined) return lookup
  return lookup.catch((error: unknown) => {
    if (!(error instanceof ValidationError)) notifyLookup(plan, 'error')
    throw error
  })
}

/** Returns the result of a lookup. Notifies the caller of the outcome when it is known. */
function watched<T>(lookup: LookupResult<T> | undefined, plan: ReadPlan): LookupResult<T> {
  const found = lookup ?? emptyLookup<T>(undefined)
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
