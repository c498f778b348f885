import type { ResolvedOptions } from '../options.js'
import { areAmounts } from './amounts.js'
import { LatencyHistogram } from './latency-histogram.js'
import type {
  AdditionalData,
  CacheOperationTime,
  CompressionMeasurement,
  CompressionRatio,
  InvalidationEvent,
  InvalidationMeasurement,
  KeyGenerationMeasurement,
  KeyGenerationTime,
  MemoryUsage,
  MemoryUsageRecord,
  OperationMeasurement,
} from './measurements.js'
import { memoryUsage } from './memory-usage.js'
import { MinuteCounts } from './minute-counts.js'
import { OperationCounts } from './operation-counts.js'
import { RecentRecords } from './recent-records.js'
import { type OperationTotals, totalsOf } from './totals.js'

export const NOTHING_TO_ADD: AdditionalData = Object.freeze({})
const MILLISECONDS_PER_HOUR = 3_600_000
/** The time of which the error rate is. */
export const ERROR_WINDOW_MS = 300_000

/** Sums that retention does not touch. */
interface Sums {
  invalidations: number
  keysInvalidated: number
  compressions: number
  bytesBeforeCompression: number
  bytesAfterCompression: number
  rejected: number
}

/**
 * All that a monitor holds, in bounded memory. Adding takes constant time and never throws; what holds
 * a number that means nothing, or a name that is none, is left out and counted as rejected.
 */
export class Recordings {
  readonly operations: RecentRecords<OperationMeasurement>
  readonly keyGenerations: RecentRecords<KeyGenerationMeasurement>
  readonly compressions: RecentRecords<CompressionMeasurement>
  readonly invalidations: RecentRecords<InvalidationMeasurement>
  readonly memory: RecentRecords<MemoryUsage>
  /** Of the counts of operations, a reading now and then. */
  readonly totalsHistory: RecentRecords<OperationTotals>
  readonly invalidationsByMinute: MinuteCounts
  readonly counts: OperationCounts = new OperationCounts()
  keyGenerationLatencies: LatencyHistogram = new LatencyHistogram()
  sums: Sums = noSums()
  readonly #memoryWarningThresholdBytes: number

  constructor(options: ResolvedOptions) {
    const { maxMeasurements, retentionHours, clock } = options
    this.#memoryWarningThresholdBytes = options.memoryWarningThresholdBytes
    const milliseconds = retentionHours * MILLISECONDS_PER_HOUR
    const ring = <Measurement>(): RecentRecords<Measurement> =>
      new RecentRecords({ capacity: maxMeasurements, milliseconds, clock })
    // Alerts need the newest of these, however little is to be retained for the figures.
    const intervalMs = options.sampleIntervalSeconds * 1_000
    const samples = <Measurement>(): RecentRecords<Measurement> =>
      new RecentRecords({
        capacity: Math.max(maxMeasurements, Math.ceil(ERROR_WINDOW_MS / intervalMs) + 2),
        milliseconds: Math.max(milliseconds, ERROR_WINDOW_MS + 2 * intervalMs),
        clock,
      })
    this.operations = ring()
    this.keyGenerations = ring()
    this.compressions = ring()
    this.invalidations = ring()
    this.memory = samples()
    this.totalsHistory = samples()
    this.invalidationsByMinute = new MinuteCounts(clock)
  }

  get totals(): OperationTotals {
    return totalsOf(this.counts)
  }

  get newestMemory(): MemoryUsage | undefined {
    return this.memory.measurements().at(-1)
  }

  get invalidationsInLastHour(): number {
    return this.invalidationsByMinute.inLast(60)
  }

  addOperation(measurement: OperationMeasurement): void {
    const { operation, outcome, tier, duration, textLength } = measurement
    const cell = this.counts.cell(operation, tier)
    if (!areAmounts(duration, textLength) || !cell?.count(outcome)) return this.reject()
    cell.latencies.record(duration)
    this.operations.add(measurement)
  }

  recordOperation(record: CacheOperationTime): void {
    if (!isRecord(record)) return this.reject()
    const { operation, duration, cacheHit, textLength = 0, additionalData } = record
    this.addOperation({
      operation,
      outcome: operation !== 'get' ? 'ok' : cacheHit ? 'hit' : 'miss',
      tier: 'unspecified',
      duration,
      textLength,
      additionalData: copied(additionalData),
    })
  }

  recordKeyGeneration(record: KeyGenerationTime): void {
    if (!isRecord(record)) return this.reject()
    const { duration, textLength, operationType = '', additionalData } = record
    if (!areAmounts(duration, textLength)) return this.reject()
    this.keyGenerationLatencies.record(duration)
    this.keyGenerations.add({
      duration,
      textLength,
      operationType,
      additionalData: copied(additionalData),
    })
  }

  recordCompression(record: CompressionRatio): void {
    if (!isRecord(record)) return this.reject()
    const { originalSize, compressedSize, compressionTime, operationType = '' } = record
    if (!areAmounts(originalSize, compressedSize, compressionTime)) return this.reject()
    this.sums.compressions++
    this.sums.bytesBeforeCompression += originalSize
    this.sums.bytesAfterCompression += compressedSize
    this.compressions.add({ originalSize, compressedSize, compressionTime, operationType })
  }

  recordInvalidation(record: InvalidationEvent): void {
    if (!isRecord(record)) return this.reject()
    const { pattern, keysInvalidated, duration, additionalData } = record
    const { invalidationType = 'manual', operationContext = '' } = record
    if (!areAmounts(keysInvalidated, duration)) return this.reject()
    this.sums.invalidations++
    this.sums.keysInvalidated += keysInvalidated
    this.invalidationsByMinute.add()
    this.invalidations.add({
      pattern,
      keysInvalidated,
      duration,
      invalidationType,
      operationContext,
      additionalData: copied(additionalData),
    })
  }

  recordMemory(record: MemoryUsageRecord): void {
    if (!isRecord(record)) return this.reject()
    const usage = memoryUsage(record, this.#memoryWarningThresholdBytes)
    if (usage === undefined) this.reject()
    else this.memory.add({ ...usage, additionalData: copied(record.additionalData) })
  }

  reject(): void {
    this.sums.rejected++
  }

  clear(): void {
    this.operations.clear()
    this.keyGenerations.clear()
    this.compressions.clear()
    this.invalidations.clear()
    this.memory.clear()
    this.totalsHistory.clear()
    this.invalidationsByMinute.clear()
    this.counts.clear()
    this.keyGenerationLatencies = new LatencyHistogram()
    this.sums = noSums()
  }
}

/** Whether an argument has fields to read; callers without types may pass anything. */
function isRecord(record: unknown): boolean {
  return typeof record === 'object' && record !== null
}

/** A copy, so that the one who recorded it may go on using the object. */
function copied(additionalData: AdditionalData | undefined): AdditionalData {
  return additionalData === undefined ? NOTHING_TO_ADD : { ...additionalData }
}

function noSums(): Sums {
  return {
    invalidations: 0,
    keysInvalidated: 0,
    compressions: 0,
    bytesBeforeCompression: 0,
    bytesAfterCompression: 0,
    rejected: 0,
  }
}
