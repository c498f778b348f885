export type { Alert, AlertChange, AlertLevel, AlertName } from './advice/alerts.js'
export { bySeverity, type Recommendation, type Severity } from './advice/recommendations.js'
export { type CombinedMonitor, combineMonitors } from './export/combine-monitors.js'
export type {
  ExportedCompression,
  ExportedCount,
  ExportedCounts,
  ExportedInvalidation,
  ExportedKeyGeneration,
  ExportedLatencies,
  ExportedMemoryUsage,
  ExportedMetrics,
  ExportedOperation,
  ExportedResponseCount,
} from './export/metrics-export.js'
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
export type {
  ResponseFigures,
  ResponseMeasurement,
  ResponseOutcomes,
} from './records/response-counts.js'
export type {
  InvalidationEfficiency,
  InvalidationFrequencyStats,
  InvalidationStats,
  NoInvalidationFrequencyStats,
} from './statistics/invalidation-stats.js'
export type { MemoryStats, NoMemoryStats } from './statistics/memory-stats.js'
export type {
  CacheOperationStats,
  CompressionStats,
  DurationStats,
  KeyGenerationStats,
  LatencyStats,
  OperationTypeStats,
  PerformanceStats,
  ResponseStats,
} from './statistics/performance-stats.js'
export type { SlowOperation, SlowOperations } from './statistics/slow-operations.js'
export type { Trend, Trends, TrendToThresholds } from './statistics/trends.js'
