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
  EventHub,
  type Flight,
  includesForeign,
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
import { BatchRead } from './batch-read.js'
import { collect } from './chunks.js'
import { toJson } from './codec/to-json.js'
import { unavailable } from './connection/connection-errors.js'
import { EVENT_NAMES, type RedisCacheEvents } from './events.js'
import { Instrumentation, type ReadValue } from './instrumentation.js'
import { CacheMessages } from './messages/redis-messages.js'
import {
  assertOptions,
  type ConnectOptions,
  type GenericRedisCacheOptions,
  isRedisRequired,
  redisUnavailable,
  resolveOptions,
} from './options.js'
import type { RedisServerInfo } from './redis/masters.js'
import type { RedisStore } from './redis/redis-store.js'
import { isDryRun, type ReencryptionCounts, type ReencryptOptions } from './redis/reencryption.js'
import { type CertificateWatch, watchCertificates } from './security/certificate-watch.js'
import type { SecurityStatus, SecurityValidationResult } from './security/findings.js'
import { Counters, type RedisCacheStats, statsOf } from './stats.js'
import type { TwoTierStore } from './two-tier/two-tier-store.js'
import { createTwoTierStore } from './two-tier/wiring.js'

/**
 * A cache in two tiers: the memory of this process before a Redis that processes share.
 *
 * While Redis is unavailable, memory serves and accepts values. A key that was written or deleted then is a
 * miss in Redis until its old value there is deleted. Calls do not fail because Redis is unavailable, unless
 * `onBackendError` is `'throw'`. `scan`, `inspect`, `reencrypt`, `getServerInfo` and `connect({ required: true })`
 * are the exceptions. A command waits for Redis no longer than `commandTimeout`, and a little more for large values.
 *
 * Without `redisUrl`, `sentinel`, `cluster` or `client`, the cache is memory only.
 *
 * @example
 * ```ts
 * const cache = new GenericRedisCache({ redisUrl: 'redis://127.0.0.1:6379', keyPrefix: 'app:' })
 * const user = await cache.getOrSet('user:1', () => loadUser(1), { ttl: '5m' })
 * await cache.invalidatePattern('user:*')
 * await cache.close()
 * ```
 */
export class GenericRedisCache extends CacheInterface implements MemoryHolder {
  static {
    recognizeCopies(this, 'cache-redis/GenericRedisCache')
  }

  readonly #store: TwoTierStore
  readonly #events = new EventHub<RedisCacheEvents>(EVENT_NAMES)
  readonly #counters = new Counters()
  readonly #instrumentation: Instrumentation
  readonly #batchRead: BatchRead
  readonly #readOnly: boolean
  readonly #messages: CacheMessages
  readonly #certificates: CertificateWatch | undefined

