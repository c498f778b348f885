import type { CacheError, InfrastructureError } from '@verbatim/cache-core'
import { hitRate } from '@verbatim/cache-core/implement'
import type { InMemoryCacheStats } from '@verbatim/cache-memory'
import type { ForeignReason } from './codec/stored-line.js'
import type { Circuit } from './connection/redis-connection.js'
import type { ScriptingMode } from './redis/masters.js'
import type { RedisStatus } from './redis/redis-store.js'
import type { TrackingState } from './tracking/tracking.js'
import type { TwoTierStore } from './two-tier/two-tier-store.js'

/** The statistics of a {@link GenericRedisCache}. Counters start at its creation. */
export interface RedisCacheStats {
  /**
   * `'redis'` while Redis is available, `'memory_only'` while it is not, `'memory'` for a cache without
   * Redis.
   */
  readonly mode: 'redis' | 'memory_only' | 'memory'
  /** Reads that returned a value, from either tier. */
  readonly hits: number
  readonly misses: number
  /** Calls of `getOrSet` that joined a load in flight in this process: neither hits nor misses. */
  readonly joined: number
  /** Loaded values that could not be stored, by error code. Their callers received them. */
  readonly notStored: Readonly<Record<string, number>>
  /** hits / (hits + misses) in percent; absent before the first hit or miss. */
  readonly hitRate?: number
  /** Reads that needed Redis while it was unavailable: neither hits nor misses. */
  readonly errors: number
  /** Misses and errors of `getOrSet` that returned a stale value. */
  readonly staleServed: number
  readonly redis: {
    readonly connected: boolean
    /**
     * `'closed'` while commands are sent, `'open'` while they fail at once, `'partial'` while some masters of
     * a Cluster are not used.
     */
    readonly circuit: Circuit
    /**
     * A sentence that says which Redis is unavailable, why, and what to do. It contains host and port, never a
     * user or a password. `undefined` while Redis is available, and before the first attempt.
     */
    readonly lastError: string | undefined
    /** The code of that error, such as `'ECONNREFUSED'` or `'WRONGPASS'`. */
    readonly lastErrorCode: string | undefined
    readonly hits: number
    readonly misses: number
    /** Failed Redis calls, by error code. */
    readonly errors: Readonly<Record<string, number>>
    /** Damaged values of this cache that were removed. */
    readonly corruptValues: number
    /** Reads of keys that hold no value of this cache, by reason. Such keys stay. */
    readonly foreignValues: Readonly<Partial<Record<ForeignReason, number>>>
    /** Bytes of the values that were read and sent, including their metadata. */
    readonly bytesRead: number
    readonly bytesWritten: number
    /** Writes, deletes and invalidations. */
    readonly changes: ChangeCounts
    /** Keys, patterns and tags that are misses until Redis confirms their invalidation. */
    readonly unconfirmedDeletes: number
    /**
     * `'scripts'` where Redis permits scripts to the user; `'commands'` where it denies them, with the weaker
     * guarantees that `docs/security.md` lists; `undefined` until that is known.
     */
    readonly scripting: ScriptingMode | undefined
  }
  /** The memory tier; `undefined` when it is disabled. */
  readonly memory: MemoryTierStats | undefined
}

/** The outcomes of changes. */
export interface ChangeCounts {
  /** Changes that Redis carried out. */
  readonly ok: number
  /** Changes that something newer superseded. */
  readonly skipped: number
  /** Changes that certainly had no effect. */
  readonly failed: number
  /** Changes that may have had an effect. The key is a miss until it is deleted. */
  readonly indeterminate: number
}

export interface MemoryTierStats extends InMemoryCacheStats {
  /**
   * `'live'` while this process receives every invalidation, `'down'` while it may miss some, `'refused'`
   * when Redis denies tracking.
   */
  readonly tracking: TrackingState
  /** The longest time that a recent invalidation may have taken, in milliseconds. */
  readonly trackingLagMs: number | undefined
}

/** The status of a cache without Redis. */
const NO_REDIS: RedisStatus = {
  connected: false,
  circuit: 'open',
  lastError: undefined,
  lastErrorCode: undefined,
  unconfirmedDeletes: 0,
  scripting: undefined,
}

