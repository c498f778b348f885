import type { OperationOutcome } from '@verbatim/cache-core'
import { nearestName, type Reporter } from '@verbatim/cache-core/implement'
import type { OperationName, TierName } from './operation-counts.js'

/** Data of an application beside a record, as JSON can carry it. */
export type AdditionalData = { readonly [name: string]: AdditionalValue }

export type AdditionalValue =
  | string
  | number
  | boolean
  | null
  | AdditionalData
  | readonly AdditionalValue[]

/**
 * Data of an application beside a record; exports contain it. The monitor keeps a copy of at most 100 values
 * and 4,000 characters. What JSON cannot carry becomes a text such as `[function]`.
 */
export type AnyAdditionalData = Readonly<Record<string, unknown>>

/** An operation on a cache, for {@link CachePerformanceMonitor.recordCacheOperationTime}. */
export interface CacheOperationTime {
  /** Only `'get'` counts as a hit or a miss. */
  readonly operation: OperationName
  /** In seconds. */
  readonly duration: number
  /** Whether a read found its key. Required for `'get'`, ignored for other operations. */
  readonly cacheHit: boolean
  /** Length of the cached text, in characters. Default: not known. */
  readonly textLength?: number | undefined
  readonly additionalData?: AnyAdditionalData | undefined
}

/** The generation of a key, for {@link CachePerformanceMonitor.recordKeyGenerationTime}. */
export interface KeyGenerationTime {
  /** In seconds. */
  readonly duration: number
  /** Length of the text that the key is made from, in characters. */
  readonly textLength: number
  /** The operation that the key is for, such as `'summarize'`. Default: `''`. */
  readonly operationType?: string | undefined
  readonly additionalData?: AnyAdditionalData | undefined
}

/** The compression of a value, for {@link CachePerformanceMonitor.recordCompressionRatio}. */
export interface CompressionRatio {
  /** In bytes. */
  readonly originalSize: number
  /** In bytes. */
  readonly compressedSize: number
  /** In seconds. */
  readonly compressionTime: number
  /** The operation that produced the value, such as `'summarize'`. Default: `''`. */
  readonly operationType?: string | undefined
}

/** An invalidation, for {@link CachePerformanceMonitor.recordInvalidationEvent}. */
export interface InvalidationEvent {
  /** The glob or other rule that selected the keys. Exports contain it. */
  readonly pattern: string
  readonly keysInvalidated: number
  /** In seconds. */
  readonly duration: number
  /** The trigger, such as `'manual'` or `'automatic'`. Default: `'manual'`. */
  readonly invalidationType?: string | undefined
  /** The reason, such as `'model_update'`. Default: `''`. */
  readonly operationContext?: string | undefined
  readonly additionalData?: AnyAdditionalData | undefined
}

/** Memory in use, for {@link CachePerformanceMonitor.recordMemoryUsage}. */
export interface MemoryUsageRecord {
  /** Bytes that the caches of this process occupy. */
  readonly memoryCacheBytes: number
  /** Entries of the caches of this process. */
  readonly memoryCacheEntries: number
  /** The most entries that these caches may hold. Default: not known. */
  readonly memoryCacheMaxEntries?: number | undefined
  /** Bytes that a shared store uses. Default: not known. */
  readonly redisBytes?: number | undefined
  /** Keys in a shared store. Default: not known. */
  readonly redisKeys?: number | undefined
  readonly additionalData?: AnyAdditionalData | undefined
}

/** Memory in use at one time. */
export interface MemoryUsage {
  /** The size of the caches in this process and of the shared store, as far as it is known. */
  readonly totalCacheSizeBytes: number
  /** The entries of both, as far as they are known. */
  readonly cacheEntryCount: number
  /** `null` without entries. */
  readonly avgEntrySizeBytes: number | null
  readonly memoryCacheSizeBytes: number
  readonly memoryCacheEntryCount: number
  /** `null` where it is not known. */
  readonly memoryCacheMaxEntries: number | null
  /** `null` where it is not known. */
  readonly redisBytes: number | null
  /** `null` where it is not known. */
  readonly redisKeys: number | null
  /** Resident memory of the process, in units of 1,048,576 bytes. */
  readonly processMemoryMb: number
  /** `totalCacheSizeBytes` in percent of the warning threshold. */
  readonly cacheUtilizationPercent: number
  /** Whether `totalCacheSizeBytes` is at or above the warning threshold. */
  readonly warningThresholdReached: boolean
  readonly additionalData: AdditionalData
}

