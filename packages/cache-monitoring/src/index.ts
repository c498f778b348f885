export type { MemoryWarning } from './advice/memory-warnings.js'
export type { Recommendation } from './advice/recommendation.js'
export type { Alert, AlertChange, AlertLevel, AlertName } from './alerts/alert.js'
export { type CombinedMonitor, combineMonitors } from './export/combine-monitors.js'
export type {
  ExportedCompression,
  ExportedCount,
  ExportedInvalidation,
  ExportedKeyGeneration,
  ExportedLatencies,
  ExportedMemoryUsage,
  ExportedMetrics,
  ExportedOperation,
  ExportedResponseCount,
} from './export/metrics-export.js'
export type {
  InvalidationEfficiency,
  InvalidationFrequencyStats,
  InvalidationStats,
  NoInvalidationFrequencyStats,
} from './figures/invalidation-stats.js'
export type { LatencyStats } from './figures/latency-stats.js'
export type { MemoryStats, NoMemoryStats } from './figures/memory-stats.js'
export type {
  CacheOperationStats,
  CompressionStats,
  DurationStats,
  KeyGenerationStats,
  OperationTypeStats,
  PerformanceStats,
  ResponseStats,
} from './figures/performance-stats.js'
export type { SlowOperation, SlowOperations } from './figures/slow-operations.js'
export type { Trend, Trends, TrendToThresholds } from './figures/trends.js'
export type { CachePerformanceMonitorOptions } from './options.js'
export {
  CachePerformanceMonitor,
  type MonitorEvents,
  type PerformanceMonitor,
} from './performance-monitor.js'
export { LatencyHistogram, type LatencyHistogramData } from './records/latency-histogram.js'
export type {
  AdditionalData,
  AdditionalValue,
  AnyAdditionalData,
  CacheOperationTime,
  CompressionRatio,
  InvalidationEvent,
  KeyGenerationTime,
  MemoryUsageRecord,
} from './records/measurements.js'
export type { OperationName, TierName } from './records/operation-counts.js'
