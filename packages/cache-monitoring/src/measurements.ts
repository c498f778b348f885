import type { CacheTier, OperationOutcome } from '@verbatim/cache-core'

/** What a caller wants to find again in an export: flat, so that it always fits into JSON. */
export type AdditionalData = Readonly<Record<string, string | number | boolean | null>>

/** One operation on a cache, for {@link CachePerformanceMonitor.recordCacheOperationTime}. */
export interface CacheOperationTime {
  /** Such as `'get'` or `'set'`. Only `'get'` moves hits and misses. */
  readonly operation: string
  /** In seconds. */
  readonly duration: number
  /** Whether a read found its key; means nothing for other operations. */
  readonly cacheHit: boolean
  /** Length of the cached text, in characters. Default: 0. */
  readonly textLength?: number | undefined
  readonly additionalData?: AdditionalData | undefined
}

/** One key made, for {@link CachePerformanceMonitor.recordKeyGenerationTime}. */
export interface KeyGenerationTime {
  /** In seconds. */
  readonly duration: number
  /** Length of the text the key stands for, in characters. */
  readonly textLength: number
  /** What the key was made for, such as `'summarize'`. Default: `''`. */
  readonly operationType?: string | undefined
  readonly additionalData?: AdditionalData | undefined
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
  readonly additionalData?: AdditionalData | undefined
}

/** The shapes that are kept. Durations are in seconds, as in the records above. */
export interface OperationMeasurement {
  readonly operation: string
  readonly outcome: OperationOutcome
  /** `null` where the one who recorded it did not say. */
  readonly tier: CacheTier | null
  readonly duration: number
  readonly textLength: number
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
