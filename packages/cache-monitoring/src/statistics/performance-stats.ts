import { hitRate } from '@verbatim/cache-core/implement'
import type { ResolvedOptions } from '../options.js'
import {
  type CompressionMeasurement,
  compressionRatio,
  type KeyGenerationMeasurement,
  type OperationMeasurement,
} from '../records/measurements.js'
import type { OperationCounts, OperationName, TierName } from '../records/operation-counts.js'
import type { Recordings } from '../records/recordings.js'
import type { ResponseCount } from '../records/response-counts.js'
import { distribution, sum } from './distribution.js'
import { type InvalidationStats, invalidationStats } from './invalidation-stats.js'
import { type MemoryStats, memoryStats } from './memory-stats.js'

/**
 * The statistics of a monitor.
 *
 * The counts at this level, the latencies and the responses cover the time since the last reset. The other
 * sections cover the measurements of the last `retentionHours`, at most `maxMeasurements` of each kind. A
 * section without measurements is absent.
 */
export interface PerformanceStats {
  /** When the statistics were computed, in ISO 8601. */
  readonly timestamp: string
  readonly retentionHours: number
  /** hits / (hits + misses), in percent; absent before the first hit or miss. */
  readonly cacheHitRate?: number
  /** Operations of every kind and outcome. */
  readonly totalCacheOperations: number
  /** Reads that found their key. */
  readonly cacheHits: number
  /** Reads that did not find their key. */
  readonly cacheMisses: number
  /** Operations that failed in the backend; a failed read is neither a hit nor a miss. */
  readonly cacheErrors: number
  /** Records that were rejected for an impossible number or an unknown name. */
  readonly rejectedRecords: number
  readonly keyGeneration?: KeyGenerationStats
  readonly cacheOperations?: CacheOperationStats
  /** One item for each operation and tier with a timed operation. */
  readonly latencies: readonly LatencyStats[]
  readonly compression?: CompressionStats
  readonly memoryUsage?: MemoryStats
  readonly invalidation?: InvalidationStats
  /** AI responses by operation and model; absent where no cache reports any. */
  readonly responses?: readonly ResponseStats[]
}

/** Percentiles of one operation in one tier since the last reset, in seconds. */
export interface LatencyStats {
  readonly operation: OperationName
  readonly tier: TierName
  /** Operations that were timed. */
  readonly count: number
  /** Each percentile is within 1 % of the exact one. */
  readonly p50Seconds: number
  readonly p90Seconds: number
  readonly p95Seconds: number
  readonly p99Seconds: number
  readonly p999Seconds: number
}

/** Lookups and stores of the AI responses of one operation and one model. */
export interface ResponseStats {
  /** One of the first hundred operations; `'other'` for the rest, and for a text that is not a name. */
  readonly operation: string
  /** The model, with the same limits; absent where requests name none. */
  readonly model?: string
  readonly hits: number
  readonly misses: number
  /** Lookups that waited for the computation of another lookup. */
  readonly joined: number
  /** Lookups that the backend could not answer. */
  readonly errors: number
  readonly stored: number
  /** Stores that failed. */
  readonly failed: number
  /** hits / (hits + misses), in percent; absent before the first hit or miss. */
  readonly hitRate?: number
}

/** Durations of operations. */
export interface DurationStats {
  readonly avgDurationSeconds: number
  /** For an even number of measurements, the mean of the two in the middle. */
  readonly medianDurationSeconds: number
  readonly minDurationSeconds: number
  readonly maxDurationSeconds: number
}

/** Retained generations of keys. */
export interface KeyGenerationStats extends DurationStats {
  readonly totalOperations: number
  /** In characters. */
  readonly avgTextLength: number
  /** In characters. */
  readonly maxTextLength: number
  /** Generations that took longer than `keyGenerationThreshold`. */
  readonly slowOperations: number
}

/** Retained operations. */
export interface CacheOperationStats extends DurationStats {
  readonly totalOperations: number
  /** Operations that took longer than `cacheOperationThreshold`. */
  readonly slowOperations: number
  /** By operation, such as `get`. */
  readonly byOperationType: Readonly<Record<string, OperationTypeStats>>
}

/** Retained operations of one type. */
export interface OperationTypeStats {
  readonly count: number
  readonly avgDurationSeconds: number
  readonly maxDurationSeconds: number
}

/**
 * Retained compressions. A compression ratio is compressed / uncompressed bytes: smaller is better, 1 for an
 * empty value.
 */
export interface CompressionStats {
  readonly totalOperations: number
  readonly avgCompressionRatio: number
  readonly medianCompressionRatio: number
  /** The smallest ratio. */
  readonly bestCompressionRatio: number
  /** The largest ratio. */
  readonly worstCompressionRatio: number
  readonly avgCompressionTimeSeconds: number
  readonly maxCompressionTimeSeconds: number
  /** Bytes before compression. */
  readonly totalBytesProcessed: number
  /** Bytes before minus bytes after; negative where compression made values larger. */
  readonly totalBytesSaved: number
  /** totalBytesSaved / totalBytesProcessed, in percent; absent without bytes. */
  readonly overallSavingsPercent?: number
}