  /** @throws ConfigurationError or ValidationError that names the option and the rule */
  constructor(options: GenericRedisCacheOptions = {}) {
    assertOptions(options)
    const resolved = resolveOptions(options)
    const { clock, defaultTtl, isolation, monitor } = resolved
    super({ clock, defaultTtl, isolator: loadIsolatorFor(isolation) })
    this.#store = createTwoTierStore({
      ...resolved,
      ...{ events: this.#events, counters: this.#counters },
      ...{ flights: this.loads, memoryTtlMs: this.defaultTtlMs },
    })
    this.#instrumentation = new Instrumentation({
      ...{ events: this.#events, counters: this.#counters },
      ...{ monitor, isolator: isolatorFor(isolation), clock: this.clock },
      changedTier: resolved.client === undefined ? 'memory' : 'redis',
    })
    this.#batchRead = new BatchRead(this.#store, this.#instrumentation, this.clock)
    this.#readOnly = resolved.readOnly
    this.#messages = new CacheMessages(resolved)
    this.#messages.checkTtl(this.defaultTtlMs)
    monitor?.observeMemory?.(this)
    this.#certificates = watchCertificates(resolved, this.#events)
  }

  /**
   * Connects to Redis. Optional: the first call connects too.
   *
   * @param options - `required: true` rejects when Redis is unavailable or not configured
   * @returns whether Redis is available, after at most 1.5 seconds or ten times `commandTimeout`
   * @throws InfrastructureError (`BACKEND_UNAVAILABLE`) that says which Redis is unavailable and why; only if
   * required
   * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown option
   */
  async connect(options: ConnectOptions = {}): Promise<boolean> {
    const isRequired = isRedisRequired(options)
    const isConnected = await this.#store.connect()
    if (isRequired && !isConnected) throw redisUnavailable(this.#store.redis)
    return isConnected
  }

  /**
   * Calls a function at each event of this name. Errors of the function are ignored.
   *
   * @returns a function that removes the listener
   */
  on<Name extends keyof RedisCacheEvents>(
    event: Name,
    listener: (...details: RedisCacheEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(event, listener)
  }

  /** Calls a function at each event, like {@link GenericRedisCache.on}. The name is that of the Python version. */
  registerCallback<Name extends keyof RedisCacheEvents>(
    event: Name,
    callback: (...details: RedisCacheEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(event, callback)
  }

  // `get` and `set` are not async functions. That saves a promise, and a twentieth of the time of a hit.
  override get<T>(key: string): Promise<T | undefined> {
    try {
      const startedAt = this.#instrumentation.startMemoryRead()
      const copy = this.#store.getLocal(key)
      if (copy === undefined) return this.#getFromStore(key)
      const value = this.#instrumentation.memoryHit(key, copy.storedValue, startedAt)
      return Promise.resolve(value as T)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #getFromStore<T>(key: string): Promise<T | undefined> {
    const { freshMs, value } = await this.#read<T>(key)
    return freshMs >= 0 ? value : undefined
  }

  #read<T>(key: string, plan?: ReadPlan): Promise<ReadValue<T>> {
    assertKey(key)
    const startedAt = this.#instrumentation.start()
    const found = this.#store.get(key, plan?.memoryTtl)
    return this.#instrumentation.read(key, startedAt, found, plan) as Promise<ReadValue<T>>
  }

  /** Takes no lease, because no load follows. */
  protected override async lookUpOnly<T>(key: string, plan: ReadPlan): Promise<LookupResult<T>> {
    const startedAt = this.#instrumentation.startMemoryRead()
    const copy = this.#store.getLocal(key)
    const hit =
      copy && this.#instrumentation.acceptedMemoryHit(key, copy.storedValue, startedAt, plan)
    if (hit === undefined) return this.#read<T>(key, plan)
    // The clock may have moved on since the copy was found to be fresh.
    const freshMs = Math.max(0, this.#store.memory?.peek(key)?.freshMs ?? 0)
    return { value: hit.value as T, freshMs, loadMs: 0, tier: 'memory' }
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
        const startedAt = this.#instrumentation.startMemoryRead()
        const copy = this.#store.getLocal(key)
        if (copy !== undefined) {
          const value = this.#instrumentation.memoryHit(key, copy.storedValue, startedAt)
          return Promise.resolve(value as T)
        }
      }
      return this.lookUpAndLoad(key, loader, plan)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  protected override async lookup<T>(key: string, plan?: ReadPlan): Promise<ReadValue<T>> {
    assertKey(key)
    const startedAt = this.#instrumentation.start()
    const found = this.#readOnly
      ? this.#store.get(key, plan?.memoryTtl)
      : this.#store.getOrLease(key, plan?.memoryTtl)
    return this.#instrumentation.readToLoad(key, startedAt, found, plan) as Promise<ReadValue<T>>
  }

  /**
   * {@inheritDoc CacheInterface.getMany}
   *
   * Takes any number of keys. In a Cluster, a master that fails affects only its own keys.
   */
  override async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    assertKeys(keys)
    return this.#batchRead.getMany(keys)
  }

  override set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    try {
      const plan = this.#planWrite('set', ttl)
      assertKey(key)
      assertValue(value)
      this.loads.fence(key)
      const startedAt = this.#instrumentation.start()
      const writing = this.#store.set(key, value, plan)
      return this.#instrumentation.write(key, value, startedAt, writing)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * {@inheritDoc CacheInterface.setMany}
   *
   * Takes any number of entries, and sends them in chunks. With more than 1,000 entries, do not change the
   * values until the call resolves.
   *
   * @throws SerializationError for a value that cannot be stored; then no value is stored
   */
  override async setMany<T>(
    entries: Iterable<readonly [key: string, value: T]>,
    ttl?: Ttl | SetOptions,
  ): Promise<void> {
    const plan = this.#planWrite('setMany', ttl)
    assertIterable(entries)
    const all = await collect(entries, toEntry<T>)
    const startedAt = this.#instrumentation.start()
    await this.#store.setMany(all, plan, (chunk, outcomes) => {
      this.#instrumentation.storedMany(chunk, outcomes, startedAt)
    })
  }

  /**
   * {@inheritDoc CacheInterface.add}
   *
   * Redis does it in one step: of several processes, one stores its value. While Redis is unavailable, memory
   * decides.
   */
  override async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    const plan = this.#planWrite('add', ttl)
    assertKey(key)
    assertValue(value)
    const isStored = await this.#store.setIfAbsent(key, value, plan)
    if (isStored) this.loads.fence(key)
    return isStored
  }

  protected override beforeLoad<T>(
    flight: Flight<T>,
  ): Promise<LookupResult<T> | undefined> | undefined {
    if (this.#readOnly) return undefined
    const turn = this.#store.beforeLoad(flight)
    return turn?.then(
      (found) => found && (this.#instrumentation.released(found) as LookupResult<T>),
    )
  }

  protected override async fill<T>(
    key: string,
    value: T,
    plan: StorePlan,
    flight: Flight<T>,
  ): Promise<void> {
    this.#messages.checkTtl(plan.ttlMs)
    if (this.#readOnly) return
    const startedAt = this.#instrumentation.start()
    const writing = this.#store.setLoaded(value, plan, flight)
    await this.#instrumentation.write(key, value, startedAt, writing)
  }

  override async delete(key: string): Promise<boolean> {
    assertKey(key)
    this.#assertWritable('delete')
    this.loads.fence(key)
    const startedAt = this.#instrumentation.start()
    return this.#instrumentation.remove(key, startedAt, this.#store.delete(key))
  }

  /**
   * {@inheritDoc CacheInterface.deleteMany}
   *
   * Takes any number of keys, and deletes them in chunks.
   */
  override async deleteMany(keys: readonly string[]): Promise<number> {
    assertKeys(keys)
    this.#assertWritable('deleteMany')
    // A copy, because the caller may change the array while chunks of it are deleted.
    const unwanted = [...keys]
    for (const key of unwanted) this.loads.fence(key)
    const startedAt = this.#instrumentation.start()
    let deleted = 0
    await this.#store.deleteMany(unwanted, (removed) => {
      deleted += removed.existed.length
      this.#instrumentation.removedMany(removed, startedAt)
    })
    return deleted
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return this.#store.exists(key)
  }

  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    return this.#store.getTtl(key)
  }

  /**
   * {@inheritDoc CacheInterface.scan}
   *
   * @throws InfrastructureError when Redis cannot be listed, whatever `onBackendError` is: half a list would
   * look like a whole one
   */
  override scan(pattern = '*'): AsyncIterable<string> {
    return this.#store.keys(pattern)
  }

  /**
   * {@inheritDoc CacheInterface.inspect}
   *
   * Counts no reads. With Redis, it sends no command that writes, and does not use memory. A damaged value, and a
   * value too large for this process, is returned with a SerializationError in its place. With `includeForeign`,
   * other keys under the prefix are returned too: other types and formats, and entries of caches with longer
   * prefixes.
   *
   * @throws InfrastructureError when Redis cannot be read, whatever `onBackendError` is
   */
  override inspect(pattern = '*', options?: InspectOptions): AsyncIterable<InspectedEntry> {
    return this.#store.inspect(pattern, includesForeign(options))
  }

  /**
   * {@inheritDoc CacheInterface.invalidatePattern}
   *
   * While Redis is unavailable, the count is that of memory. The values in Redis are deleted when it is
   * available again, before any of them is read.
   */
  override async invalidatePattern(
    pattern: string,
    options?: InvalidationOptions,
  ): Promise<number> {
    assertPattern(pattern)
    const reason = invalidationReason(options)
    this.#assertWritable('invalidatePattern')
    this.loads.fenceAll()
    const startedAt = this.#instrumentation.start()
    const removed = await this.#store.deleteMatching(pattern)
    this.#instrumentation.invalidated(removed, startedAt, reason)
    // While a server is unavailable, it is not known what the pattern matches there.
    const { circuit = 'closed' } = this.#store.redis?.status ?? {}
    if (removed === 0 && circuit === 'closed') this.#messages.patternMatchedNothing(pattern)
    return removed
  }

  /**
   * {@inheritDoc CacheInterface.invalidateTags}
   *
   * Sends one command, however many values have the tags.
   */
  override async invalidateTags(tags: readonly string[]): Promise<void> {
    assertTags(tags)
    this.#assertWritable('invalidateTags')
    if (tags.length === 0) return
    // A copy, because the caller may change the array while Redis is asked.
    const invalidated = [...tags]
    this.loads.fenceTags(invalidated)
    const matched = await this.#store.invalidateTags(invalidated)
    if (!matched) this.#messages.tagsMatchedNothing()
  }

  /** Closes the connections, except a client that was passed in, and empties the memory tier. */
  override async close(): Promise<void> {
    this.loads.fenceAll()
    this.#certificates?.close()
    await this.#store.close()
  }

  /** Returns how much memory the values in this process occupy. */
  memoryUse(): MemoryUse {
    return this.#store.memory?.memoryUse() ?? { entries: 0, maxEntries: 0, bytes: 0 }
  }

  /** Returns the statistics since the creation of this cache. */
  getStats(): RedisCacheStats {
    return statsOf(this.#store, this.#counters)
  }

  /**
   * Judges the open connections: TLS, certificates, the user and its permissions, and whether strangers have
   * access. Sends no command that writes. Opens a second connection to each server without a login.
   *
   * @returns `undefined` for a cache that is memory only
   */
  async validateSecurity(): Promise<SecurityValidationResult | undefined> {
    return this.#store.redis?.validateSecurity()
  }

  /**
   * Returns what the settings ask for, and the result of the last {@link GenericRedisCache.validateSecurity}.
   *
   * @returns `undefined` for a cache that is memory only
   */
  getSecurityStatus(): SecurityStatus | undefined {
    return this.#store.redis?.securityStatus
  }

  /**
   * Encrypts every value under the prefix again that another key of the ring has encrypted. The TTL and the revision
   * of a value stay, and a write in the meantime wins. Call it after every process has the new primary key, and
   * before you destroy the old one.
   *
   * @param options - `dryRun: true` writes nothing; a cache with `readOnly` needs it
   * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown option, (`NOT_ENCRYPTED`) without the option
   * `encryption`, (`READ_ONLY`)
   * @throws InfrastructureError when Redis fails or is not configured, whatever `onBackendError` is. The values
   * before that are encrypted again, and another call does the others
   */
  async reencrypt(options: ReencryptOptions = {}): Promise<ReencryptionCounts> {
    const dryRun = isDryRun(options)
    if (!dryRun) this.#assertWritable('reencrypt')
    return this.#redis.reencryption.run(dryRun)
  }

  /**
   * Returns what Redis reports about itself.
   *
   * @throws InfrastructureError when Redis is unavailable, denies the command, or is not configured
   */
  async getServerInfo(): Promise<RedisServerInfo> {
    return this.#redis.info()
  }

  get #redis(): RedisStore {
    const { redis } = this.#store
    if (redis !== undefined) return redis
    throw unavailable('no Redis is configured', 'failed')
  }

  /**
   * Checks that Redis could store a value, in a cache without Redis. For subclasses that store the same
   * values with and without Redis.
   *
   * @throws SerializationError (`NOT_SERIALIZABLE`) that names the path of the part that is not data
   */
  protected assertStorable(value: unknown): void {
    if (this.#store.redis === undefined) toJson(value)
  }

  /**
   * Returns a deep copy of a stored value. For subclasses that pass values to code of their users.
   *
   * @throws SerializationError (`NOT_CLONEABLE`) for a value that is not data
   */
  protected copyOf<T>(value: T): T {
    return isolatorFor('clone').release(value) as T
  }

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
    this.#counters.staleServed()
  }

  protected override notStored(key: string, error: CacheError): void {
    this.#counters.notStored(error)
    this.#messages.notStored(error)
    this.#events.emit('not_stored', key, error)
  }

  protected override refreshFailed(key: string, error: unknown): void {
    this.#messages.refreshFailed(error)
    this.#events.emit('refresh_failed', key, error)
  }
}
