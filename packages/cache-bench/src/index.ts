export type { BenchmarkedCache } from './basic-operations.js'
export {
  type BenchmarkOptions,
  CachePerformanceBenchmark,
  type CachePerformanceBenchmarkOptions,
} from './benchmark.js'
export {
  type BenchmarkMetadata,
  type BenchmarkResult,
  type Environment,
  exportResult,
  type PerformanceGrade,
  performanceGrade,
} from './benchmark-result.js'
export { formatTable } from './format-table.js'
export { type DurationStatistics, durationStatistics, percentile } from './statistics.js'
export { type BasicOperationsItem, generateBasicOperationsData } from './test-data.js'
