import type { ResolvedOptions } from '../options.js'
import type { Recordings } from '../records/recordings.js'
import type { ResponseCount } from '../records/response-counts.js'
import { hitRate } from '../records/totals.js'
import { type InvalidationStats, invalidationStats } from './invalidation-stats.js'
import { type LatencyStats, latencyStats } from './latency-stats.js'
import { type MemoryStats, memoryStats } from './memory-stats.js'
import { summarizeCompression, summarizeKeyGeneration, summarizeOperations } from './summaries.js'

/**
 * What a monitor has seen.
 *
 * The counts at this level, and the latencies, run since the monitor was made or last reset. The
 * sections cover the measurements of the last `retentionHours`, at most `maxMeasurements` of each kind, and a section
 * without any is left out.
 */
export interface PerformanceStats {
  /** When these figures were taken, in ISO 8601. */
  readonly timestamp: string
  readonly retentionHours: number
  /** hits / (hits + misses), in percent; left out before the first read that was answered. */
  readonly cacheHitRate?: number
  /** Operations of every kind and outcome. */
  readonly totalCacheOperations: number
  /** Reads that found their key. */
  readonly cacheHits: number
  /** Reads that did not find their key. */
  readonly cacheMisses: number
  /** Operations that the backend failed; a failed read is neither a hit nor a miss. */
  readonly cacheErrors: number
  /** Records left out for a number that was negative, infinite or none, or an unknown operation. */
  readonly rejectedRecords: number
  readonly keyGeneration?: KeyGenerationStats
  readonly cacheOperations?: CacheOperationStats
  /** One for each operation and tier of which something was timed. */
  readonly latencies: readonly LatencyStats[]
  readonly compression?: CompressionStats
  readonly memoryUsage?: MemoryStats
  readonly invalidation?: InvalidationStats
  /** AI responses, since the monitor was made or last reset; left out where no cache reports any. */
  readonly responses?: readonly ResponseStats[]
}

/** How look-ups and stores of AI responses ended, of one operation and one model. */
export interface ResponseStats {
  /** The first hundred operations; the rest, and what is no name, are `'other'`. */
  readonly operation: string
  /** The same of models; left out where requests name none. */
  readonly model?: string
  readonly hits: number
  readonly misses: number
  /** Look-ups that waited for the computation of another look-up, and have its response. */
  readonly joined: number
  /** Look-ups that the backend failed. */
  readonly errors: number
  readonly stored: number
  /** Stores that failed. */
  readonly failed: number
  /** hits / (hits + misses), in percent; left out before the first look-up that was answered. */
  readonly hitRate?: number
}

/** How long operations took. */
export interface DurationStats {
  readonly avgDurationSeconds: number
  /** Of an even number of measurements, the mean of the two in the middle. */
  readonly medianDurationSeconds: number
  readonly minDurationSeconds: number
  readonly maxDurationSeconds: number
}

/** Keys made within retention. */
export interface KeyGenerationStats extends DurationStats {
  readonly totalOperations: number
  /** In characters, like the next. */
  readonly avgTextLength: number
  readonly maxTextLength: number
  /** How many took longer than `keyGenerationThreshold`. */
  readonly slowOperations: number
}

/** Operations within retention. */
export interface CacheOperationStats extends DurationStats {
  readonly totalOperations: number
  /** How many took longer than `cacheOperationThreshold`. */
  readonly slowOperations: number
  /** By what was done, such as `get`. */
  readonly byOperationType: Readonly<Record<string, OperationTypeStats>>
}

/** Operations of one type within retention. */
export interface OperationTypeStats {
  readonly count: number
  readonly avgDurationSeconds: number
  readonly maxDurationSeconds: number
}

/**
 * Values compressed within retention.
 *
 * A compression ratio is compressed / original bytes: smaller is better, 1 for an empty original.
 */
export interface CompressionStats {
  readonly totalOperations: number
  readonly avgCompressionRatio: number
  readonly medianCompressionRatio: number
  /** The smallest. */
  readonly bestCompressionRatio: number
  /** The largest. */
  readonly worstCompressionRatio: number
  readonly avgCompressionTimeSeconds: number
  readonly maxCompressionTimeSeconds: number
  /** Bytes before compression. */
  readonly totalBytesProcessed: number
  /** Bytes before less bytes after; negative where compression made things larger. */
  readonly totalBytesSaved: number
  /** totalBytesSaved / totalBytesProcessed, in percent; left out when there were no bytes. */
  readonly overallSavingsPercent?: number
}

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

/** Returns a rate as a field; no field where the rate is not known. */
function rateField<Name extends string>(
  name: Name,
  rate: number | undefined,
): { readonly [Each in Name]?: number } {
  return rate === undefined ? {} : ({ [name]: rate } as { [Each in Name]: number })
}