/** A retained operation. Durations of all retained measurements are in seconds. */
export interface OperationMeasurement {
  readonly operation: OperationName
  readonly outcome: OperationOutcome
  readonly tier: TierName
  readonly duration: number
  /** `null` where it is not known. */
  readonly textLength: number | null
  readonly additionalData: AdditionalData
}

export interface KeyGenerationMeasurement {
  readonly duration: number
  readonly textLength: number
  readonly operationType: string
  readonly additionalData: AdditionalData
}

export interface CompressionMeasurement {
  readonly originalSize: number
  readonly compressedSize: number
  readonly compressionTime: number
  readonly operationType: string
}

export interface InvalidationMeasurement {
  readonly pattern: string
  readonly keysInvalidated: number
  readonly duration: number
  readonly invalidationType: string
  readonly operationContext: string
  readonly additionalData: AdditionalData
}

/** Returns compressed / uncompressed bytes: below 1 is a gain; 1 for an empty value. */
export function compressionRatio(measurement: CompressionMeasurement): number {
  const { originalSize, compressedSize } = measurement
  return originalSize === 0 ? 1 : compressedSize / originalSize
}

/** Returns whether every argument is a number that can have been measured. */
export function areAmounts(...amounts: readonly unknown[]): boolean {
  for (const amount of amounts) if (!isAmount(amount)) return false
  return true
}

/** Returns whether a value is a number that can have been measured: finite and not negative. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY
}

interface Records {
  readonly operation: CacheOperationTime
  readonly keyGeneration: KeyGenerationTime
  readonly compression: CompressionRatio
  readonly invalidation: InvalidationEvent
  readonly memory: MemoryUsageRecord
}

export type RecordKind = keyof Records

/** The fields of each kind of record. */
const FIELDS: { readonly [Kind in RecordKind]: Readonly<Record<keyof Records[Kind], true>> } = {
  operation: {
    operation: true,
    duration: true,
    cacheHit: true,
    textLength: true,
    additionalData: true,
  },
  keyGeneration: { duration: true, textLength: true, operationType: true, additionalData: true },
  compression: {
    originalSize: true,
    compressedSize: true,
    compressionTime: true,
    operationType: true,
  },
  invalidation: {
    pattern: true,
    keysInvalidated: true,
    duration: true,
    invalidationType: true,
    operationContext: true,
    additionalData: true,
  },
  memory: {
    memoryCacheBytes: true,
    memoryCacheEntries: true,
    memoryCacheMaxEntries: true,
    redisBytes: true,
    redisKeys: true,
    additionalData: true,
  },
}

/** Returns the first field that a record of this kind must not have, with the nearest known field. */
export function unknownField(kind: RecordKind, record: object): string | undefined {
  const known = FIELDS[kind]
  // A loop over `in`, because `Object.keys` would allocate an array for each record.
  for (const field in record) {
    if (!Object.hasOwn(known, field) && Object.hasOwn(record, field)) {
      return describeField(field, known)
    }
  }
  return undefined
}

/** Hides a name that does not look like a field, because it may be a value. */
function describeField(field: string, known: object): string {
  if (!/^\w{1,40}$/.test(field)) return 'of another name'
  const nearest = nearestName(field, Object.keys(known))
  return nearest === undefined ? field : `${field}. Did you mean ${nearest}?`
}

const NO_AMOUNT_OR_NAME = 'it holds a negative or infinite number, or an unknown name'

/** Reports the first record that a monitor rejects, with the reason and without a value. */
export function reportRejected(reporter: Reporter, reason: string = NO_AMOUNT_OR_NAME): void {
  reporter.notifyOnce('warn', 'VERBATIM_RECORD_REJECTED', `a record was left out: ${reason}`)
}
