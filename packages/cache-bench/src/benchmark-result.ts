import type { Environment } from './environment.js'
import type { DurationStatistics } from './statistics.js'

/** How fast an average operation is. */
export type PerformanceGrade = 'Excellent' | 'Good' | 'Acceptable' | 'Poor' | 'Critical'

/**
 * What one scenario found out about one cache.
 *
 * The durations at this level are of one iteration, which is one `set`, one `get` and one `exists`
 * together; `operations` has each of the three by itself.
 */
export interface BenchmarkResult extends DurationStatistics {
  readonly operationType: 'basic_operations'
  readonly cacheName: string
  /** When the benchmark ended, in ISO 8601. */
  readonly timestamp: string
  /** How many were asked for. */
  readonly iterations: number
  /** The share of iterations in which no call failed, from 0 to 1. Only those were measured. */
  readonly successRate: number
  /** In percent. Always 100 in this scenario, for a read that misses what was just set ends it. */
  readonly cacheHitRate: number
  /** The most memory (RSS) the whole process had while measuring, in units of 1024 * 1024 bytes. */
  readonly memoryPeakMb: number
  /** By how much that is above what it had before. Holds the benchmark's own data as well. */
  readonly memoryUsageMb: number
  /** Of `avgDurationMs`. */
  readonly performanceGrade: PerformanceGrade
  readonly operations: {
    readonly set: DurationStatistics
    readonly get: DurationStatistics
    readonly exists: DurationStatistics
  }
  readonly metadata: BenchmarkMetadata
}

/** How and where the figures were taken. */
export interface BenchmarkMetadata {
  /** Iterations before the measured ones, which the figures leave out. */
  readonly warmupIterations: number
  /** Of the test data. */
  readonly seed: number
  readonly environment: Environment
}

const GRADES: readonly [upToMs: number, grade: PerformanceGrade][] = [
  [5, 'Excellent'],
  [25, 'Good'],
  [50, 'Acceptable'],
  [100, 'Poor'],
]

/**
 * Grades an average duration: up to 5 ms Excellent, 25 Good, 50 Acceptable, 100 Poor, above that
 * Critical.
 */
export function performanceGrade(avgDurationMs: number): PerformanceGrade {
  return GRADES.find(([upToMs]) => avgDurationMs <= upToMs)?.[1] ?? 'Critical'
}
