import type { CacheTier, OperationOutcome } from '@verbatim/cache-core'
import {
  type AdditionalData,
  type CompressionMeasurement,
  compressionRatio,
  type InvalidationMeasurement,
  type KeyGenerationMeasurement,
  type OperationMeasurement,
} from './measurements.js'
import type { Timed } from './recent-records.js'

/** Everything a monitor holds, as plain data that JSON can carry. Durations are in seconds. */
export interface ExportedMetrics {
  readonly key_generation_times: readonly ExportedKeyGeneration[]
  readonly cache_operation_times: readonly ExportedOperation[]
  readonly compression_ratios: readonly ExportedCompression[]
  readonly invalidation_events: readonly ExportedInvalidation[]
  readonly cache_hits: number
  readonly cache_misses: number
  readonly cache_errors: number
  readonly total_operations: number
  readonly total_invalidations: number
  readonly total_keys_invalidated: number
  readonly rejected_records: number
  /** ISO 8601. */
  readonly export_timestamp: string
}

/** A key that was made. */
export interface ExportedKeyGeneration {
  readonly duration: number
  readonly text_length: number
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly operation_type: string
  readonly additional_data: AdditionalData
}

/** An operation on a cache; `operation_type` is what was done, such as `'get'`. */
export interface ExportedOperation extends ExportedKeyGeneration {
  readonly outcome: OperationOutcome
  /** What answered; `null` where it was recorded by hand. */
  readonly tier: CacheTier | null
}

/** A value that was compressed. Sizes are in bytes. */
export interface ExportedCompression {
  readonly original_size: number
  readonly compressed_size: number
  readonly compression_ratio: number
  readonly compression_time: number
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly operation_type: string
}

/** An invalidation; `pattern` is empty where a cache reported it. */
export interface ExportedInvalidation {
  readonly pattern: string
  readonly keys_invalidated: number
  readonly duration: number
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly invalidation_type: string
  readonly operation_context: string
  readonly additional_data: AdditionalData
}

export function exportKeyGeneration(
  record: Timed<KeyGenerationMeasurement>,
): ExportedKeyGeneration {
  const { measurement, timestamp } = record
  return {
    duration: measurement.duration,
    text_length: measurement.textLength,
    timestamp,
    operation_type: measurement.operationType,
    additional_data: measurement.additionalData,
  }
}

export function exportOperation(record: Timed<OperationMeasurement>): ExportedOperation {
  const { measurement, timestamp } = record
  return {
    duration: measurement.duration,
    text_length: measurement.textLength,
    timestamp,
    operation_type: measurement.operation,
    outcome: measurement.outcome,
    tier: measurement.tier,
    additional_data: measurement.additionalData,
  }
}

export function exportCompression(record: Timed<CompressionMeasurement>): ExportedCompression {
  const { measurement, timestamp } = record
  return {
    original_size: measurement.originalSize,
    compressed_size: measurement.compressedSize,
    compression_ratio: compressionRatio(measurement),
    compression_time: measurement.compressionTime,
    timestamp,
    operation_type: measurement.operationType,
  }
}

export function exportInvalidation(record: Timed<InvalidationMeasurement>): ExportedInvalidation {
  const { measurement, timestamp } = record
  return {
    pattern: measurement.pattern,
    keys_invalidated: measurement.keysInvalidated,
    duration: measurement.duration,
    timestamp,
    invalidation_type: measurement.invalidationType,
    operation_context: measurement.operationContext,
    additional_data: measurement.additionalData,
  }
}
