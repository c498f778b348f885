import type { CacheTier, OperationOutcome, ResponseOutcome } from '@verbatim/cache-core'
import type { Alert } from '../advice/alerts.js'
import type { ResolvedOptions } from '../options.js'
import type { LatencyHistogramData } from '../records/latency-histogram.js'
import {
  type AdditionalData,
  type CompressionMeasurement,
  compressionRatio,
  type InvalidationMeasurement,
  type KeyGenerationMeasurement,
  type MemoryUsage,
  type OperationMeasurement,
} from '../records/measurements.js'
import {
  type OperationCell,
  type OperationName,
  OUTCOMES,
  type TierName,
} from '../records/operation-counts.js'
import type { Timed } from '../records/recent-records.js'
import type { Recordings } from '../records/recordings.js'
import { RESPONSE_OUTCOMES, type ResponseCount } from '../records/response-counts.js'

/** The contents of a monitor as plain data that JSON can carry. Durations are in seconds. */
export interface ExportedMetrics {
  /** The name of the monitor. */
  readonly cache: string
  readonly key_generation_times: readonly ExportedKeyGeneration[]
  readonly cache_operation_times: readonly ExportedOperation[]
  readonly compression_ratios: readonly ExportedCompression[]
  readonly memory_usage_measurements: readonly ExportedMemoryUsage[]
  readonly invalidation_events: readonly ExportedInvalidation[]
  /** Histograms since the last reset, which other processes can merge. */
  readonly latencies: readonly ExportedLatencies[]
  /** Operations since the last reset, by tier and outcome. */
  readonly operation_counts: readonly ExportedCount[]
  /** Lookups and stores of AI responses since the last reset, by outcome. */
  readonly response_counts: readonly ExportedResponseCount[]
  readonly key_generation_latencies: LatencyHistogramData
  readonly alerts: readonly Alert[]
  readonly cache_hits: number
  readonly cache_misses: number
  readonly cache_errors: number
  readonly total_operations: number
  readonly total_invalidations: number
  readonly total_keys_invalidated: number
  readonly total_compressions: number
  readonly total_bytes_before_compression: number
  readonly total_bytes_after_compression: number
  readonly rejected_records: number
  /** ISO 8601. */
  readonly export_timestamp: string
}

/** The generation of a key. */
export interface ExportedKeyGeneration {
  readonly duration: number
  readonly text_length: number
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly operation_type: string
  readonly additional_data: AdditionalData
}

/** An operation on a cache; `operation_type` is the operation, such as `'get'`. */
export interface ExportedOperation extends Omit<ExportedKeyGeneration, 'text_length'> {
  /** `null` where it is not known. */
  readonly text_length: number | null
  readonly outcome: OperationOutcome
  /** `null` for an operation that an application recorded. */
  readonly tier: CacheTier | null
}

/** The compression of a value. Sizes are in bytes. */
export interface ExportedCompression {
  readonly original_size: number
  readonly compressed_size: number
  readonly compression_ratio: number
  readonly compression_time: number
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly operation_type: string
}

/** Memory in use. Sizes are in bytes; `process_memory_mb` is in units of 1,048,576. */
export interface ExportedMemoryUsage {
  readonly total_cache_size_bytes: number
  readonly cache_entry_count: number
  /** `null` without entries. */
  readonly avg_entry_size_bytes: number | null
  readonly memory_cache_size_bytes: number
  readonly memory_cache_entry_count: number
  /** The size of the shared store; `null` where it is not known. */
  readonly redis_size_bytes: number | null
  /** The entries of the shared store; `null` where they are not known. */
  readonly redis_entry_count: number | null
  readonly process_memory_mb: number
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly cache_utilization_percent: number
  readonly warning_threshold_reached: boolean
  readonly additional_data: AdditionalData
}

/** The latencies of an operation in a tier. `LatencyHistogram.fromJSON` takes the histogram. */
export interface ExportedLatencies {
  readonly operation: OperationName
  readonly tier: TierName
  readonly histogram: LatencyHistogramData
}

/** Operations with the same outcome. */
export interface ExportedCount {
  readonly operation: OperationName
  readonly tier: TierName
  readonly outcome: OperationOutcome
  readonly count: number
}

/** Lookups or stores of AI responses with the same outcome. */
export interface ExportedResponseCount {
  /** `'other'` beyond the first hundred, and for a text that is not a name. */
  readonly operation: string
  /** The model, with the same limits; `null` where requests name none. */
  readonly model: string | null
  readonly outcome: ResponseOutcome
  readonly count: number
}

