import { availableParallelism, cpus } from 'node:os'
import type { DurationStatistics } from './statistics.js'

/** Grade of an average duration, see {@link performanceGrade}. */
export type PerformanceGrade = 'Excellent' | 'Good' | 'Acceptable' | 'Poor' | 'Critical'

/** Scenario of a result. */
export type OperationType =
  | 'basic_operations'
  | 'memory_cache_performance'
  | 'compression_efficiency'

/** Operation that a scenario measures. */
export type MeasuredOperation = 'set' | 'get' | 'exists'

/**
 * Result of one scenario with one cache. It is plain data that survives JSON.
 *
 * The durations at this level are those of an iteration. In the scenario `basic_operations`, an iteration
 * is one `set`, one `get` and one `exists`. `operations` has the durations of each operation.
 */
export interface BenchmarkResult extends DurationStatistics {
  readonly operationType: OperationType
  readonly cacheName: string
  /** End of the benchmark in ISO 8601. */
  readonly timestamp: string
  /** Number of iterations, including failed ones. */
  readonly iterations: number
  /** Share of the iterations without a failed call, 0 to 1. Only these iterations are measured. */
  readonly successRate: number
  /** Hits / reads, in percent. Absent without a read. */
  readonly cacheHitRate?: number
  /** Highest memory (RSS) of the whole process during the measurement, in MiB. 0 without memory tracking. */
  readonly memoryPeakMb: number
  /** Increase of the memory during the measurement, in MiB. It includes the data of the benchmark. */
  readonly memoryUsageMb: number
  /** Compressed bytes / uncompressed bytes. Absent if it was not measured. */
  readonly compressionRatio?: number
  /** Uncompressed minus compressed bytes, in MiB. Absent if it was not measured. */
  readonly compressionSavingsMb?: number
  /** Grade of `avgDurationMs`. */
  readonly performanceGrade: PerformanceGrade
  /** Durations of each operation that the scenario measured. */
  readonly operations: { readonly [Operation in MeasuredOperation]?: DurationStatistics }
  /** Duration of each measured iteration in milliseconds, in the order of time. */
  readonly samplesMs: readonly number[]
  readonly metadata: BenchmarkMetadata
}

/** Counts of a scenario. Each scenario has some of them. */
export interface ScenarioCounts {
  readonly totalOperations?: number
  readonly successfulOperations?: number
  readonly cacheHits?: number
  readonly cacheMisses?: number
  /** Hits in the memory tier. Absent without a `monitor`. */
  readonly memoryHits?: number
  /** Hits in Redis. Absent without a `monitor`. */
  readonly redisHits?: number
  /** Hits in the memory tier / reads, in percent. Absent without a `monitor`. */
  readonly memoryHitRate?: number
  /** Hits / reads, in percent. */
  readonly overallHitRate?: number
  /** Whether a read hit the memory tier. Absent without a `monitor`. */
  readonly hasMemoryCache?: boolean
  readonly evictionTestEntries?: number
  /** Whether the cache compressed a value. Absent without a `monitor`. */
  readonly hasCompression?: boolean
  /** Bytes of the compressed values before compression. Absent without a `monitor`. */
  readonly totalOriginalBytes?: number
  /** Bytes of the same values after compression. Absent without a `monitor`. */
  readonly totalCompressedBytes?: number
  /** Compressed / uncompressed bytes. Absent if nothing was compressed. */
  readonly avgCompressionRatio?: number
  /** Saved bytes in percent. Absent if nothing was compressed. */
  readonly compressionSavingsPercent?: number
  /** Number of kinds of data. */
  readonly compressionTestTypes?: number
}

/** Conditions of the measurement. */
export interface BenchmarkMetadata extends ScenarioCounts {
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

/** Returns whether the average duration of a result is at most a limit in milliseconds. */
export function meetsThreshold(result: BenchmarkResult, limitMs: number): boolean {
  return result.avgDurationMs <= limitMs
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

/** Returns data with snake_case names at every depth. */
export function toSnakeCase(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCaseValue(value),
    ]),
  )
}

function snakeCaseValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCaseValue)
  return typeof value === 'object' && value !== null ? toSnakeCase(value) : value
}
