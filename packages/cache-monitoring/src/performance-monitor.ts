import type {
  CacheMonitor,
  CacheOperation,
  CacheTier,
  LogLevel,
  MemoryHolder,
  OperationOutcome,
  ResponseOutcome,
  TextSize,
} from '@verbatim/cache-core'
import { EventHub, Reporter, recognizeCopies, timers } from '@verbatim/cache-core/implement'
import { measureAll } from './advice/alert-rules.js'
import { type Alert, AlertBoard, type AlertChange, type AlertLevel } from './advice/alerts.js'
import {
  invalidationRecommendations,
  memoryRecommendations,
  type Recommendation,
  recommendations,
} from './advice/recommendations.js'
import {
  type ExportedCounts,
  type ExportedMetrics,
  exportCounts,
  exportMetrics,
} from './export/metrics-export.js'
import {
  type CachePerformanceMonitorOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.js'
import { boundedText, NO_ADDITIONAL_DATA } from './records/additional-data.js'
import {
  type CacheOperationTime,
  type CompressionRatio,
  type InvalidationEvent,
  type KeyGenerationTime,
  type MemoryUsageRecord,
  reportRejected,
} from './records/measurements.js'
import { MemoryHolders } from './records/memory-use.js'
import type { OperationCounts } from './records/operation-counts.js'
import { Recordings } from './records/recordings.js'
import type { ResponseFigures } from './records/response-counts.js'
import {
  type InvalidationFrequencyStats,
  invalidationFrequency,
  type NoInvalidationFrequencyStats,
} from './statistics/invalidation-stats.js'
import { type MemoryStats, memoryStats, type NoMemoryStats } from './statistics/memory-stats.js'
import { type PerformanceStats, performanceStats } from './statistics/performance-stats.js'
import { type SlowOperations, slowOperations } from './statistics/slow-operations.js'
import { type Trends, trends } from './statistics/trends.js'

/** The log level for each alert level. */
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
 * Counts what caches report and retains the latest measurements, in bounded memory.
 *
 * Pass it to a cache as `performanceMonitor`; the cache then calls the `observe` methods. Your own code calls
 * the `record` methods for work that no cache reports. Both take constant time and never throw. A record with
 * an impossible number or an unknown operation is rejected, and counted in
 * {@link PerformanceStats.rejectedRecords}.
 *
 * Only reads are hits or misses. An operation that failed counts in {@link PerformanceStats.cacheErrors}
 * alone.
 *
 * @example
 * ```ts
 * const monitor = new CachePerformanceMonitor({ retentionHours: 1 })
 * const cache = new InMemoryCache({ performanceMonitor: monitor })
 * await cache.get('user:1')
 * console.log(monitor.getPerformanceStats().cacheHitRate)
 * ```
 */
export class CachePerformanceMonitor implements CacheMonitor {
  static {
    recognizeCopies(this, 'cache-monitoring/CachePerformanceMonitor')
  }

  readonly #options: ResolvedOptions
  readonly #recordings: Recordings
  /** The counts of the recordings. A field saves a property access for each hit that is not timed. */
  readonly #counts: OperationCounts
  readonly #reporter: Reporter
  readonly #holders: MemoryHolders
  readonly #events = new EventHub<MonitorEvents>(['alert'])
  readonly #alerts = new AlertBoard((alert, change) => this.#announce(alert, change))
  readonly #stopSampling: () => void
  #sampledAt = Number.NEGATIVE_INFINITY

  /** @throws ConfigurationError (`INVALID_OPTION`) that names the wrong option and its rule */
  constructor(options: CachePerformanceMonitorOptions = {}) {
    this.#options = resolveOptions(options)
    this.#reporter = new Reporter(this.#options)
    this.#holders = new MemoryHolders(this.#reporter)
    this.#recordings = new Recordings(this.#options, (reason) => {
      reportRejected(this.#reporter, reason)
    })
    this.#counts = this.#recordings.counts
    this.#stopSampling = sampleAtInterval(this, this.#options.sampleIntervalSeconds * 1_000)
  }

  /** The option `name`, or the number of this monitor: its label `cache` on a page of metrics. */
  get name(): string {
    return this.#options.name
  }

  /**
   * Calls a function when an alert is raised, changes its level or is cleared.
   *
   * @returns a function that removes the listener
   * @example
   * ```ts
   * monitor.on('alert', ({ level, message }, change) => console.log(change, level, message))
   * ```
   */
  on<Name extends keyof MonitorEvents>(
    event: Name,
    listener: (...details: MonitorEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(event, listener)
  }

  /** Counts an operation of a cache. An operation that was not timed leaves no measurement. */
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
    const additionalData = NO_ADDITIONAL_DATA
    this.#recordings.addOperation({
      operation,
      outcome,
      tier,
      duration,
      textLength: null,
      additionalData,
    })
  }

  /** Counts the generation of a key. A key generator calls it. */
  observeKeyGeneration(milliseconds: number, textLength: number, operation: string): void {
    this.#recordings.addKeyGeneration({
      duration: toSeconds(milliseconds),
      textLength,
      operationType: boundedText(operation),
      additionalData: NO_ADDITIONAL_DATA,
    })
  }

  /** Counts the compression of a value. A cache calls it. */
  observeCompression(originalBytes: number, compressedBytes: number, milliseconds: number): void {
    this.recordCompressionRatio({
      originalSize: originalBytes,
      compressedSize: compressedBytes,
      compressionTime: toSeconds(milliseconds),
    })
  }

  /** Counts an invalidation. A cache calls it, and does not pass its pattern. */
  observeInvalidation(keysInvalidated: number, milliseconds: number, reason?: string): void {
    this.recordInvalidationEvent({
      pattern: '',
      keysInvalidated,
      duration: toSeconds(milliseconds),
      operationContext: reason,
    })
  }

  /** Adds a cache whose memory use is sampled. The monitor does not keep the cache alive. */
  observeMemory(holder: MemoryHolder): void {
    if (!this.#holders.add(holder)) this.#recordings.reject()
  }

  /** Counts a lookup or a store of an AI response. A cache of AI responses calls it. */
  observeResponse(
    operation: string,
    model: string | undefined,
    outcome: ResponseOutcome,
    milliseconds: number,
    textSize?: TextSize,
  ): void {
    this.#recordings.addResponse({ operation, textSize, outcome, milliseconds }, model)
  }

  /** Counts an operation on something that does not report to this monitor. */
  recordCacheOperationTime(record: CacheOperationTime): void {
    this.#recordings.recordOperation(record)
  }

  /** Counts an operation by its success alone. */
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
      additionalData: NO_ADDITIONAL_DATA,
    })
  }

  /** Counts the generation of a key by something that does not report to this monitor. */
  recordKeyGenerationTime(record: KeyGenerationTime): void {
    this.#recordings.recordKeyGeneration(record)
  }

  /** Counts the compression of a value by something that does not report to this monitor. */
  recordCompressionRatio(record: CompressionRatio): void {
    this.#recordings.recordCompression(record)
  }

  /** Counts an invalidation of something that does not report to this monitor. */
  recordInvalidationEvent(record: InvalidationEvent): void {
    this.#recordings.recordInvalidation(record)
  }

  /** Records memory use that no cache reports, such as that of Redis. */
  recordMemoryUsage(record: MemoryUsageRecord): void {
    this.#recordings.recordMemory(record)
  }

  /**
   * Measures the memory of caches and checks alerts. The monitor does both every `sampleIntervalSeconds`,
   * and before it returns statistics if a sample is due.
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

  /**
   * Returns the statistics so far. Like all methods below, it takes time in proportion to the retained
   * measurements.
   */
  getPerformanceStats(): PerformanceStats {
    return performanceStats(this.#current, this.#options)
  }

  /** Returns the memory that caches use, its thresholds and its trends. */
  getMemoryUsageStats(): MemoryStats | NoMemoryStats {
    return memoryStats(this.#current.memory, this.#options)
  }

  /** Returns the recommendations from the newest measurement of memory. */
  getMemoryWarnings(): Recommendation[] {
    return memoryRecommendations(this.#current.newestMemory, this.#options)
  }

  /** Returns how often and how much was invalidated. */
  getInvalidationFrequencyStats(): InvalidationFrequencyStats | NoInvalidationFrequencyStats {
    return invalidationFrequency(this.#current, this.#options)
  }

  /** Returns the recommendations from retained invalidations. */
  getInvalidationRecommendations(): Recommendation[] {
    return invalidationRecommendations(this.#current, this.#options)
  }

  /** Returns the recommendations from all statistics, the most severe first. */
  getRecommendations(): Recommendation[] {
    return recommendations(this.#current, this.#options)
  }

  /** Returns lookups and stores of AI responses by operation and text size, and the newest thousand. */
  getResponseFigures(): ResponseFigures {
    return this.#recordings.responses.figures()
  }

  /** Returns the trends of memory, hit rate and load, and the hours until each threshold. */
  getTrends(): Trends {
    return trends(this.#current, this.#options)
  }

  /** Checks and returns the raised alerts. */
  getAlerts(): Alert[] {
    this.#checkAlerts()
    return this.#alerts.raised
  }

  /**
   * Returns the retained operations that took longer than usual.
   *
   * @param multiplier - times the mean of the fastest four fifths; above 0. Default: 2
   * @throws ValidationError (`INVALID_MULTIPLIER`)
   */
  getRecentSlowOperations(multiplier = 2): SlowOperations {
    return slowOperations(this.#current, multiplier)
  }

  /**
   * Returns the retained measurements and all counts, ready for `JSON.stringify`.
   *
   * They include recorded patterns and additional data, which may be private.
   */
  exportMetrics(): ExportedMetrics {
    return exportMetrics(this.#current, this.getAlerts(), this.#options)
  }

  /**
   * Returns the counts and the histograms of {@link CachePerformanceMonitor.exportMetrics}. Its time does not
   * depend on the retained measurements, so a program can call it every second.
   */
  exportCounts(): ExportedCounts {
    return exportCounts(this.#recordings)
  }

  /** Removes every measurement and count, and clears alerts. Options and caches remain. */
  resetStats(): void {
    this.#recordings.clear()
    this.#alerts.clear()
  }

  /** Stops sampling. It also stops when nothing refers to the monitor any more. */
  close(): void {
    this.#stopSampling()
  }

  /** The recordings, after a sample if one is due. */
  get #current(): Recordings {
    const age = this.#options.clock.now() - this.#sampledAt
    if (age >= this.#options.sampleIntervalSeconds * 1_000) this.sample()
    return this.#recordings
  }

  #announce(alert: Alert, change: AlertChange): void {
    const { name, level, message } = alert
    const logLevel = change === 'cleared' ? 'info' : LOG_LEVELS[level]
    this.#reporter.log(logLevel, `alert ${name} ${change}, ${level}: ${message}`)
    this.#events.emit('alert', alert, change)
  }

  #checkAlerts(): void {
    const now = new Date(this.#options.clock.wallTime()).toISOString()
    for (const measured of measureAll(this.#recordings, this.#options)) {
      this.#alerts.update(measured, now)
    }
  }
}

/** The methods of a {@link CachePerformanceMonitor}, which a combination of monitors has too. */
export type PerformanceMonitor = Pick<CachePerformanceMonitor, keyof CachePerformanceMonitor>

/** Returns NaN, which every record rejects, for anything but a number: a bigint would throw. */
function toSeconds(milliseconds: number): number {
  return typeof milliseconds === 'number' ? milliseconds / 1_000 : Number.NaN
}

/**
 * Samples a monitor at an interval while it is in use. The timer keeps neither the monitor nor the process
 * alive.
 *
 * @returns a function that stops the timer
 */
function sampleAtInterval(monitor: CachePerformanceMonitor, milliseconds: number): () => void {
  const reference = new WeakRef(monitor)
  const timer = timers.setInterval(() => {
    const sampled = reference.deref()
    if (sampled === undefined) timers.clearInterval(timer)
    else sampled.sample()
  }, milliseconds)
  timer.unref()
  return () => timers.clearInterval(timer)
}
