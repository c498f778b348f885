import type { Environment } from '../benchmark-result.js'
import type { LoadSecond } from '../harness/load.js'

/** Protection of cached objects against changes by callers. The correctness gate finds it out. */
export type Isolation = 'by reference' | 'copied for readers' | 'copy-safe'

/** A measured quantity of one cell. */
export interface Figure {
  readonly name: string
  readonly unit: 'ns' | 'ms' | '1/s' | 'bytes' | '%' | 'count'
  /** The better direction. `'none'` for a figure that only describes. */
  readonly better: 'lower' | 'higher' | 'none'
  /** The figure of this process: the median of the samples where there are samples. */
  readonly value: number
  /** Raw samples in the order of time. */
  readonly samples?: readonly number[]
  /** Whether the speed stopped changing during the warm-up. */
  readonly isStable?: boolean
  /** Encoded histogram of latencies in milliseconds. */
  readonly histogram?: string
  /** Development over time. */
  readonly seconds?: readonly LoadSecond[]
}

/** One scenario with one cache in one fresh process. */
export interface CellResult {
  readonly cache: string
  readonly scenario: string
  /** Number of the process among those of the same cell, from 0. */
  readonly process: number
  readonly figures: readonly Figure[]
  /** Duration of a fixed computation in the same process, in ns. It shows how busy the machine was. */
  readonly referenceNs?: number
  /** Reason for the missing figures. */
  readonly error?: string
}

/** A cache of a run. */
export interface MeasuredCache {
  readonly name: string
  readonly tier: 'memory' | 'redis'
  readonly setup: 'stock' | 'tuned'
  /** Whether the cache has no limit of its size, so that it never evicts. */
  readonly isUnbounded?: boolean
  /** Whether this is a bare client, and no cache. */
  readonly isFloor?: boolean
  readonly versions: Readonly<Record<string, string>>
  /** Absent if the cache could not be checked. */
  readonly isolation?: Isolation
  /** Failed checks of the correctness gate. A cache with failures is not timed. */
  readonly failures: readonly string[]
}

/** A run of cells, as it is stored in a file. */
export interface RunReport {
  readonly format: 'cache-bench-run'
  readonly formatVersion: 1
  /** Start in ISO 8601. */
  readonly date: string
  readonly durationMs: number
  /** Seed of the data and of the order of the cells. */
  readonly seed: number
  /** Names of the scenarios. */
  readonly scenarios: readonly string[]
  /** Time of each measurement in milliseconds. */
  readonly budgetMs: number
  /** Number of fresh processes per cell. */
  readonly processes: number
  readonly environment: Environment
  readonly memoryMb: number
  /** Load average of the machine at the start and at the end. */
  readonly load: readonly [start: number, end: number]
  readonly redisVersion?: string
  /** Whether the run was stopped before its end. */
  readonly isPartial: boolean
  readonly caches: readonly MeasuredCache[]
  readonly cells: readonly CellResult[]
}
