import {
  assertKey,
  assertValue,
  CacheInterface,
  type CacheOperation,
  type CacheTier,
  compileGlob,
  EventHub,
  fromMilliseconds,
  type OperationOutcome,
  type Ttl,
  toMilliseconds,
} from '@verbatim/cache-core'
import { InMemoryCache, type Isolator, isolatorFor } from '@verbatim/cache-memory'
import type { RedisCacheEvents } from './events.js'
import { KeyFence } from './key-fence.js'
import { type GenericRedisCacheOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { SharedTier } from './shared-tier.js'
import type { RedisCacheStats } from './stats.js'
import { Tally } from './tally.js'

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
  readonly #isolator: Isolator
  readonly #memory: InMemoryCache | undefined
  readonly #redis: SharedTier
  readonly #fence = new KeyFence()
  readonly #events = new EventHub<RedisCacheEvents>()
  readonly #tally = new Tally()

  /** @throws ConfigurationError or ValidationError that names the option and what it may be */
  constructor(options: GenericRedisCacheOptions = {}) {
    super()
    const resolved = resolveOptions(options)
    this.#options = resolved
    this.#isolator = isolatorFor(resolved.isolation)
    this.#memory = resolved.enableL1Cache ? memoryTier(resolved) : undefined
    this.#redis = new SharedTier(resolved, this.#events, this.#tally)
  }

  /**
   * Connects to Redis. Not required: the first call does it.
   *
   * @returns whether Redis can be used; never rejects, and takes at most 1.5 seconds
   */
  connect(): Promise<boolean> {
    return this.#redis.connect()
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
    const write = this.#fence.begin('write', key)
    this.#fence.claim(write)
    let wasFar: boolean | undefined
    try {
      const wasNear = (await this.#memory?.delete(key)) ?? false
      wasFar = await this.#redis.remove(write)
      const existed = wasNear || wasFar === true
      if (existed) this.#events.emit('delete_success', key)
      return existed
    } finally {
      // A read may have brought the value back meanwhile; a later write may have, and may keep it.
      if (!write.overtaken) await this.#memory?.delete(key)
      this.#fence.end(write)
      this.#observeChange('delete', wasFar !== undefined, startedAt)
    }
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return (await this.#memory?.exists(key)) || ((await this.#redis.has(key)) ?? false)
  }

  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    const far = await this.#redis.remainingMs(key)
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
  override scan(pattern = '*'): AsyncIterable<string> {
    return this.#redis.keys(pattern)
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
      for (const key of (await this.#redis.removeMatching(pattern)) ?? []) removed.add(key)
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
    await this.#redis.close()
    await this.#memory?.close()
  }

  getStats(): RedisCacheStats {
    const { redis, ...counts } = this.#tally.counts()
    const status = this.#redis.status
    return {
      mode: status.connected ? 'redis' : 'memory_only',
      ...counts,
      redis: { ...status, ...redis },
      memory: this.#memory?.getStats(),
    }
  }

  async #readRedis(key: string): Promise<Found> {
    const askedAt = this.#options.clock.now()
    const read = this.#fence.begin('read', key)
    try {
      const stored = await this.#redis.read(key)
      if (stored === undefined) return { kept: undefined, tier: 'memory' }
      if (stored === null) return { kept: undefined, tier: 'redis' }
      const kept = this.#isolator.adopt(stored.value)
      if (!read.overtaken) await this.#keepNear(key, kept, stored.remainingMs, askedAt)
      return { kept, tier: 'redis' }
    } finally {
      this.#fence.end(read)
    }
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
      const bytes = await this.#redis.encode(key, value)
      // A later write or delete of this key has gone ahead while this one was being encoded.
      if (!this.#fence.claim(write)) return
      // The old value goes first, so that nobody reads it here once Redis has the new one.
      await this.#memory?.delete(key)
      let stored: true | undefined
      try {
        stored = await this.#redis.write(write, bytes, lifeMs)
      } finally {
        this.#observeChange('set', stored === true, startedAt)
      }
      if (!write.overtaken) await this.#keepNear(key, kept, lifeMs, startedAt)
      if (stored === true) this.#events.emit('set_success', key, value)
    } finally {
      this.#fence.end(write)
    }
  }

  /**
   * Keeps a value in memory, no longer than the default life and no longer than Redis does.
   *
   * @param since - from when its life counts: before Redis was asked, for there it began after that
   */
  async #keepNear(key: string, kept: unknown, lifeMs: number, since: number): Promise<void> {
    const { clock, defaultLifeMs } = this.#options
    const leftMs = Math.floor(Math.min(lifeMs - (clock.now() - since), defaultLifeMs))
    if (leftMs < 1) return
    await this.#memory?.set(key, kept, fromMilliseconds(leftMs))
  }

  #observeChange(operation: 'set' | 'delete', reachedRedis: boolean, startedAt: number): void {
    const [outcome, tier] = reachedRedis
      ? (['ok', 'redis'] as const)
      : (['error', 'memory'] as const)
    this.#observe(operation, outcome, tier, startedAt)
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
