export type { BenchmarkedCache } from './basic-operations.js'
export {
  type BenchmarkOptions,
  CachePerformanceBenchmark,
  type CachePerformanceBenchmarkOptions,
} from './benchmark.js'
export {
  type BenchmarkMetadata,
  type BenchmarkResult,
  type PerformanceGrade,
  performanceGrade,
} from './benchmark-result.js'
export type { Environment } from './environment.js'
export { formatTable } from './format-table.js'
export { exportResult } from './result-export.js'
export { type DurationStatistics, durationStatistics, percentile } from './statistics.js'
export { type BasicOperationsItem, generateBasicOperationsData } from './test-data.js'
