import {
  type CacheError,
  CacheInterface,
  type GetOrSetOptions,
  type InspectedEntry,
  type InvalidationOptions,
  type Loader,
  type MemoryHolder,
  type MemoryUse,
  type SetOptions,
  type Ttl,
  ValidationError,
} from '@verbatim/cache-core'
import {
  assertIterable,
  assertKey,
  assertKeys,
  assertLoader,
  assertPattern,
  assertTags,
  assertValue,
  compileGlob,
  EventHub,
  type Flight,
  invalidationReason,
  type LookupResult,
  planLoad,
  planStore,
  type ReadPlan,
  recognizeCopies,
  type StorePlan,
  toEntry,
} from '@verbatim/cache-core/implement'
import { isolatorFor, loadIsolatorFor } from '@verbatim/cache-memory/implement'
import { collect } from './chunks.js'
import { toJson } from './codec/to-json.js'
import { type ConnectOptions, isRedisRequired, redisIsUnusable } from './connect-options.js'
import { unavailable } from './connection/connection-errors.js'
import { EVENT_NAMES, type RedisCacheEvents } from './events.js'
import type { NearTier } from './memory/near-tier.js'
import { CacheMessages } from './messages/cache-messages.js'
import { OperationReports, type ReadValue } from './operation-reports.js'
import { assertOptions, type GenericRedisCacheOptions, resolveOptions } from './options.js'
import type { RedisServerInfo } from './redis/server-info.js'
import { type RedisCacheStats, statsOf } from './stats.js'
import { Tally } from './tally.js'
import type { Found } from './tiers/tier-reads.js'
import { TwoTiers } from './two-tiers.js'

/**
 * A cache in two tiers: the memory of this process before a Redis that processes share.
 *
 * No call fails because Redis does, unless `onBackendError` says so, and none waits for one command
 * longer than `commandTimeout`. While Redis is away the memory tier keeps serving and accepting; keys
 * that were written or deleted then are misses in Redis until they have been removed there.
 *
 * Without any of `redisUrl`, `sentinel`, `cluster` and `client` the cache is memory only.
 */
export class GenericRedisCache extends CacheInterface implements MemoryHolder {
  static {
    recognizeCopies(this, 'cache-redis/GenericRedisCache')
  }

  readonly #tiers: TwoTiers
  readonly #events = new EventHub<RedisCacheEvents>(EVENT_NAMES)
  readonly #tally = new Tally()
  readonly #reports: OperationReports
  readonly #readOnly: boolean
  readonly #messages: CacheMessages

