import {
  type CacheMonitor,
  type CacheOperation,
  type CacheTier,
  EventHub,
  type LogLevel,
  type MemoryHolder,
  type OperationOutcome,
  Reporter,
  type ResponseOutcome,
  recognizeCopies,
} from '@verbatim/cache-core'
import { invalidationRecommendations } from './advice/invalidation-recommendations.js'
import { type MemoryWarning, memoryWarnings } from './advice/memory-warnings.js'
import type { Recommendation } from './advice/recommendation.js'
import { recommendations } from './advice/recommendations.js'
import type { Alert, AlertChange, AlertLevel } from './alerts/alert.js'
import { AlertBoard } from './alerts/alert-board.js'
import { measureAll } from './alerts/alert-rules.js'
import { type ExportedMetrics, exportMetrics } from './export/metrics-export.js'
import {
  type InvalidationFrequencyStats,
  invalidationFrequency,
  type NoInvalidationFrequencyStats,
} from './figures/invalidation-stats.js'
import { type MemoryStats, memoryStats, type NoMemoryStats } from './figures/memory-stats.js'
import { type PerformanceStats, performanceStats } from './figures/performance-stats.js'
import { type SlowOperations, slowOperations } from './figures/slow-operations.js'
import { type Trends, trends } from './figures/trends.js'
import {
  type CachePerformanceMonitorOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.js'
import { NOTHING_TO_ADD } from './records/additional-data.js'
import { areAmounts } from './records/amounts.js'
import type {
  CacheOperationTime,
  CompressionRatio,
  InvalidationEvent,
  KeyGenerationTime,
  MemoryUsageRecord,
} from './records/measurements.js'
import { MemoryHolders } from './records/memory-holders.js'
import type { OperationCounts } from './records/operation-counts.js'
import { Recordings } from './records/recordings.js'
import { reportRejected, reportUnknownSize } from './records/reports.js'
import { sampleAtInterval } from './records/sampling.js'

/** Where an alert of each level is logged. */
const LOG_LEVELS: Readonly<Record<AlertLevel, LogLevel>> = {
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
}

export interface MonitorEvents extends Record<string, readonly unknown[]> {
  alert: [alert: Alert, change: AlertChange]
}

/**
 * Counts what caches report and keeps the latest measurements, in bounded memory.
 *
 * Hand it to a cache as `performanceMonitor`; the cache then calls the `observe` methods by itself.
 * The `record` methods are for work that no cache reports. Both take constant time and never throw: a
 * record with a number that means nothing, or of an unknown operation, is left out and counted in
 * {@link PerformanceStats.rejectedRecords}.
 *
 * Only reads move hits and misses. An operation that ended in an error counts in
 * {@link PerformanceStats.cacheErrors} and in nothing else: it says nothing about whether a key was
 * there.
 */
export class CachePerformanceMonitor implements CacheMonitor {
  static {
    recognizeCopies(this, 'cache-monitoring/CachePerformanceMonitor')
  }

  readonly #options: ResolvedOptions
  readonly #recordings: Recordings
  /** Of the recordings; at hand, for most hits are counted and nothing more. */
  readonly #counts: OperationCounts
  readonly #reporter: Reporter
  readonly #holders: MemoryHolders
  readonly #events = new EventHub<MonitorEvents>(['alert'])
  readonly #alerts = new AlertBoard((alert, change) => this.#announce(alert, change))
  readonly #stopSampling: () => void
  #sampledAt = Number.NEGATIVE_INFINITY

  /** @throws ConfigurationError that names the option and what it may be */
  constructor(options: CachePerformanceMonitorOptions = {}) {
    this.#options = resolveOptions(options)
    this.#reporter = new Reporter(this.#options)
    this.#holders = new MemoryHolders(() => {
      reportUnknownSize(this.#reporter)
    })
    this.#recordings = new Recordings(this.#options, (reason) => {
      reportRejected(this.#reporter, reason)
    })
    this.#counts = this.#recordings.counts
    this.#stopSampling = sampleAtInterval(this, this.#options.sampleIntervalSeconds * 1_000)
  }

  /** The option, or the number of this monitor: its label `cache` on a page of metrics. */
  get name(): string {
    return this.#options.name
  }

  /** Calls a function when an alert is raised, changes its level or is cleared. Returns how to stop. */
  on<Name extends keyof MonitorEvents>(
    event: Name,
    listener: (...details: MonitorEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(event, listener)
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
      if (!this.#counts.cell(operation, tier)?.count(outcome)) this.#recordings.reject()
      return
    }
    const duration = toSeconds(milliseconds)
    const additionalData = NOTHING_TO_ADD
    this.#recordings.addOperation({
      operation,
      outcome,
      tier,
      duration,
      textLength: null,
      additionalData,
    })
  }

  /** Counts a key that was made. Called by the key generator. */
  observeKeyGeneration(milliseconds: number, textLength: number, operation: string): void {
    const duration = toSeconds(milliseconds)
    this.recordKeyGenerationTime({ duration, textLength, operationType: operation })
  }

  /** Counts a value that was compressed. Called by the cache. */
  observeCompression(originalBytes: number, compressedBytes: number, milliseconds: number): void {
    this.recordCompressionRatio({
      originalSize: originalBytes,
      compressedSize: compressedBytes,
      compressionTime: toSeconds(milliseconds),
    })
  }

  /** Counts an invalidation. Called by the cache, which does not tell its pattern. */
  observeInvalidation(keysInvalidated: number, milliseconds: number, reason?: string): void {
    this.recordInvalidationEvent({
      pattern: '',
      keysInvalidated,
      duration: toSeconds(milliseconds),
      operationContext: reason,
    })
  }

  /** Names a cache to be asked how much it holds. Called by the cache; it is not kept alive by it. */
  observeMemory(holder: MemoryHolder): void {
    if (!this.#holders.add(holder)) this.#recordings.reject()
  }

  /**
   * Counts a look-up or a store of an AI response. Called by the cache. Durations are checked, and not
   * kept.
   */
  observeResponse(
    operation: string,
    model: string | undefined,
    outcome: ResponseOutcome,
    milliseconds: number,
  ): void {
    if (!areAmounts(milliseconds)) this.#recordings.reject()
    else this.#recordings.addResponse(operation, model, outcome)
  }

  /** Counts an operation on something that does not report to this monitor. */
  recordCacheOperationTime(record: CacheOperationTime): void {
    this.#recordings.recordOperation(record)
  }

  /** Counts an operation of which is known whether it went well. */
  recordOperation(
    operation: CacheOperationTime['operation'],
    milliseconds: number,
    success: boolean,
  ): void {
    this.#recordings.addOperation({
      operation,
      outcome: success ? 'ok' : 'error',
      tier: 'unspecified',
      duration: toSeconds(milliseconds),
      textLength: null,
      additionalData: NOTHING_TO_ADD,
    })
  }

  /** Counts a key that was made by something that does not report to this monitor. */
  recordKeyGenerationTime(record: KeyGenerationTime): void {
    this.#recordings.recordKeyGeneration(record)
  }

  /** Counts a value compressed by something that does not report to this monitor. */
  recordCompressionRatio(record: CompressionRatio): void {
    this.#recordings.recordCompression(record)
  }

  /** Counts an invalidation of something that does not report to this monitor. */
  recordInvalidationEvent(record: InvalidationEvent): void {
    this.#recordings.recordInvalidation(record)
  }

  /** Notes how much memory is in use, where no cache tells by itself. */
  recordMemoryUsage(record: MemoryUsageRecord): void {
    this.#recordings.recordMemory(record)
  }

  /**
   * Asks caches how much they hold, and checks what may be alerted about. Done every
   * `sampleIntervalSeconds` by itself, and before figures are answered if it is due.
   */
  sample(): void {
    const use = this.#holders.use()
    if (use !== undefined) {
      this.recordMemoryUsage({
        memoryCacheBytes: use.bytes,
        memoryCacheEntries: use.entries,
        memoryCacheMaxEntries: use.maxEntries,
      })
    }
    this.#recordings.totalsHistory.add(this.#recordings.totals)
    this.#sampledAt = this.#options.clock.now()
    this.#checkAlerts()
  }

  /** The figures so far. Takes time in proportion to the measurements kept, as all that follow. */
  getPerformanceStats(): PerformanceStats {
    return performanceStats(this.#current, this.#options)
  }

  getMemoryUsageStats(): MemoryStats | NoMemoryStats {
    return memoryStats(this.#current.memory, this.#options)
  }

  /** What the newest measurement of memory says that should not be. */
  getMemoryWarnings(): MemoryWarning[] {
    return memoryWarnings(this.#current.newestMemory, this.#options)
  }

  getInvalidationFrequencyStats(): InvalidationFrequencyStats | NoInvalidationFrequencyStats {
    return invalidationFrequency(this.#current, this.#options)
  }

  getInvalidationRecommendations(): Recommendation[] {
    return invalidationRecommendations(this.#current, this.#options)
  }

  /** What might be done better, by all figures; what matters most comes first. */
  getRecommendations(): Recommendation[] {
    return recommendations(this.#current, this.#options)
  }

  /** Which way memory, the hit rate and the load go, and when a threshold is reached. */
  getTrends(): Trends {
    return trends(this.#current, this.#options)
  }

  /** What is as it should not be, checked anew. */
  getAlerts(): Alert[] {
    this.#checkAlerts()
    return this.#alerts.raised
  }

  /**
   * What took longer than others of its kind.
   *
   * @param multiplier - how many times the mean of the fastest four fifths; above 0
   * @throws ValidationError (`INVALID_MULTIPLIER`)
   */
  getRecentSlowOperations(multiplier = 2): SlowOperations {
    return slowOperations(this.#current, multiplier)
  }

  /**
   * The retained measurements and all counts, ready for `JSON.stringify`.
   *
   * Holds the patterns and additional data that were recorded, so treat it as you treat those.
   */
  exportMetrics(): ExportedMetrics {
    return exportMetrics(this.#current, this.getAlerts(), this.#options)
  }

  /** Forgets every measurement and count, and clears alerts. Options and caches stay as they are. */
  resetStats(): void {
    this.#recordings.clear()
    this.#alerts.clear()
  }

  /** Ends the sampling. A monitor that nobody uses any more ends it by itself. */
  close(): void {
    this.#stopSampling()
  }

  /** What was recorded, with a sample that is not older than others would be. */
  get #current(): Recordings {
    const age = this.#options.clock.now() - this.#sampledAt
    if (age >= this.#options.sampleIntervalSeconds * 1_000) this.sample()
    return this.#recordings
  }

  #announce(alert: Alert, change: AlertChange): void {
    const level = change === 'cleared' ? 'info' : LOG_LEVELS[alert.level]
    this.#reporter.log(level, `alert ${alert.name} ${change}, ${alert.level}: ${alert.message}`)
    this.#events.emit('alert', alert, change)
  }

  #checkAlerts(): void {
    const now = new Date(this.#options.clock.wallTime()).toISOString()
    for (const measured of measureAll(this.#recordings, this.#options)) {
      this.#alerts.update(measured, now)
    }
  }
}

/** All that a {@link CachePerformanceMonitor} can do, also as part of a combination. */
export type PerformanceMonitor = Pick<CachePerformanceMonitor, keyof CachePerformanceMonitor>

/** Returns NaN, which every record rejects, for anything but a number: a bigint would throw. */
function toSeconds(milliseconds: number): number {
  return typeof milliseconds === 'number' ? milliseconds / 1_000 : Number.NaN
}
