export type {
  AdditionalData,
  CacheOperationTime,
  CompressionRatio,
  InvalidationEvent,
  KeyGenerationTime,
} from './measurements.js'
export type {
  ExportedCompression,
  ExportedInvalidation,
  ExportedKeyGeneration,
  ExportedMetrics,
  ExportedOperation,
} from './metrics-export.js'
export type { CachePerformanceMonitorOptions } from './options.js'
export { CachePerformanceMonitor } from './performance-monitor.js'
export type {
  CacheOperationStats,
  CompressionStats,
  DurationStats,
  InvalidationStats,
  KeyGenerationStats,
  OperationTypeStats,
  PerformanceStats,
} from './performance-stats.js'
