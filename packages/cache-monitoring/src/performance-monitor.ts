import type {
  CacheMonitor,
  CacheOperation,
  CacheTier,
  Clock,
  OperationOutcome,
} from '@verbatim/cache-core'
import type {
  AdditionalData,
  CacheOperationTime,
  CompressionMeasurement,
  CompressionRatio,
  InvalidationEvent,
  InvalidationMeasurement,
  KeyGenerationMeasurement,
  KeyGenerationTime,
  OperationMeasurement,
} from './measurements.js'
import {
  type ExportedMetrics,
  exportCompression,
  exportInvalidation,
  exportKeyGeneration,
  exportOperation,
} from './metrics-export.js'
import {
  type CachePerformanceMonitorOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.js'
import type { PerformanceStats } from './performance-stats.js'
import { RecentRecords } from './recent-records.js'
import {
  summarizeCompression,
  summarizeInvalidation,
  summarizeKeyGeneration,
  summarizeOperations,
} from './summaries.js'
import { countOperation, hitRate, noTotals } from './totals.js'

const NOTHING_TO_ADD: AdditionalData = Object.freeze({})
const MILLISECONDS_PER_HOUR = 3_600_000

/**
 * Counts what caches report and keeps the latest measurements, in bounded memory.
 *
 * Hand it to a cache as `performanceMonitor`; the cache then calls the `observe` methods by itself.
 * The `record` methods are for work that no cache reports. Both take constant time and never throw:
 * a record with a negative, infinite or missing number is left out and counted in
 * {@link PerformanceStats.rejectedRecords}.
 *
 * Only reads move hits and misses. An operation that ended in an error counts in
 * {@link PerformanceStats.cacheErrors} and in nothing else: it says nothing about whether a key was
 * there. A cache that turns trouble with its backend into a miss reports a miss.
 */
export class CachePerformanceMonitor implements CacheMonitor {
  readonly #options: ResolvedOptions
  readonly #clock: Clock
  readonly #operations: RecentRecords<OperationMeasurement>
  readonly #keyGenerations: RecentRecords<KeyGenerationMeasurement>
  readonly #compressions: RecentRecords<CompressionMeasurement>
  readonly #invalidations: RecentRecords<InvalidationMeasurement>
  #totals = noTotals()

  /** @throws ConfigurationError that names the option and what it may be */
  constructor(options: CachePerformanceMonitorOptions = {}) {
    this.#options = resolveOptions(options)
    this.#clock = this.#options.clock
    const retention = {
      capacity: this.#options.maxMeasurements,
      milliseconds: this.#options.retentionHours * MILLISECONDS_PER_HOUR,
      clock: this.#clock,
    }
    this.#operations = new RecentRecords(retention)
    this.#keyGenerations = new RecentRecords(retention)
    this.#compressions = new RecentRecords(retention)
    this.#invalidations = new RecentRecords(retention)
  }

  /**
   * Counts an operation on a cache. Called by the cache, once for each logical operation. One that
   * was not timed counts, and leaves no measurement.
   */
  observeOperation(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    milliseconds: number | undefined,
  ): void {
    if (milliseconds === undefined) {
      countOperation(this.#totals, operation, outcome)
      return
    }
    const duration = milliseconds / 1_000
    const additionalData = NOTHING_TO_ADD
    this.#addOperation({ operation, outcome, tier, duration, textLength: 0, additionalData })
  }

  /** Counts a key that was made. Called by the key generator. */
  observeKeyGeneration(milliseconds: number, textLength: number, operation: string): void {
    const duration = milliseconds / 1_000
    this.recordKeyGenerationTime({ duration, textLength, operationType: operation })
  }

  /** Counts a value that was compressed. Called by the cache. */
  observeCompression(originalBytes: number, compressedBytes: number, milliseconds: number): void {
    this.recordCompressionRatio({
      originalSize: originalBytes,
      compressedSize: compressedBytes,
      compressionTime: milliseconds / 1_000,
    })
  }

  /** Counts an invalidation. Called by the cache, which does not tell its pattern. */
  observeInvalidation(keysInvalidated: number, milliseconds: number): void {
    this.recordInvalidationEvent({ pattern: '', keysInvalidated, duration: milliseconds / 1_000 })
  }

  /** Counts an operation on something that does not report to this monitor. */
  recordCacheOperationTime(record: CacheOperationTime): void {
    const { operation, duration, cacheHit, textLength = 0, additionalData } = record
    const outcome = operation !== 'get' ? 'ok' : cacheHit ? 'hit' : 'miss'
    this.#addOperation({
      operation,
      outcome,
      tier: null,
      duration,
      textLength,
      additionalData: copied(additionalData),
    })
  }

  /** Counts a key that was made by something that does not report to this monitor. */
  recordKeyGenerationTime(record: KeyGenerationTime): void {
    const { duration, textLength, operationType = '', additionalData } = record
    if (this.#rejects(duration, textLength)) return
    this.#keyGenerations.add({
      duration,
      textLength,
      operationType,
      additionalData: copied(additionalData),
    })
  }

  /** Counts a value compressed by something that does not report to this monitor. */
  recordCompressionRatio(record: CompressionRatio): void {
    const { originalSize, compressedSize, compressionTime, operationType = '' } = record
    if (this.#rejects(originalSize, compressedSize, compressionTime)) return
    this.#compressions.add({ originalSize, compressedSize, compressionTime, operationType })
  }

  /** Counts an invalidation of something that does not report to this monitor. */
  recordInvalidationEvent(record: InvalidationEvent): void {
    const { pattern, keysInvalidated, duration, additionalData } = record
    const { invalidationType = 'manual', operationContext = '' } = record
    if (this.#rejects(keysInvalidated, duration)) return
    this.#totals.invalidations++
    this.#totals.keysInvalidated += keysInvalidated
    this.#invalidations.add({
      pattern,
      keysInvalidated,
      duration,
      invalidationType,
      operationContext,
      additionalData: copied(additionalData),
    })
  }

  /** The figures so far. Takes time in proportion to the measurements kept. */
  getPerformanceStats(): PerformanceStats {
    const totals = this.#totals
    const { retentionHours, keyGenerationThreshold, cacheOperationThreshold } = this.#options
    const keyGenerations = measurementsOf(this.#keyGenerations)
    const operations = measurementsOf(this.#operations)
    const compressions = measurementsOf(this.#compressions)
    const invalidations = measurementsOf(this.#invalidations)
    return {
      timestamp: this.#isoTime(),
      retentionHours,
      cacheHitRate: hitRate(totals),
      totalCacheOperations: totals.operations,
      cacheHits: totals.hits,
      cacheMisses: totals.misses,
      cacheErrors: totals.errors,
      rejectedRecords: totals.rejected,
      ...(keyGenerations.length > 0 && {
        keyGeneration: summarizeKeyGeneration(keyGenerations, keyGenerationThreshold),
      }),
      ...(operations.length > 0 && {
        cacheOperations: summarizeOperations(operations, cacheOperationThreshold),
      }),
      ...(compressions.length > 0 && { compression: summarizeCompression(compressions) }),
      ...(invalidations.length > 0 && {
        invalidation: summarizeInvalidation(invalidations, totals),
      }),
    }
  }

  /**
   * The retained measurements and all counts, ready for `JSON.stringify`.
   *
   * Holds the patterns and additional data that were recorded, so treat it as you treat those.
   */
  exportMetrics(): ExportedMetrics {
    const totals = this.#totals
    return {
      key_generation_times: this.#keyGenerations.read().map(exportKeyGeneration),
      cache_operation_times: this.#operations.read().map(exportOperation),
      compression_ratios: this.#compressions.read().map(exportCompression),
      invalidation_events: this.#invalidations.read().map(exportInvalidation),
      cache_hits: totals.hits,
      cache_misses: totals.misses,
      cache_errors: totals.errors,
      total_operations: totals.operations,
      total_invalidations: totals.invalidations,
      total_keys_invalidated: totals.keysInvalidated,
      rejected_records: totals.rejected,
      export_timestamp: this.#isoTime(),
    }
  }

  /** Forgets every measurement and count. Options stay as they are. */
  resetStats(): void {
    this.#totals = noTotals()
    this.#operations.clear()
    this.#keyGenerations.clear()
    this.#compressions.clear()
    this.#invalidations.clear()
  }

  #addOperation(measurement: OperationMeasurement): void {
    if (this.#rejects(measurement.duration, measurement.textLength)) return
    countOperation(this.#totals, measurement.operation, measurement.outcome)
    this.#operations.add(measurement)
  }

  /** Tells whether a record has to be left out, and counts it if so. */
  #rejects(...amounts: readonly number[]): boolean {
    if (amounts.every((amount) => Number.isFinite(amount) && amount >= 0)) return false
    this.#totals.rejected++
    return true
  }

  #isoTime(): string {
    return new Date(this.#clock.wallTime()).toISOString()
  }
}

function measurementsOf<Measurement>(records: RecentRecords<Measurement>): Measurement[] {
  return records.read().map(({ measurement }) => measurement)
}

/** A copy, so that the one who recorded it may go on using the object. */
function copied(additionalData: AdditionalData | undefined): AdditionalData {
  return additionalData === undefined ? NOTHING_TO_ADD : { ...additionalData }
}