  /** @throws ConfigurationError or ValidationError that names the option and what it may be */
  constructor(options: GenericRedisCacheOptions = {}) {
    assertOptions(options)
    const resolved = resolveOptions(options)
    const { clock, defaultTtl, isolation } = resolved
    super({ clock, defaultTtl, isolator: loadIsolatorFor(isolation) })
    this.#tiers = new TwoTiers({
      ...resolved,
      memoryTtlMs: this.defaultTtlMs,
      events: this.#events,
      tally: this.#tally,
      fenceLoad: (key) => this.loads.fence(key),
    })
    this.#reports = new OperationReports({
      events: this.#events,
      tally: this.#tally,
      monitor: resolved.monitor,
      isolator: this.#tiers.isolator,
      clock: this.clock,
      changedTier: resolved.client === undefined ? 'memory' : 'redis',
    })
    this.#readOnly = resolved.readOnly
    this.#messages = new CacheMessages(resolved)
    this.#messages.checkTtl(this.defaultTtlMs)
    resolved.monitor?.observeMemory?.(this)
  }

  /**
   * Connects to Redis. Not required: the first call does it.
   *
   * @param options - `required: true` to reject when Redis cannot be used, or none is configured
   * @returns whether Redis can be used, after at most 1.5 seconds or ten times `commandTimeout`
   * @throws InfrastructureError (`BACKEND_UNAVAILABLE`) that says which Redis cannot be used and why, only
   * when it is required
   * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown option
   */
  async connect(options: ConnectOptions = {}): Promise<boolean> {
    const isRequired = isRedisRequired(options)
    const isConnected = await this.#tiers.connect()
    if (isRequired && !isConnected) throw redisIsUnusable(this.#tiers.redis)
    return isConnected
  }

  /** Calls a function at each such event. Returns how to stop. What it throws is ignored. */
  on<Name extends keyof RedisCacheEvents>(
    event: Name,
    listener: (...details: RedisCacheEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(event, listener)
  }

  /** The seed's name for {@link GenericRedisCache.on}. */
  registerCallback<Name extends keyof RedisCacheEvents>(
    event: Name,
    callback: (...details: RedisCacheEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(event, callback)
  }

  // Neither this nor `set` is an async function: that is one promise less, and a twentieth of its time.
  override get<T>(key: string): Promise<T | undefined> {
    try {
      const startedAt = this.#reports.startNear()
      const near = this.#tiers.near?.use(key)
      if (near === undefined) return this.#getFar(key)
      return Promise.resolve(this.#reports.near(key, near.kept, startedAt) as T)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #getFar<T>(key: string): Promise<T | undefined> {
    const held = await this.#readFar<T>(key)
    return held.freshMs >= 0 ? held.value : undefined
  }

  #readFar<T>(key: string, plan?: ReadPlan): Promise<ReadValue<T>> {
    assertKey(key)
    const find = (): Promise<Found> => this.#tiers.reads.find(key, plan?.memoryTtl)
    return this.#reports.read(key, find, plan) as Promise<ReadValue<T>>
  }

  /** Takes no lease, because no load follows. */
  protected override async lookUpOnly<T>(key: string, plan: ReadPlan): Promise<LookupResult<T>> {
    const startedAt = this.#reports.startNear()
    const { near } = this.#tiers
    const used = near?.use(key)
    const accepted = used && this.#reports.acceptedNear(key, used.kept, startedAt, plan)
    if (accepted === undefined) return this.#readFar<T>(key, plan)
    // The clock may have moved on since the copy was found to be fresh.
    const freshMs = Math.max(0, near?.find(key)?.freshMs ?? 0)
    return { value: accepted.value as T, freshMs, loadMs: 0, tier: 'memory' }
  }

  override getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    try {
      assertLoader(loader)
      const plan = planLoad<T>(options)
      if (plan.takesFresh) {
        const startedAt = this.#reports.startNear()
        const near = this.#tiers.near?.use(key)
        if (near !== undefined)
          return Promise.resolve(this.#reports.near(key, near.kept, startedAt) as T)
      }
      return this.lookUpAndLoad(key, loader, plan)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  protected override lookup<T>(key: string, plan?: ReadPlan): Promise<ReadValue<T>> {
    try {
      assertKey(key)
      const { reads } = this.#tiers
      const memoryTtl = plan?.memoryTtl
      const find = (): Promise<Found> =>
        this.#readOnly ? reads.find(key, memoryTtl) : reads.findOrLease(key, memoryTtl)
      return this.#reports.readToLoad(key, find, plan) as Promise<ReadValue<T>>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * {@inheritDoc CacheInterface.getMany}
   *
   * Takes any number of keys. In a Cluster, a master that fails fails its own keys alone.
   */
  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    assertKeys(keys)
    // A copy: the caller may change the array while Redis is asked.
    const wanted = [...keys]
    const values = new Map<string, T>()
    const expiries = new Map<string, number>()
    const startedAt = this.clock.now()
    const seen = new Set<string>()
    try {
      await this.#tiers.reads.findMany(wanted, (found) => {
        const now = this.clock.now()
        for (const [key, each] of found) {
          if (seen.has(key)) continue
          seen.add(key)
          const held = this.#reports.found(key, each, startedAt)
          if (held.freshMs < 0) continue
          values.set(key, held.value as T)
          if (held.freshMs !== Number.POSITIVE_INFINITY) expiries.set(key, now + held.freshMs)
        }
      })
    } catch (error) {
      this.#reports.failed(new Set(wanted).size - seen.size, startedAt)
      throw error
    }
    // Many chunks take their time: what was found first may have expired since.
    const now = this.clock.now()
    for (const [key, expiresAt] of expiries) if (expiresAt < now) values.delete(key)
    return values
  }

  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    try {
      const plan = this.#planWrite('set', ttl)
      assertKey(key)
      assertValue(value)
      this.loads.fence(key)
      return this.#reports.store(key, value, () => this.#tiers.writes.store(key, value, plan))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * {@inheritDoc CacheInterface.setMany}
   *
   * Takes any number of entries and sends them in chunks. With more than 1,000 of them, do not change
   * the values until it resolves.
   *
   * @throws SerializationError for a value that cannot be stored; nothing is stored then
   */
  override async setMany<T>(
    entries: Iterable<readonly [key: string, value: T]>,
    ttl?: Ttl | SetOptions,
  ): Promise<void> {
    const plan = this.#planWrite('setMany', ttl)
    assertIterable(entries)
    const all = await collect(entries, toEntry<T>)
    const startedAt = this.clock.now()
    await this.#tiers.writes.storeMany(all, plan, (chunk, outcomes) => {
      this.#reports.storedMany(chunk, outcomes, startedAt)
    })
  }

  /**
   * {@inheritDoc CacheInterface.add}
   *
   * One step in Redis: of several processes one stores. While Redis is away, memory decides.
   */
  override async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    const plan = this.#planWrite('add', ttl)
    assertKey(key)
    assertValue(value)
    const isStored = await this.#tiers.writes.storeIfAbsent(key, value, plan)
    if (isStored) this.loads.fence(key)
    return isStored
  }

  protected override beforeLoad<T>(
    flight: Flight<T>,
  ): Promise<LookupResult<T> | undefined> | undefined {
    if (this.#readOnly) return undefined
    const turn = this.#tiers.loads.beforeLoad(flight)
    return turn?.then((held) => held && (this.#reports.released(held) as LookupResult<T>))
  }

  protected override async fill<T>(
    key: string,
    value: T,
    plan: StorePlan,
    flight: Flight<T>,
  ): Promise<void> {
    this.#messages.checkTtl(plan.ttlMs)
    if (this.#readOnly) return
    await this.#reports.store(key, value, () => this.#tiers.writes.storeLoaded(value, plan, flight))
  }

  override async delete(key: string): Promise<boolean> {
    assertKey(key)
    this.#assertWritable('delete')
    this.loads.fence(key)
    return this.#reports.remove(key, () => this.#tiers.writes.remove(key))
  }

  /**
   * {@inheritDoc CacheInterface.deleteMany}
   *
   * Takes any number of keys and removes them in chunks.
   */
  override async deleteMany(keys: readonly string[]): Promise<number> {
    assertKeys(keys)
    this.#assertWritable('deleteMany')
    // A copy: the caller may change the array while chunks of it are removed.
    const unwanted = [...keys]
    for (const key of unwanted) this.loads.fence(key)
    const startedAt = this.clock.now()
    let removed = 0
    await this.#tiers.writes.removeMany(unwanted, (chunk, existed, isConfirmed) => {
      removed += existed.length
      this.#reports.removedMany(chunk, existed, isConfirmed, startedAt)
    })
    return removed
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    const { near, redis } = this.#tiers
    if (near?.use(key) !== undefined) return true
    return typeof (await redis?.reads.freshMs(key)) === 'number'
  }

  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    const { near, redis } = this.#tiers
    const freshMs = await redis?.reads.freshMs(key)
    // What was written while Redis was away is in memory only.
    if (typeof freshMs !== 'number') return near?.getTtl(key)
    return freshMs === Number.POSITIVE_INFINITY ? null : freshMs / 1_000
  }

  /**
   * {@inheritDoc CacheInterface.scan}
   *
   * @throws InfrastructureError when Redis cannot be listed, whatever `onBackendError` says: half a
   * list would look like a whole one
   */
  override scan(pattern = '*'): AsyncIterable<string> {
    const { near, redis } = this.#tiers
    return redis === undefined ? keysInMemory(near, pattern) : redis.reads.keys(pattern)
  }

  /**
   * {@inheritDoc CacheInterface.inspect}
   *
   * Sends no command that writes, and does not use the memory tier. A damaged value, and one that is too
   * large for this process, is named with a SerializationError.
   *
   * @throws InfrastructureError when Redis cannot be read, whatever `onBackendError` says
   */
  override inspect(pattern = '*'): AsyncIterable<InspectedEntry> {
    const { redis } = this.#tiers
    return redis === undefined ? super.inspect(pattern) : redis.inspection.inspect(pattern)
  }

  /**
   * {@inheritDoc CacheInterface.invalidatePattern}
   *
   * Without Redis it counts what was in memory; the rest is removed when Redis is back, before
   * anything is read from it.
   */
  override async invalidatePattern(
    pattern: string,
    options?: InvalidationOptions,
  ): Promise<number> {
    assertPattern(pattern)
    const reason = invalidationReason(options)
    this.#assertWritable('invalidatePattern')
    this.loads.fenceAll()
    const remove = (): Promise<number> => this.#tiers.writes.removeMatching(pattern)
    const removed = await this.#reports.invalidate(remove, reason)
    // Without Redis, nobody knows what the pattern matches.
    const isKnown = this.#tiers.redis?.connected ?? true
    if (removed === 0 && isKnown) this.#messages.patternMatchedNothing(pattern)
    return removed
  }

  /** One command, however many values carry the tags. */
  override async invalidateTags(tags: readonly string[]): Promise<void> {
    assertTags(tags)
    this.#assertWritable('invalidateTags')
    if (tags.length === 0) return
    // A copy: the caller may change the array while Redis is asked.
    const invalidated = [...tags]
    this.loads.fenceTags(invalidated)
    const matched = await this.#tiers.writes.invalidateTags(invalidated)
    if (!matched) this.#messages.tagsMatchedNothing()
  }

  /** Ends the connections, unless the client was handed in, and empties the memory tier. */
  override async close(): Promise<void> {
    this.loads.fenceAll()
    await this.#tiers.close()
  }

  /** How much this process holds: the bytes that Redis holds for the same values. */
  memoryUse(): MemoryUse {
    return this.#tiers.near?.memoryUse() ?? { entries: 0, maxEntries: 0, bytes: 0 }
  }

  getStats(): RedisCacheStats {
    return statsOf(this.#tiers, this.#tally)
  }

  /**
   * What Redis says of itself.
   *
   * @throws InfrastructureError when it cannot be asked, or does not allow it; always for a cache that is
   * memory only
   */
  async getServerInfo(): Promise<RedisServerInfo> {
    const { redis } = this.#tiers
    if (redis === undefined) throw unavailable('no Redis is configured', 'failed')
    return redis.info()
  }

  /**
   * Checks that Redis could store a value, where there is none that would. For caches that are built on
   * this one, and store the same with Redis and without.
   *
   * @throws SerializationError (`NOT_SERIALIZABLE`) that names the place of what is no data
   */
  protected assertStorable(value: unknown): void {
    if (this.#tiers.redis === undefined) toJson(value)
  }

  /**
   * Returns a deep copy of a stored value. For caches that hand values to code of their users.
   *
   * @throws SerializationError (`NOT_CLONEABLE`) for what is no data
   */
  protected copyOf<T>(value: T): T {
    return isolatorFor('clone').release(value) as T
  }

  /** Checks the entries of a batch, of which a small one is copied. */
  #planWrite(method: string, ttl: Ttl | SetOptions | undefined): StorePlan {
    this.#assertWritable(method)
    const plan = planStore(ttl, this.defaultTtlMs)
    this.#messages.checkTtl(plan.ttlMs)
    return plan
  }

  #assertWritable(method: string): void {
    if (!this.#readOnly) return
    const message = `${method} must not be called: the cache was opened with readOnly`
    throw new ValidationError(message, { code: 'READ_ONLY', context: { method } })
  }

  protected override staleServed(): void {
    this.#tally.staleServed()
  }

  protected override notStored(key: string, error: CacheError): void {
    this.#tally.notStored(error)
    this.#messages.notStored(error)
    this.#events.emit('not_stored', key, error)
  }

  protected override refreshFailed(key: string, error: unknown): void {
    this.#messages.refreshFailed(error)
    this.#events.emit('refresh_failed', key, error)
  }
}

async function* keysInMemory(
  near: NearTier | undefined,
  pattern: string,
): AsyncGenerator<string, void> {
  yield* near?.keys(compileGlob(pattern)) ?? []
}
