import type { OperationOutcome } from '@verbatim/cache-core'
import type { OperationName, TierName } from './operation-counts.js'

/** What a caller wants to find again in an export, as JSON can carry it. */
export type AdditionalData = { readonly [name: string]: AdditionalValue }

export type AdditionalValue =
  | string
  | number
  | boolean
  | null
  | AdditionalData
  | readonly AdditionalValue[]

/**
 * What a caller wants to find again in an export. Any data will do: a copy is kept of at most 100 values
 * and 4,000 characters, and what JSON cannot carry becomes a text such as `[function]`.
 */
export type AnyAdditionalData = Readonly<Record<string, unknown>>

/** One operation on a cache, for {@link CachePerformanceMonitor.recordCacheOperationTime}. */
export interface CacheOperationTime {
  /** One of {@link OPERATIONS}, such as `'get'` or `'set'`. Only `'get'` moves hits and misses. */
  readonly operation: OperationName
  /** In seconds. */
  readonly duration: number
  /** Whether a read found its key. Required for `'get'`; means nothing for other operations. */
  readonly cacheHit: boolean
  /** Length of the cached text, in characters. Default: not known. */
  readonly textLength?: number | undefined
  readonly additionalData?: AnyAdditionalData | undefined
}

/** One key made, for {@link CachePerformanceMonitor.recordKeyGenerationTime}. */
export interface KeyGenerationTime {
  /** In seconds. */
  readonly duration: number
  /** Length of the text the key stands for, in characters. */
  readonly textLength: number
  /** What the key was made for, such as `'summarize'`. Default: `''`. */
  readonly operationType?: string | undefined
  readonly additionalData?: AnyAdditionalData | undefined
}

/** One value compressed, for {@link CachePerformanceMonitor.recordCompressionRatio}. */
export interface CompressionRatio {
  /** In bytes. */
  readonly originalSize: number
  /** In bytes. */
  readonly compressedSize: number
  /** In seconds. */
  readonly compressionTime: number
  /** What the value was made by, such as `'summarize'`. Default: `''`. */
  readonly operationType?: string | undefined
}

/** One invalidation, for {@link CachePerformanceMonitor.recordInvalidationEvent}. */
export interface InvalidationEvent {
  /** The glob or other rule that chose the keys. It ends up in exports. */
  readonly pattern: string
  readonly keysInvalidated: number
  /** In seconds. */
  readonly duration: number
  /** What set it off, such as `'manual'` or `'automatic'`. Default: `'manual'`. */
  readonly invalidationType?: string | undefined
  /** Why, such as `'model_update'`. Default: `''`. */
  readonly operationContext?: string | undefined
  readonly additionalData?: AnyAdditionalData | undefined
}

/** Memory in use, for {@link CachePerformanceMonitor.recordMemoryUsage}. */
export interface MemoryUsageRecord {
  /** Of the caches in this process: bytes and entries. */
  readonly memoryCacheBytes: number
  readonly memoryCacheEntries: number
  /** The most entries that they may hold. Default: not known. */
  readonly memoryCacheMaxEntries?: number | undefined
  /** Of a shared store: bytes and keys. Default: not known. */
  readonly redisBytes?: number | undefined
  readonly redisKeys?: number | undefined
  readonly additionalData?: AnyAdditionalData | undefined
}

/** Memory in use at some time. */
export interface MemoryUsage {
  /** In this process and in the shared store together, where that is known; as the next. */
  readonly totalCacheSizeBytes: number
  readonly cacheEntryCount: number
  /** `null` without entries. */
  readonly avgEntrySizeBytes: number | null
  readonly memoryCacheSizeBytes: number
  readonly memoryCacheEntryCount: number
  /** `null` where it is not known, as the next two. */
  readonly memoryCacheMaxEntries: number | null
  readonly redisBytes: number | null
  readonly redisKeys: number | null
  /** Resident memory of the process, in units of 1,048,576 bytes. */
  readonly processMemoryMb: number
  /** totalCacheSizeBytes in percent of the warning threshold. */
  readonly cacheUtilizationPercent: number
  /** Whether totalCacheSizeBytes is at or above the warning threshold. */
  readonly warningThresholdReached: boolean
  readonly additionalData: AdditionalData
}

/** The shapes that are kept. Durations are in seconds, as in the records above. */
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

/** compressed / original: below 1 is a gain. 1 for an empty original, which has nothing to gain. */
export function compressionRatio(measurement: CompressionMeasurement): number {
  const { originalSize, compressedSize } = measurement
  return originalSize === 0 ? 1 : compressedSize / originalSize
}
