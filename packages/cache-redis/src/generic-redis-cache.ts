import {
  assertKey,
  assertValue,
  CacheInterface,
  type CacheOperation,
  type CacheTier,
  compileGlob,
  EventHub,
  InfrastructureError,
  type OperationOutcome,
  type Ttl,
  toMilliseconds,
} from '@verbatim/cache-core'
import { InMemoryCache, type Isolator, isolatorFor } from '@verbatim/cache-memory'
import { ValueCodec } from './codec/value-codec.js'
import type { RedisCacheEvents } from './events.js'
import { KeyFence, type Ticket } from './key-fence.js'
import { type GenericRedisCacheOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { checkServer } from './redis-client.js'
import { RedisConnection } from './redis-connection.js'
import { RedisTier } from './redis-tier.js'
import type { RedisCacheStats } from './stats.js'
import { Tally } from './tally.js'
import { UnconfirmedDeletes } from './unconfirmed-deletes.js'

/** What answered a read: a value as it is kept, if any. */
interface Found {
  readonly kept: unknown
  readonly tier: CacheTier
}

/**
 * A cache in two tiers: the memory of this process before a Redis that processes share.
 *
 * No call fails because Redis does, unless `onBackendError` says so, and none waits for one command
 * longer than `commandTimeout`. Without Redis the memory tier keeps serving and accepting; what was
 * written or deleted meanwhile is deleted from Redis before Redis is believed about it again.
 */
export class GenericRedisCache extends CacheInterface {
  readonly #options: ResolvedOptions
  readonly #codec: ValueCodec
  readonly #isolator: Isolator
  readonly #connection: RedisConnection
  readonly #redis: RedisTier
  readonly #memory: InMemoryCache | undefined
  readonly #fence = new KeyFence()
  readonly #unconfirmed: UnconfirmedDeletes
  readonly #events = new EventHub<RedisCacheEvents>()
  readonly #tally = new Tally()

  /** @throws ConfigurationError or ValidationError that names the option and what it may be */
  constructor(options: GenericRedisCacheOptions = {}) {
    super()
    const resolved = resolveOptions(options)
    this.#options = resolved
    this.#codec = new ValueCodec(resolved)
    this.#isolator = isolatorFor(resolved.isolation)
    this.#memory = resolved.enableL1Cache ? memoryTier(resolved) : undefined
    this.#connection = new RedisConnection({
      client: resolved.client,
      owned: resolved.ownsClient,
      commandTimeoutMs: resolved.commandTimeoutMs,
      check: (client) => checkServer(client, resolved.database),
      onChange: (ready) => {
        this.#events.emit(ready ? 'connected' : 'disconnected')
        if (ready) void this.#unconfirmed.settle()
      },
    })
    this.#redis = new RedisTier(this.#connection.run, this.#codec, resolved.keyPrefix)
    this.#unconfirmed = new UnconfirmedDeletes({
      ready: () => this.#connection.ready,
      deleteKeys: (keys) => this.#redis.removeAll(keys),
      deletePattern: (pattern) => this.#redis.removeMatching(pattern),
    })
  }

  /**
   * Connects to Redis. Not required: the first call does it.
   *
   * @returns whether Redis can be used; never rejects, and takes at most 1.5 seconds
   */
  connect(): Promise<boolean> {
    return this.#connection.connect()
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

  override async get<T>(key: string): Promise<T | undefined> {
    assertKey(key)
    const startedAt = this.#options.clock.now()
    let tier: CacheTier = 'memory'
    let outcome: OperationOutcome = 'error'
    try {
      let kept = await this.#memory?.get(key)
      if (kept === undefined) ({ kept, tier } = await this.#readRedis(key))
      outcome = kept === undefined ? 'miss' : 'hit'
      if (kept === undefined) {
        this.#tally.miss()
        this.#events.emit('get_miss', key)
        return undefined
      }
      this.#tally.hit(tier)
      const value = this.#isolator.release(kept) as T
      this.#events.emit('get_success', key, value)
      return value
    } finally {
      this.#observe('get', outcome, tier, startedAt)
    }
  }

  override set<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    return this.#store(key, value, ttl, true)
  }

  protected override fill<T>(key: string, value: T, ttl?: Ttl): Promise<void> {
    return this.#store(key, value, ttl, false)
  }

  override async delete(key: string): Promise<boolean> {
    assertKey(key)
    const startedAt = this.#options.clock.now()
    this.loads.fence(key)
    const isBelieved = !this.#unconfirmed.has(key)
    const write = this.#fence.begin('write', key)
    this.#fence.claim(write)
    try {
      const wasNear = (await this.#memory?.delete(key)) ?? false
      const wasFar = await this.#change('delete', write, startedAt, () => this.#redis.remove(key))
      const existed = wasNear || (isBelieved && wasFar === true)
      if (existed) this.#events.emit('delete_success', key)
      return existed
    } finally {
      // A read may have brought the value back meanwhile; a later write may have, and may keep it.
      if (!write.overtaken) await this.#memory?.delete(key)
      this.#fence.end(write)
    }
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    if (await this.#memory?.exists(key)) return true
    if (this.#unconfirmed.has(key)) return false
    return (await this.#attempt(() => this.#redis.has(key))) ?? false
  }

  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    const far = this.#unconfirmed.has(key)
      ? undefined
      : await this.#attempt(() => this.#redis.remainingMs(key))
    // What was written while Redis was away is in memory only.
    if (far === undefined) return this.#memory?.getTtl(key)
    return far === Number.POSITIVE_INFINITY ? null : far / 1_000
  }

  /**
   * {@inheritDoc CacheInterface.scan}
   *
   * @throws InfrastructureError when Redis cannot be listed, whatever `onBackendError` says: half a
   * list would look like a whole one
   */
  override async *scan(pattern = '*'): AsyncIterable<string> {
    const listed = new Set<string>()
    for await (const page of this.#redis.pages(pattern)) {
      for (const key of page) {
        if (listed.has(key) || this.#unconfirmed.has(key)) continue
        listed.add(key)
        yield key
      }
    }
  }

  /**
   * {@inheritDoc CacheInterface.invalidatePattern}
   *
   * Without Redis it counts what was in memory; the rest is removed when Redis is back, before
   * anything is read from it.
   */
  override async invalidatePattern(pattern: string): Promise<number> {
    const matches = compileGlob(pattern)
    const startedAt = this.#options.clock.now()
    this.loads.fenceAll()
    this.#fence.overtake(matches)
    const removed = new Set(this.#memory?.getActiveKeys().filter(matches))
    await this.#memory?.invalidatePattern(pattern)
    try {
      const removedFar = await this.#attempt(
        () => this.#redis.removeMatching(pattern),
        () => this.#unconfirmed.addPattern(pattern),
      )
      for (const key of removedFar ?? []) removed.add(key)
    } finally {
      // Reads that began meanwhile may have brought back what was on its way out.
      this.#fence.overtake(matches, 'read')
      await this.#memory?.invalidatePattern(pattern)
    }
    const { monitor, clock } = this.#options
    monitor?.observeInvalidation(removed.size, clock.now() - startedAt)
    return removed.size
  }

  /** Ends the connection, unless the client was handed in, and empties the memory tier. */
  override async close(): Promise<void> {
    await this.#connection.close()
    await this.#memory?.close()
  }

  getStats(): RedisCacheStats {
    const { redis, ...counts } = this.#tally.counts()
    const connected = this.#connection.ready
    return {
      mode: connected ? 'redis' : 'memory_only',
      ...counts,
      redis: {
        connected,
        lastTrouble: this.#connection.lastTrouble,
        ...redis,
        unconfirmedDeletes: this.#unconfirmed.size,
      },
      memory: this.#memory?.getStats(),
    }
  }

  async #readRedis(key: string): Promise<Found> {
    if (this.#unconfirmed.has(key)) return { kept: undefined, tier: 'memory' }
    const read = this.#fence.begin('read', key)
    try {
      const stored = await this.#attempt(() => this.#redis.read(key))
      if (stored === undefined) return { kept: undefined, tier: 'memory' }
      if (stored === null || 'corrupt' in stored) {
        this.#tally.redisMiss()
        if (stored !== null) await this.#dropCorrupt(key, stored.corrupt)
        return { kept: undefined, tier: 'redis' }
      }
      const kept = this.#isolator.admit(stored.value)
      if (!read.overtaken) await this.#keepNear(key, kept, stored.remainingMs)
      return { kept, tier: 'redis' }
    } finally {
      this.#fence.end(read)
    }
  }

  async #dropCorrupt(key: string, bytes: Buffer): Promise<void> {
    this.#tally.corruptValue()
    this.#events.emit('corrupt_value', key)
    await this.#attempt(() => this.#redis.removeCorrupt(key, bytes))
  }

  async #store(
    key: string,
    value: unknown,
    ttl: Ttl | undefined,
    fencesLoads: boolean,
  ): Promise<void> {
    assertKey(key)
    assertValue(value)
    const lifeMs = ttl === undefined ? this.#options.defaultLifeMs : toMilliseconds(ttl)
    if (fencesLoads) this.loads.fence(key)
    const startedAt = this.#options.clock.now()
    const write = this.#fence.begin('write', key)
    try {
      // Both take the value as it is now, whatever its owner does to it while Redis answers.
      const kept = this.#isolator.admit(value)
      const bytes = await this.#codec.encode(key, value)
      // A later write or delete of this key has gone ahead while this one was being encoded.
      if (!this.#fence.claim(write)) return
      // The old value goes first, so that nobody reads it here once Redis has the new one.
      await this.#memory?.delete(key)
      const stored = await this.#change('set', write, startedAt, async () => {
        await this.#redis.write(key, bytes, lifeMs)
        return true
      })
      if (!write.overtaken) await this.#keepNear(key, kept, lifeMs)
      if (stored === true) this.#events.emit('set_success', key, value)
    } finally {
      this.#fence.end(write)
    }
  }

  /** Sends a write or delete. Answers `undefined` where Redis was no use. */
  async #change<T>(
    operation: CacheOperation,
    write: Ticket,
    startedAt: number,
    send: () => Promise<T>,
  ): Promise<T | undefined> {
    let reached = false
    try {
      const answer = await this.#attempt(send, () => this.#unconfirmed.addKey(write.key))
      reached = answer !== undefined
      if (reached && !write.overtaken) this.#unconfirmed.confirm(write.key)
      return answer
    } finally {
      this.#observe(operation, reached ? 'ok' : 'error', reached ? 'redis' : 'memory', startedAt)
    }
  }

  /** Keeps a value in memory, no longer than Redis does and no longer than the default life. */
  async #keepNear(key: string, kept: unknown, lifeMs: number): Promise<void> {
    const nearMs = Math.floor(Math.min(lifeMs, this.#options.defaultLifeMs))
    if (nearMs < 1) return
    await this.#memory?.set(key, kept, nearMs === Number.POSITIVE_INFINITY ? null : `${nearMs}ms`)
  }

  /**
   * Does something with Redis. Trouble is counted, told and, unless the cache was told to throw,
   * answered with `undefined`.
   *
   * @param remember - for changes: notes what must be deleted before Redis is believed about it again
   */
  async #attempt<T>(work: () => Promise<T>, remember?: () => void): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (remember !== undefined) {
        remember()
        void this.#unconfirmed.settle()
      }
      if (!(error instanceof InfrastructureError)) throw error
      this.#tally.error(error)
      this.#events.emit('backend_error', error)
      if (this.#options.throwsBackendErrors) throw error
      return undefined
    }
  }

  #observe(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    startedAt: number,
  ): void {
    const { monitor, clock } = this.#options
    monitor?.observeOperation(operation, outcome, tier, clock.now() - startedAt)
  }
}

/** It keeps what was admitted already, so it does no isolating of its own. */
function memoryTier({ defaultTtl, l1CacheSize, clock }: ResolvedOptions): InMemoryCache {
  return new InMemoryCache({ defaultTtl, maxSize: l1CacheSize, clock })
}
