import {
  assertKey,
  assertValue,
  CacheError,
  CacheInterface,
  type CacheOperation,
  type CacheTier,
  compileGlob,
  EventHub,
  type HeldValue,
  type OperationOutcome,
  planStore,
  type SetOptions,
  type StorePlan,
  type Ttl,
} from '@verbatim/cache-core'
import { InMemoryCache, type Isolator, isolatorFor } from '@verbatim/cache-memory'
import type { RedisCacheEvents } from './events.js'
import { KeyFence } from './memory/key-fence.js'
import { type GenericRedisCacheOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { SharedTier } from './redis/shared-tier.js'
import type { RedisCacheStats } from './stats.js'
import { Tally } from './tally.js'

/** What a read found, fresh or stale, with its value as it is kept; and what told us. */
interface Found {
  readonly held: HeldValue | undefined
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
    const resolved = resolveOptions(options)
    super(resolved)
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
    const held = await this.lookup<T>(key)
    return held !== undefined && held.freshMs >= 0 ? held.value : undefined
  }

  protected override async lookup<T>(key: string): Promise<HeldValue<T> | undefined> {
    assertKey(key)
    const startedAt = this.clock.now()
    let tier: CacheTier = 'memory'
    let outcome: OperationOutcome = 'error'
    try {
      const found = await this.#find(key)
      ;({ tier } = found)
      const held = found.held && { ...found.held, value: this.#isolator.release(found.held.value) }
      outcome = held !== undefined && held.freshMs >= 0 ? 'hit' : 'miss'
      if (outcome === 'hit') {
        this.#tally.hit(tier)
        this.#events.emit('get_success', key, held?.value)
      } else {
        this.#tally.miss()
        this.#events.emit('get_miss', key)
      }
      return held as HeldValue<T> | undefined
    } finally {
      this.#observe('get', outcome, tier, startedAt)
    }
  }

  override async set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    await this.#store(key, value, planStore(ttl, this.defaultLifeMs), true)
  }

  protected override fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    return this.#store(key, value, plan, false)
  }

  override async delete(key: string): Promise<boolean> {
    assertKey(key)
    const startedAt = this.clock.now()
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
    if (await this.#memory?.exists(key)) return true
    return typeof (await this.#redis.freshMs(key)) === 'number'
  }

  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    const far = await this.#redis.freshMs(key)
    // What was written while Redis was away is in memory only.
    if (typeof far !== 'number') return this.#memory?.getTtl(key)
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
    const startedAt = this.clock.now()
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
    this.#options.monitor?.observeInvalidation(removed.size, this.clock.now() - startedAt)
    return removed.size
  }

  /** Ends the connection, unless the client was handed in, and empties the memory tier. */
  override async close(): Promise<void> {
    this.loads.fenceAll()
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

  protected override staleServed(): void {
    this.#tally.staleServed()
  }

  protected override refreshFailed(key: string, error: unknown): void {
    this.#events.emit('refresh_failed', key, error)
  }

  async #find(key: string): Promise<Found> {
    const near = await this.#memory?.lookup(key)
    if (near !== undefined && near.freshMs >= 0) return { held: near, tier: 'memory' }
    const far = await this.#readRedis(key)
    // Without Redis a stale value is better than none, for those who take one.
    return far === undefined
      ? { held: near, tier: 'memory' }
      : { held: far ?? undefined, tier: 'redis' }
  }

  /** Answers `null` when Redis has none, `undefined` when it was no use. */
  async #readRedis(key: string): Promise<HeldValue | null | undefined> {
    const askedAt = this.clock.now()
    const read = this.#fence.begin('read', key)
    try {
      const stored = await this.#redis.read(key)
      if (stored === undefined) return undefined
      if (stored === null) {
        // What is left in memory is stale, and somebody may have deleted it.
        if (!read.overtaken) await this.#memory?.delete(key)
        return null
      }
      const { freshMs: lifeMs, graceMs, loadMs } = stored
      const kept = this.#isolator.adopt(stored.value)
      if (!read.overtaken) {
        await this.#keepNear(key, kept, { lifeMs, graceMs, loadMs, tags: [] }, askedAt)
      }
      return { value: kept, freshMs: lifeMs, loadMs }
    } finally {
      this.#fence.end(read)
    }
  }

  async #store(key: string, value: unknown, plan: StorePlan, fencesLoads: boolean): Promise<void> {
    assertKey(key)
    assertValue(value)
    if (plan.tags.length > 0) throw noTags()
    if (fencesLoads) this.loads.fence(key)
    const startedAt = this.clock.now()
    const write = this.#fence.begin('write', key)
    try {
      // Both take the value as it is now, whatever its owner does to it while Redis answers.
      const kept = this.#isolator.admit(value)
      const bytes = await this.#redis.encode(key, value, plan)
      // A later write or delete of this key has gone ahead while this one was being encoded.
      if (!this.#fence.claim(write)) return
      // The old value goes first, so that nobody reads it here once Redis has the new one.
      await this.#memory?.delete(key)
      let stored: true | undefined
      try {
        stored = await this.#redis.write(write, bytes, plan.lifeMs + plan.graceMs)
      } finally {
        this.#observeChange('set', stored === true, startedAt)
      }
      if (!write.overtaken) await this.#keepNear(key, kept, plan, startedAt)
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
  async #keepNear(key: string, kept: unknown, plan: StorePlan, since: number): Promise<void> {
    const leftMs = plan.lifeMs - (this.clock.now() - since)
    const lifeMs = Math.floor(Math.min(leftMs, this.defaultLifeMs))
    if (lifeMs >= 1) await this.#memory?.fill(key, kept, { ...plan, lifeMs })
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
    this.#options.monitor?.observeOperation(operation, outcome, tier, this.clock.now() - startedAt)
  }
}

function noTags(): CacheError {
  return new CacheError('GenericRedisCache does not implement tags', {
    code: 'NOT_SUPPORTED',
    context: { method: 'set', option: 'tags' },
  })
}

/** It keeps what was admitted already, so it does no isolating of its own. */
function memoryTier({ defaultTtl, l1CacheSize, clock }: ResolvedOptions): InMemoryCache {
  return new InMemoryCache({ defaultTtl, maxSize: l1CacheSize, clock })
}