/** Composes the statistics of a store. */
export function statsOf(
  { memory, tracking, redis: store }: Pick<TwoTierStore, 'memory' | 'tracking' | 'redis'>,
  counters: Counters,
): RedisCacheStats {
  const { memoryHits, redis, ...counts } = counters.counts()
  const status = store?.status ?? NO_REDIS
  return {
    mode: store === undefined ? 'memory' : status.connected ? 'redis' : 'memory_only',
    ...counts,
    redis: { ...status, ...redis },
    memory: memory && {
      ...memory.getStats(),
      ...memoryCounts(memoryHits, counts.hits + counts.misses),
      tracking: tracking?.state ?? 'down',
      trackingLagMs: tracking?.lagMs,
    },
  }
}

function memoryCounts(
  hits: number,
  reads: number,
): Pick<InMemoryCacheStats, 'hits' | 'misses' | 'hitRate'> {
  const misses = reads - hits
  return { hits, misses, ...hitRateField({ hits, misses }) }
}

type Counts = Pick<
  RedisCacheStats,
  'hits' | 'misses' | 'joined' | 'hitRate' | 'errors' | 'staleServed' | 'notStored'
> & {
  readonly memoryHits: number
  readonly redis: Pick<
    RedisCacheStats['redis'],
    | 'hits'
    | 'misses'
    | 'errors'
    | 'corruptValues'
    | 'foreignValues'
    | 'bytesRead'
    | 'bytesWritten'
    | 'changes'
  >
}

/** Returns the hit rate as a field; no field before the first hit or miss. */
function hitRateField(counts: { readonly hits: number; readonly misses: number }): {
  readonly hitRate?: number
} {
  const rate = hitRate(counts)
  return rate === undefined ? {} : { hitRate: rate }
}

/** Counts what a cache does: one hit, miss or error for each read, whatever the tiers did. */
export class Counters {
  #memoryHits = 0
  #redisHits = 0
  readonly #errors: Record<string, number> = {}
  #misses = 0
  #joined = 0
  readonly #notStored: Record<string, number> = {}
  #readErrors = 0
  #staleServed = 0
  #redisMisses = 0
  #corruptValues = 0
  readonly #foreignValues: Partial<Record<ForeignReason, number>> = {}
  #bytesRead = 0
  #bytesWritten = 0
  readonly #changes = { ok: 0, skipped: 0, failed: 0, indeterminate: 0 }

  memoryHit(): void {
    this.#memoryHits++
  }

  redisHit(): void {
    this.#redisHits++
  }

  miss(): void {
    this.#misses++
  }

  /** Counts a call that joined a load in flight. */
  joined(): void {
    this.#joined++
  }

  /** Counts a loaded value that could not be stored. */
  notStored({ code }: CacheError): void {
    this.#notStored[code] = (this.#notStored[code] ?? 0) + 1
  }

  /** Counts a read that needed Redis while it was unavailable. */
  readError(): void {
    this.#readErrors++
  }

  staleServed(): void {
    this.#staleServed++
  }

  redisMiss(): void {
    this.#redisMisses++
  }

  /** Counts the bytes of a value from Redis. */
  read(bytes: number): void {
    this.#bytesRead += bytes
  }

  /** Counts the bytes of a value sent to Redis. */
  wrote(bytes: number): void {
    this.#bytesWritten += bytes
  }

  change(outcome: keyof ChangeCounts, count = 1): void {
    this.#changes[outcome] += count
  }

  corruptValue(): void {
    this.#corruptValues++
  }

  foreignValue(reason: ForeignReason): void {
    this.#foreignValues[reason] = (this.#foreignValues[reason] ?? 0) + 1
  }

  error({ code }: InfrastructureError): void {
    this.#errors[code] = (this.#errors[code] ?? 0) + 1
  }

  counts(): Counts {
    const hits = this.#memoryHits + this.#redisHits
    return {
      hits,
      misses: this.#misses,
      joined: this.#joined,
      notStored: { ...this.#notStored },
      ...hitRateField({ hits, misses: this.#misses }),
      errors: this.#readErrors,
      staleServed: this.#staleServed,
      memoryHits: this.#memoryHits,
      redis: {
        hits: this.#redisHits,
        misses: this.#redisMisses,
        errors: { ...this.#errors },
        corruptValues: this.#corruptValues,
        foreignValues: { ...this.#foreignValues },
        bytesRead: this.#bytesRead,
        bytesWritten: this.#bytesWritten,
        changes: { ...this.#changes },
      },
    }
  }
}
