import { availableParallelism, cpus } from 'node:os'
import type { DurationStatistics } from './statistics.js'

/** Grade of an average duration, see {@link performanceGrade}. */
export type PerformanceGrade = 'Excellent' | 'Good' | 'Acceptable' | 'Poor' | 'Critical'

/**
 * Result of one scenario with one cache.
 *
 * The durations at this level are those of an iteration: one `set`, one `get` and one `exists`.
 * `operations` has the durations of each operation.
 */
export interface BenchmarkResult extends DurationStatistics {
  readonly operationType: 'basic_operations'
  readonly cacheName: string
  /** End of the benchmark in ISO 8601. */
  readonly timestamp: string
  /** Number of iterations, including failed ones. */
  readonly iterations: number
  /** Share of the iterations without a failed call, 0 to 1. Only these iterations are measured. */
  readonly successRate: number
  /** Percentage of hits. Always 100 in this scenario, because a miss stops the benchmark. */
  readonly cacheHitRate: number
  /** Highest memory (RSS) of the whole process during the measurement, in MiB. */
  readonly memoryPeakMb: number
  /** Increase of the memory during the measurement, in MiB. It includes the data of the benchmark. */
  readonly memoryUsageMb: number
  /** Grade of `avgDurationMs`. */
  readonly performanceGrade: PerformanceGrade
  readonly operations: {
    readonly set: DurationStatistics
    readonly get: DurationStatistics
    readonly exists: DurationStatistics
  }
  readonly metadata: BenchmarkMetadata
}

/** Conditions of the measurement. */
export interface BenchmarkMetadata {
  /** Number of iterations before the measured ones. */
  readonly warmupIterations: number
  /** Seed of the test data. */
  readonly seed: number
  readonly environment: Environment
}

/** Machine and runtime of a measurement. Results of different environments cannot be compared. */
export interface Environment {
  /** Operating system and architecture, such as `'linux x64'`. */
  readonly platform: string
  /** Runtime, such as `'Node.js 22.3.0'`. */
  readonly runtimeVersion: string
  readonly processor: string
  /** Number of processors that this process can use. */
  readonly cpuCount: number
}

const GRADES: readonly [upToMs: number, grade: PerformanceGrade][] = [
  [5, 'Excellent'],
  [25, 'Good'],
  [50, 'Acceptable'],
  [100, 'Poor'],
]

/**
 * Returns the grade of an average duration.
 *
 * Limits: 5 ms Excellent, 25 ms Good, 50 ms Acceptable, 100 ms Poor. Above 100 ms the grade is Critical.
 */
export function performanceGrade(avgDurationMs: number): PerformanceGrade {
  return GRADES.find(([upToMs]) => avgDurationMs <= upToMs)?.[1] ?? 'Critical'
}

/** Returns the environment of this process. */
export function currentEnvironment(): Environment {
  return {
    platform: `${process.platform} ${process.arch}`,
    runtimeVersion: `Node.js ${process.versions.node}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cpuCount: availableParallelism(),
  }
}

/** Returns a result with snake_case names, for `JSON.stringify`. */
export function exportResult(result: BenchmarkResult): Record<string, unknown> {
  return toSnakeCase(result)
}

function toSnakeCase(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === 'object' && value !== null ? toSnakeCase(value) : value,
    ]),
  )
}
