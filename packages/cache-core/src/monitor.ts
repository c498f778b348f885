/** What is observed of a cache. Asking whether a key exists or how long it lives is not. */
export type CacheOperation = 'get' | 'set' | 'delete'

/** How it ended: `hit` and `miss` for reads, `ok` for the rest, `error` when the backend failed. */
export type OperationOutcome = 'hit' | 'miss' | 'ok' | 'error'

/** What answered: the memory of this process, or a shared store behind it. */
export type CacheTier = 'memory' | 'redis'

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
 * Implementations must not throw.
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
}
