import type { InMemoryCacheStats } from '@verbatim/cache-memory'
import type { ForeignReason } from './codec/stored-line.js'
import type { Circuit } from './connection/redis-connection.js'
import type { LinkState } from './link/invalidation-links.js'
import type { ProgramWay } from './redis/programs/program-way.js'
import type { RedisStatus } from './redis/redis-store.js'
import { hitRateField, type Tally } from './tally.js'
import type { TwoTiers } from './two-tiers.js'

/** What a {@link GenericRedisCache} has done. Counts are since it was made. */
export interface RedisCacheStats {
  /**
   * `'redis'` while Redis is in use, `'memory_only'` while it cannot be used, `'memory'` for a cache that
   * has no Redis by choice.
   */
  readonly mode: 'redis' | 'memory_only' | 'memory'
  /** Reads answered with a value, by either tier. */
  readonly hits: number
  readonly misses: number
  /** Calls of `getOrSet` that joined a load under way in this process: neither hits nor misses. */
  readonly joined: number
  /** Loaded values that could not be stored, by the code of the reason. Their callers have them. */
  readonly notStored: Readonly<Record<string, number>>
  /** hits / (hits + misses), in percent; left out before the first read that was answered. */
  readonly hitRate?: number
  /** Reads that Redis could not answer, of keys that memory did not hold: neither hits nor misses. */
  readonly errors: number
  /** Misses and errors of `getOrSet` that were answered with a value past its TTL. */
  readonly staleServed: number
  readonly redis: {
    readonly connected: boolean
    /**
     * Whether commands are sent: `'closed'` while they are, `'open'` while they fail at once, `'partly
     * open'` while some masters of a Cluster are not used.
     */
    readonly circuit: Circuit
    /**
     * A sentence that says which Redis cannot be used, why, and what to do; `undefined` while it can be
     * used, and before the first attempt. It names host and port, never a user or a password.
     */
    readonly lastError: string | undefined
    /** The reason in one word, such as `'ECONNREFUSED'` or `'WRONGPASS'`, to branch on. */
    readonly lastErrorCode: string | undefined
    readonly hits: number
    readonly misses: number
    /** Calls that Redis was no use to, by the code of the error. */
    readonly errors: Readonly<Record<string, number>>
    /** Values of this cache that were damaged, and removed. */
    readonly corruptValues: number
    /** Reads of keys that hold something else, by reason. It stays where it is. */
    readonly foreignValues: Readonly<Partial<Record<ForeignReason, number>>>
    /** Of values that were read and sent, with what is stored beside them. */
    readonly bytesRead: number
    readonly bytesWritten: number
    /** Writes, deletes and invalidations. */
    readonly changes: ChangeCounts
    /** Keys and patterns that are misses until they have been deleted from Redis. */
    readonly unconfirmedDeletes: number
    /**
     * `'script'`, or where scripts are not permitted `'function'`: nothing happens in the middle of a
     * change. `'plain'` where neither is: see the README for what is weaker then. `undefined` until it
     * is known.
     */
    readonly programs: ProgramWay | undefined
  }
  /** The memory tier; `undefined` when it is switched off. */
  readonly memory: MemoryTierStats | undefined
}

/** What became of changes. */
export interface ChangeCounts {
  /** Redis has done it. */
  readonly ok: number
  /** Not done, for something newer was there. */
  readonly skipped: number
  /** Certainly not done. */
  readonly failed: number
  /** Nobody knows; the key is a miss until it has been deleted. */
  readonly indeterminate: number
}

export interface MemoryTierStats extends InMemoryCacheStats {
  /**
   * `'live'` while every change in Redis is heard of; `'down'` while it is not; `'refused'` when
   * Redis does not let us listen.
   */
  readonly link: LinkState
  /** News of a change took no longer than this lately, in milliseconds. */
  readonly linkLagMs: number | undefined
}

/** What a cache without Redis says of it. */
const NO_REDIS: RedisStatus = {
  connected: false,
  circuit: 'open',
  lastError: undefined,
  lastErrorCode: undefined,
  unconfirmedDeletes: 0,
  programs: undefined,
}

export function statsOf(
  { near, links, redis: store }: Pick<TwoTiers, 'near' | 'links' | 'redis'>,
  tally: Tally,
): RedisCacheStats {
  const { memoryHits, redis, ...counts } = tally.counts()
  const status = store?.status ?? NO_REDIS
  return {
    mode: store === undefined ? 'memory' : status.connected ? 'redis' : 'memory_only',
    ...counts,
    redis: { ...status, ...redis },
    memory: near && {
      ...near.getStats(),
      ...memoryCounts(memoryHits, counts.hits + counts.misses),
      link: links?.state ?? 'down',
      linkLagMs: links?.lagMs,
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
