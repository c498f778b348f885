import type { LookupOutcome } from './cache-entry.js'

/** What is observed of a cache. Asking whether a key exists or how long it lives is not. */
export type CacheOperation = 'get' | 'set' | 'delete'

/** How it ended: `hit` and `miss` for reads, `ok` for the rest, `error` when the backend failed. */
export type OperationOutcome = 'hit' | 'miss' | 'ok' | 'error'

/** What answered: the memory of this process, or a shared store behind it. */
export type CacheTier = 'memory' | 'redis'

/** How a lookup of an AI response ended, as {@link LookupOutcome}; or a store: `'stored'` or `'failed'`. */
export type ResponseOutcome = LookupOutcome | 'stored' | 'failed'

/** How long the text of a request is, from short to long. */
export const TEXT_SIZES = ['small', 'medium', 'large', 'xlarge'] as const

export type TextSize = (typeof TEXT_SIZES)[number]

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

/** What a cache holds in the memory of this process, as it can tell without much work. */
export interface MemoryUse {
  readonly entries: number
  /** The most that it may hold. */
  readonly maxEntries: number
  /** Of all keys and values; an estimate where the cache does not count them. */
  readonly bytes: number
}

/** Whoever holds values in the memory of this process. */
export interface MemoryHolder {
  memoryUse(): MemoryUse
}

/**
 * What a cache reports to, if it is given one. Calls are positional and carry no key and no value,
 * so that observing costs little and leaks nothing. A cache makes one
 * {@link CacheMonitor.observeOperation} call for each key that it reads, writes or deletes, and one
 * {@link CacheMonitor.observeInvalidation} call for each `invalidatePattern` and `clear`. Calls that
 * are refused for their arguments are not observed.
 *
 * A monitor that throws, or whose promise is rejected, is reported once and fails no call.
 */
export interface CacheMonitor {
  /**
   * @param milliseconds - how long it took; `undefined` where the cache did not time this one. A
   * cache in memory times a sample: reading the clock would take longer than what it measures.
   */
  observeOperation(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    milliseconds: number | undefined,
  ): void
  observeKeyGeneration(milliseconds: number, textLength: number, operation: string): void
  observeCompression(originalBytes: number, compressedBytes: number, milliseconds: number): void
  /** @param reason - why, in the words of who asked for it; of no use where nobody said */
  observeInvalidation(keysInvalidated: number, milliseconds: number, reason?: string): void
  /**
   * Names who may be asked, from time to time, how much memory is in use. To be held weakly: a cache
   * need not be closed to be forgotten.
   */
  observeMemory?(holder: MemoryHolder): void
  /**
   * Called by a cache of AI responses, beside `observeOperation`.
   *
   * @param operation - what the response answers, such as `'summarize'`. It comes from the application:
   * a monitor bounds how many it tells apart, and makes a label only of what looks like a name.
   * @param model - as the request's options name it; `undefined` where they name none
   * @param milliseconds - how long the lookup or the store took, without the computation of a response
   * @param textSize - of the request's text
   */
  observeResponse?(
    operation: string,
    model: string | undefined,
    outcome: ResponseOutcome,
    milliseconds: number,
    textSize?: TextSize,
  ): void
}