/** Computes the statistics of a monitor. */
export function performanceStats(
  recordings: Recordings,
  options: ResolvedOptions,
): PerformanceStats {
  const { retentionHours, keyGenerationThreshold, cacheOperationThreshold, clock } = options
  const { totals, counts, sums } = recordings
  const keyGenerations = recordings.keyGenerations.measurements()
  const operations = recordings.operations.measurements()
  const compressions = recordings.compressions.measurements()
  const memoryUsage = memoryStats(recordings.memory, options)
  const responses = recordings.responses.all().map(responseStats)
  return {
    timestamp: new Date(clock.wallTime()).toISOString(),
    retentionHours,
    ...rateField('cacheHitRate', hitRate(totals)),
    totalCacheOperations: totals.operations,
    cacheHits: totals.hits,
    cacheMisses: totals.misses,
    cacheErrors: totals.errors,
    rejectedRecords: sums.rejected,
    latencies: latencyStats(counts),
    ...(keyGenerations.length > 0 && {
      keyGeneration: summarizeKeyGeneration(keyGenerations, keyGenerationThreshold),
    }),
    ...(operations.length > 0 && {
      cacheOperations: summarizeOperations(operations, cacheOperationThreshold),
    }),
    ...(compressions.length > 0 && { compression: summarizeCompression(compressions) }),
    ...(!memoryUsage.noMeasurements && { memoryUsage }),
    ...(recordings.invalidations.measurements().length > 0 && {
      invalidation: invalidationStats(recordings),
    }),
    ...(responses.length > 0 && { responses }),
  }
}

function responseStats({ operation, model, outcomes }: ResponseCount): ResponseStats {
  const { hit: hits, miss: misses, joined, error: errors, stored, failed } = outcomes
  const named = model === undefined ? { operation } : { operation, model }
  const counts = { hits, misses, joined, errors, stored, failed }
  return { ...named, ...counts, ...rateField('hitRate', hitRate({ hits, misses })) }
}

/** Returns a rate as a field; no field for an unknown rate. */
function rateField<Name extends string>(
  name: Name,
  rate: number | undefined,
): { readonly [Each in Name]?: number } {
  return rate === undefined ? {} : ({ [name]: rate } as { [Each in Name]: number })
}

function latencyStats(counts: OperationCounts): LatencyStats[] {
  return Array.from(counts.used())
    .filter(({ latencies }) => latencies.count > 0)
    .map(({ operation, tier, latencies }) => {
      const at = (percent: number): number => latencies.percentile(percent) ?? 0
      return {
        operation,
        tier,
        count: latencies.count,
        p50Seconds: at(50),
        p90Seconds: at(90),
        p95Seconds: at(95),
        p99Seconds: at(99),
        p999Seconds: at(99.9),
      }
    })
}

/** @param measurements - at least one, as for the functions below */
function summarizeKeyGeneration(
  measurements: readonly KeyGenerationMeasurement[],
  slowAboveSeconds: number,
): KeyGenerationStats {
  const durations = measurements.map(({ duration }) => duration)
  const textLengths = distribution(measurements.map(({ textLength }) => textLength))
  return {
    totalOperations: measurements.length,
    ...durationStats(durations),
    avgTextLength: textLengths.mean,
    maxTextLength: textLengths.max,
    slowOperations: countAbove(durations, slowAboveSeconds),
  }
}

function summarizeOperations(
  measurements: readonly OperationMeasurement[],
  slowAboveSeconds: number,
): CacheOperationStats {
  const durations = measurements.map(({ duration }) => duration)
  const durationsByType = new Map<string, number[]>()
  for (const { operation, duration } of measurements) {
    const ofThisType = durationsByType.get(operation)
    if (ofThisType === undefined) durationsByType.set(operation, [duration])
    else ofThisType.push(duration)
  }
  return {
    totalOperations: measurements.length,
    ...durationStats(durations),
    slowOperations: countAbove(durations, slowAboveSeconds),
    byOperationType: Object.fromEntries(
      Array.from(durationsByType, ([operation, ofThisType]): [string, OperationTypeStats] => {
        const { mean, max } = distribution(ofThisType)
        const count = ofThisType.length
        return [operation, { count, avgDurationSeconds: mean, maxDurationSeconds: max }]
      }),
    ),
  }
}

/** Summarizes at least one compression. */
export function summarizeCompression(
  measurements: readonly CompressionMeasurement[],
): CompressionStats {
  const ratios = distribution(measurements.map(compressionRatio))
  const times = distribution(measurements.map(({ compressionTime }) => compressionTime))
  const bytesBefore = sum(measurements.map(({ originalSize }) => originalSize))
  const bytesSaved = bytesBefore - sum(measurements.map(({ compressedSize }) => compressedSize))
  return {
    totalOperations: measurements.length,
    avgCompressionRatio: ratios.mean,
    medianCompressionRatio: ratios.median,
    bestCompressionRatio: ratios.min,
    worstCompressionRatio: ratios.max,
    avgCompressionTimeSeconds: times.mean,
    maxCompressionTimeSeconds: times.max,
    totalBytesProcessed: bytesBefore,
    totalBytesSaved: bytesSaved,
    ...(bytesBefore > 0 && { overallSavingsPercent: (bytesSaved / bytesBefore) * 100 }),
  }
}

function durationStats(seconds: readonly number[]): DurationStats {
  const { mean, median, min, max } = distribution(seconds)
  return {
    avgDurationSeconds: mean,
    medianDurationSeconds: median,
    minDurationSeconds: min,
    maxDurationSeconds: max,
  }
}

function countAbove(values: readonly number[], threshold: number): number {
  return values.filter((value) => value > threshold).length
}
