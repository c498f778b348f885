export {
  type BasicOperationsOptions,
  type BenchmarkOptions,
  CachePerformanceBenchmark,
  type CachePerformanceBenchmarkOptions,
  type CompareOptions,
  type SuiteOptions,
} from './benchmark.js'
export { BenchmarkMonitor, type MonitorCounts } from './benchmark-monitor.js'
export {
  type BenchmarkMetadata,
  type BenchmarkResult,
  type Environment,
  exportResult,
  type MeasuredOperation,
  meetsThreshold,
  type OperationType,
  type PerformanceGrade,
  performanceGrade,
  type ScenarioCounts,
} from './benchmark-result.js'
export {
  type BenchmarkSuite,
  calculateOverallScore,
  type EnvironmentInfo,
  exportSuite,
  type FailedBenchmark,
  getOperationResult,
  memoryEfficiencyGrade,
  type SuiteGrade,
  suiteGrade,
} from './benchmark-suite.js'
export { BenchmarkConfig, type BenchmarkConfigOptions } from './config/benchmark-config.js'
export type { PresetName } from './config/presets.js'
export {
  type AlertLimits,
  type BenchmarkThresholds,
  DEFAULT_THRESHOLDS,
  type DurationLimits,
  type PartialThresholds,
} from './config/thresholds.js'
export { environmentInfo } from './environment-info.js'
export { formatTable } from './format-table.js'
export { type MedianInterval, median, medianInterval } from './harness/confidence.js'
export { LatencyHistogram, type LatencyPercentiles } from './harness/latency-histogram.js'
export {
  type ClosedLoopOptions,
  closedLoop,
  type LoadResult,
  type LoadSecond,
  type OpenLoopOptions,
  openLoop,
} from './harness/load.js'
export {
  type MeasureOptions,
  measureOperation,
  type OperationSamples,
} from './harness/measure-operation.js'
export { measureThroughput, type Throughput, type ThroughputOptions } from './harness/throughput.js'
export {
  type Area,
  type ComparisonResult,
  compareResults,
  summarizeComparison,
} from './regression/comparison-result.js'
export { mannWhitney, type RankTest } from './regression/mann-whitney.js'
export {
  type ComparedResult,
  type HitRateValidation,
  PerformanceRegressionDetector,
  type Regression,
  type RegressionDetectorOptions,
  type RegressionSeverity,
} from './regression/performance-regression-detector.js'
export type { OperationTrend, PerformanceTrends } from './regression/trends.js'
export {
  type BenchmarkReporter,
  detectFormatFromEnvironment,
  type ReportFormat,
  reporter,
} from './report/reporter.js'
export type { ReportOptions } from './report/text.js'
export type { BenchmarkedCache } from './scenarios/measurement.js'
export { type DurationStatistics, durationStatistics, percentile } from './statistics.js'
export {
  type AccessOperation,
  type AccessPattern,
  type BasicOperationsItem,
  type CompressionKind,
  type CompressionTestItem,
  generateBasicOperationsData,
  generateCompressionTestData,
  generateConcurrentAccessPatterns,
  generateMemoryPressureData,
  type MemoryPressureItem,
} from './test-data.js'
