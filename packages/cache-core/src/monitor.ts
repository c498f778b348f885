import type { LookupOutcome } from './cache-entry.js'

/** Operations that a cache reports. `exists` and `getTtl` are not reported. */
export type CacheOperation = 'get' | 'set' | 'delete'

/** Outcome of an operation: `hit` or `miss` for reads, `ok` for others, `error` when the backend failed. */
export type OperationOutcome = 'hit' | 'miss' | 'ok' | 'error'

/** Tier that an operation used: the memory of this process, or Redis. */
export type CacheTier = 'memory' | 'redis'

/** Outcome of a lookup or of a write of an AI response. A write is `'stored'` or `'failed'`. */
export type ResponseOutcome = LookupOutcome | 'stored' | 'failed'

/** Size classes of the text of a request, from short to long. */
export const TEXT_SIZES = ['small', 'medium', 'large', 'xlarge'] as const

export type TextSize = (typeof TEXT_SIZES)[number]

/** Returns whether a value is a size class. */
export function isTextSize(value: unknown): value is TextSize {
  return (TEXT_SIZES as readonly unknown[]).includes(value)
}

/**
 * Returns hits / (hits + misses) in percent, the hit rate of all Verbatim packages. Joined calls and errors
 * are neither hits nor misses.
 *
 * @returns `undefined` before the first hit or miss
 */
export function hitRate({
  hits,
  misses,
}: {
  readonly hits: number
  readonly misses: number
}): number | undefined {
  return hits + misses === 0 ? undefined : (hits / (hits + misses)) * 100
}

/** Memory that a cache uses in this process. */
export interface MemoryUse {
  readonly entries: number
  /** Maximum number of entries. */
  readonly maxEntries: number
  /** Size of all keys and values; an estimate where the cache does not count it. */
  readonly bytes: number
}

/** A cache that stores values in the memory of this process. */
export interface MemoryHolder {
  memoryUse(): MemoryUse
}

/**
 * Receives reports about the operations of a cache.
 *
 * Arguments are positional and contain no keys and no values. Reports therefore cost little and leak
 * nothing. A cache reports each key that it reads, writes or deletes with one call of
 * {@link CacheMonitor.observeOperation}. It reports each `invalidatePattern` and `clear` with one call of
 * {@link CacheMonitor.observeInvalidation}. Calls with bad arguments are not reported.
 *
 * A monitor that throws or rejects a promise is logged once, and never fails a call.
 */
export interface CacheMonitor {
  /**
   * @param milliseconds - duration; `undefined` where the cache did not measure it. A cache in memory
   * measures a sample, because reading the clock takes longer than a hit.
   */
  observeOperation(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    milliseconds: number | undefined,
  ): void
  observeKeyGeneration(milliseconds: number, textLength: number, operation: string): void
  observeCompression(originalBytes: number, compressedBytes: number, milliseconds: number): void
  /** @param reason - reason that the caller of the cache gave; `undefined` without one */
  observeInvalidation(keysInvalidated: number, milliseconds: number, reason?: string): void
  /**
   * Registers a cache whose memory use the monitor can read from time to time. The monitor must hold only
   * a weak reference, because a cache can become garbage without `close`.
   */
  observeMemory?(holder: MemoryHolder): void
  /**
   * Called by a cache of AI responses, in addition to `observeOperation`.
   *
   * @param operation - operation of the application, such as `'summarize'`. A monitor must limit the number
   * of labels, and use only texts that look like names.
   * @param model - `model` in the options of the request; `undefined` without one
   * @param milliseconds - duration of the lookup or the write, without the computation of a response
   * @param textSize - size class of the text of the request
   */
  observeResponse?(
    operation: string,
    model: string | undefined,
    outcome: ResponseOutcome,
    milliseconds: number,
    textSize?: TextSize,
  ): void
}
