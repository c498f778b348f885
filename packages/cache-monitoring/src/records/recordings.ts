import type { ResolvedOptions } from '../options.js'
import { boundedText, plainAdditionalData } from './additional-data.js'
import { LatencyHistogram } from './latency-histogram.js'
import {
  areAmounts,
  type CacheOperationTime,
  type CompressionMeasurement,
  type CompressionRatio,
  type InvalidationEvent,
  type InvalidationMeasurement,
  isAmount,
  type KeyGenerationMeasurement,
  type KeyGenerationTime,
  type MemoryUsage,
  type MemoryUsageRecord,
  type OperationMeasurement,
  type RecordKind,
  unknownField,
} from './measurements.js'
import { memoryUsage } from './memory-use.js'
import { MinuteCounts } from './minute-counts.js'
import { OperationCounts, type OperationTotals, totalsOf } from './operation-counts.js'
import { RecentRecords } from './recent-records.js'
import { ResponseCounts, type ResponseMeasurement } from './response-counts.js'

const MILLISECONDS_PER_HOUR = 3_600_000
/** The window of the error rate, in milliseconds. */
export const ERROR_WINDOW_MS = 300_000

/** Sums since the last reset. Retention does not change them. */
interface Sums {
  invalidations: number
  keysInvalidated: number
  compressions: number
  bytesBeforeCompression: number
  bytesAfterCompression: number
  rejected: number
}

/**
 * Holds everything that a monitor has recorded, in bounded memory.
 *
 * Adding a record takes constant time and never throws. A record with an impossible number or an unknown
 * name is rejected, and counted as rejected.
 */
export class Recordings {
  readonly operations: RecentRecords<OperationMeasurement>
  readonly keyGenerations: RecentRecords<KeyGenerationMeasurement>
  readonly compressions: RecentRecords<CompressionMeasurement>
  readonly invalidations: RecentRecords<InvalidationMeasurement>
  readonly memory: RecentRecords<MemoryUsage>
  /** The totals at each sample, from which rates are computed. */
  readonly totalsHistory: RecentRecords<OperationTotals>
  readonly invalidationsByMinute: MinuteCounts
  readonly counts: OperationCounts = new OperationCounts()
  responses: ResponseCounts = new ResponseCounts()
  keyGenerationLatencies: LatencyHistogram = new LatencyHistogram()
  sums: Sums = emptySums()
  readonly #memoryWarningThresholdBytes: number
  readonly #rejected: (reason?: string) => void

  /** @param rejected - called with the reason of each rejected record */
  constructor(options: ResolvedOptions, rejected: (reason?: string) => void) {
    this.#rejected = rejected
    const { maxMeasurements, retentionHours, clock } = options
    this.#memoryWarningThresholdBytes = options.memoryWarningThresholdBytes
    const milliseconds = retentionHours * MILLISECONDS_PER_HOUR
    const ring = <Measurement>(): RecentRecords<Measurement> =>
      new RecentRecords({ capacity: maxMeasurements, milliseconds, clock })
    // Alerts need the samples of the error window, even where less is retained for the statistics.
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
    if (!areAmounts(duration, textLength ?? 0) || !cell?.count(outcome)) return this.reject()
    cell.latencies.record(duration)
    this.operations.add(measurement)
  }

  addResponse(measurement: ResponseMeasurement, model: string | undefined): void {
    if (!isAmount(measurement.milliseconds) || !this.responses.count(measurement, model))
      this.reject()
  }

  addKeyGeneration(measurement: KeyGenerationMeasurement): void {
    const { duration, textLength } = measurement
    if (!isAmount(duration) || !isAmount(textLength)) return this.reject()
    this.keyGenerationLatencies.record(duration)
    this.keyGenerations.add(measurement)
  }

  recordOperation(record: CacheOperationTime): void {
    this.#record('operation', record, () => {
      const { operation, duration, cacheHit, textLength, additionalData } = record
      if (operation === 'get' && typeof cacheHit !== 'boolean') {
        return this.reject('cacheHit must be true or false for a get')
      }
      this.addOperation({
        operation,
        outcome: operation !== 'get' ? 'ok' : cacheHit ? 'hit' : 'miss',
        tier: 'unspecified',
        duration,
        textLength: textLength ?? null,
        additionalData: plainAdditionalData(additionalData),
      })
    })
  }

  recordKeyGeneration(record: KeyGenerationTime): void {
    this.#record('keyGeneration', record, () => {
      const { duration, textLength, operationType, additionalData } = record
      this.addKeyGeneration({
        duration,
        textLength,
        operationType: boundedText(operationType),
        additionalData: plainAdditionalData(additionalData),
      })
    })
  }

  recordCompression(record: CompressionRatio): void {
    this.#record('compression', record, () => {
      const { originalSize, compressedSize, compressionTime, operationType } = record
      if (!areAmounts(originalSize, compressedSize, compressionTime)) return this.reject()
      this.sums.compressions++
      this.sums.bytesBeforeCompression += originalSize
      this.sums.bytesAfterCompression += compressedSize
      this.compressions.add({
        originalSize,
        compressedSize,
        compressionTime,
        operationType: boundedText(operationType),
      })
    })
  }

  recordInvalidation(record: InvalidationEvent): void {
    this.#record('invalidation', record, () => {
      const { pattern, keysInvalidated, duration, additionalData } = record
      const { invalidationType = 'manual', operationContext } = record
      if (!areAmounts(keysInvalidated, duration)) return this.reject()
      this.sums.invalidations++
      this.sums.keysInvalidated += keysInvalidated
      this.invalidationsByMinute.add()
      this.invalidations.add({
        pattern: boundedText(pattern),
        keysInvalidated,
        duration,
        invalidationType: boundedText(invalidationType),
        operationContext: boundedText(operationContext),
        additionalData: plainAdditionalData(additionalData),
      })
    })
  }

  recordMemory(record: MemoryUsageRecord): void {
    this.#record('memory', record, () => {
      const usage = memoryUsage(record, this.#memoryWarningThresholdBytes)
      if (usage === undefined) return this.reject()
      this.memory.add({ ...usage, additionalData: plainAdditionalData(record.additionalData) })
    })
  }

  reject(reason?: string): void {
    this.sums.rejected++
    this.#rejected(reason)
  }

  /** Adds a record that may come from code without types, and may have a getter that throws. */
  #record(kind: RecordKind, record: unknown, add: () => void): void {
    try {
      if (typeof record !== 'object' || record === null) return this.reject('it is not an object')
      const field = unknownField(kind, record)
      if (field !== undefined) return this.reject(`it has the unknown field ${field}`)
      add()
    } catch {
      this.reject('it cannot be read')
    }
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
    this.responses = new ResponseCounts()
    this.keyGenerationLatencies = new LatencyHistogram()
    this.sums = emptySums()
  }
}

function emptySums(): Sums {
  return {
    invalidations: 0,
    keysInvalidated: 0,
    compressions: 0,
    bytesBeforeCompression: 0,
    bytesAfterCompression: 0,
    rejected: 0,
  }
}