/** An invalidation; `pattern` is empty for one that a cache reported. */
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

/** Counts and histograms since the last reset, without the retained measurements. */
export type ExportedCounts = Pick<
  ExportedMetrics,
  'latencies' | 'operation_counts' | 'response_counts'
>

/** Exports the counts and histograms of a monitor. */
export function exportCounts({ counts, responses }: Recordings): ExportedCounts {
  return {
    latencies: Array.from(counts.used())
      .filter(({ latencies }) => latencies.count > 0)
      .map(({ operation, tier, latencies }) => {
        return { operation, tier, histogram: latencies.toJSON() }
      }),
    operation_counts: Array.from(counts.used()).flatMap(exportOutcomes),
    response_counts: responses.all().flatMap(exportResponses),
  }
}

/** Exports the contents of a monitor. */
export function exportMetrics(
  recordings: Recordings,
  alerts: readonly Alert[],
  { name, clock }: ResolvedOptions,
): ExportedMetrics {
  const { totals, sums } = recordings
  return {
    cache: name,
    key_generation_times: recordings.keyGenerations.read().map(exportKeyGeneration),
    cache_operation_times: recordings.operations.read().map(exportOperation),
    compression_ratios: recordings.compressions.read().map(exportCompression),
    memory_usage_measurements: recordings.memory.read().map(exportMemoryUsage),
    invalidation_events: recordings.invalidations.read().map(exportInvalidation),
    ...exportCounts(recordings),
    key_generation_latencies: recordings.keyGenerationLatencies.toJSON(),
    alerts,
    cache_hits: totals.hits,
    cache_misses: totals.misses,
    cache_errors: totals.errors,
    total_operations: totals.operations,
    total_invalidations: sums.invalidations,
    total_keys_invalidated: sums.keysInvalidated,
    total_compressions: sums.compressions,
    total_bytes_before_compression: sums.bytesBeforeCompression,
    total_bytes_after_compression: sums.bytesAfterCompression,
    rejected_records: sums.rejected,
    export_timestamp: new Date(clock.wallTime()).toISOString(),
  }
}

function exportOutcomes({ operation, tier, outcomes }: OperationCell): ExportedCount[] {
  return OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map((outcome) => {
    return { operation, tier, outcome, count: outcomes[outcome] }
  })
}

function exportResponses({ operation, model, outcomes }: ResponseCount): ExportedResponseCount[] {
  return RESPONSE_OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map((outcome) => {
    return { operation, model: model ?? null, outcome, count: outcomes[outcome] }
  })
}

function exportKeyGeneration(record: Timed<KeyGenerationMeasurement>): ExportedKeyGeneration {
  const { measurement, timestamp } = record
  return {
    duration: measurement.duration,
    text_length: measurement.textLength,
    timestamp,
    operation_type: measurement.operationType,
    additional_data: measurement.additionalData,
  }
}

function exportOperation(record: Timed<OperationMeasurement>): ExportedOperation {
  const { measurement, timestamp } = record
  return {
    duration: measurement.duration,
    text_length: measurement.textLength,
    timestamp,
    operation_type: measurement.operation,
    outcome: measurement.outcome,
    tier: measurement.tier === 'unspecified' ? null : measurement.tier,
    additional_data: measurement.additionalData,
  }
}

function exportCompression(record: Timed<CompressionMeasurement>): ExportedCompression {
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

function exportMemoryUsage(record: Timed<MemoryUsage>): ExportedMemoryUsage {
  const { measurement, timestamp } = record
  return {
    total_cache_size_bytes: measurement.totalCacheSizeBytes,
    cache_entry_count: measurement.cacheEntryCount,
    avg_entry_size_bytes: measurement.avgEntrySizeBytes,
    memory_cache_size_bytes: measurement.memoryCacheSizeBytes,
    memory_cache_entry_count: measurement.memoryCacheEntryCount,
    redis_size_bytes: measurement.redisBytes,
    redis_entry_count: measurement.redisKeys,
    process_memory_mb: measurement.processMemoryMb,
    timestamp,
    cache_utilization_percent: measurement.cacheUtilizationPercent,
    warning_threshold_reached: measurement.warningThresholdReached,
    additional_data: measurement.additionalData,
  }
}

function exportInvalidation(record: Timed<InvalidationMeasurement>): ExportedInvalidation {
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
