import type { Alert } from '../advice/alerts.js'
import type { Recommendation } from '../advice/recommendations.js'

/** The time ranges that the dashboard shows. */
export const RANGES = ['1m', '5m', '15m', '1h', '6h', '24h'] as const

export type Range = (typeof RANGES)[number]

/** Percentiles of the reads of one tier in one interval, in milliseconds. */
export interface LatencyPoint {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** The figures of one interval. Figures that were not measured are absent. */
export interface HistoryPoint {
  /** The end of the interval, in milliseconds since 1970. */
  readonly at: number
  readonly seconds: number
  readonly memoryHits: number
  readonly redisHits: number
  /** Hits that an application recorded without a tier. */
  readonly otherHits: number
  readonly misses: number
  /** Reads that the backend could not answer. */
  readonly errors: number
  /** Writes and deletes. */
  readonly changes: number
  /** Lookups of AI responses that waited for the computation of another lookup. */
  readonly joined: number
  readonly memoryLatency?: LatencyPoint
  readonly redisLatency?: LatencyPoint
  /** The bytes that caches hold at the end of the interval. */
  readonly memoryBytes?: number
  readonly redisBytes?: number
}

/** The state of one cache. Figures that the cache does not have are absent. */
export interface CacheState {
  readonly name: string
  /** `'redis'`, `'memory_only'` while Redis is unavailable, or `'memory'` for a cache without Redis. */
  readonly mode: string
  readonly circuit?: string
  readonly tracking?: string
  readonly trackingLagMs?: number
  readonly lastErrorCode?: string
  readonly unconfirmedDeletes?: number
  readonly entries?: number
  readonly maxEntries?: number
  readonly bytes?: number
  readonly maxBytes?: number
  readonly evictions?: number
  readonly staleServed?: number
}

/** The time that hits saved. It covers the requests that the application recorded. */
export interface Savings {
  readonly hits: number
  readonly milliseconds: number
  /** Absent where no recorded request had tokens. */
  readonly tokens?: number
}

/** The figures of this moment. */
export interface CurrentState {
  readonly monitor: string
  /** Counts since the monitor was created or last reset. */
  readonly totals: {
    readonly hits: number
    readonly misses: number
    readonly errors: number
    /** Percent; absent before the first read. */
    readonly hitRate?: number
  }
  /** Absent until a hit was recorded whose computation has a known duration. */
  readonly saved?: Savings
  /** Absent before the first measurement. */
  readonly memory?: {
    readonly memoryBytes: number
    readonly redisBytes: number
    readonly entries: number
    readonly processBytes: number
    readonly warningBytes: number
    readonly criticalBytes: number
  }
  readonly caches: readonly CacheState[]
  readonly alerts: readonly Alert[]
  readonly advice: readonly Recommendation[]
}

/** A message of the live stream: new points of the chosen range, and the figures of this moment. */
export interface Overview {
  readonly range: Range
  /** The length of the range, in seconds. */
  readonly rangeSeconds: number
  readonly stepSeconds: number
  /** Oldest first. */
  readonly points: readonly HistoryPoint[]
  readonly now: CurrentState
}
