/** What an {@link InMemoryCache} has done and holds. Counts are since it was made. */
export interface InMemoryCacheStats {
  readonly hits: number
  readonly misses: number
  /** hits / (hits + misses), in percent; 0 before the first read. */
  readonly hitRate: number
  /** Misses of `getOrSet` that were answered with a value whose life was over. */
  readonly staleServed: number
  /** Entries that had to go because the cache was full. */
  readonly evictions: number
  /** Entries dropped because their life was over. */
  readonly expirations: number
  /** Values that were too large to be kept. */
  readonly refusals: number
  /** Entries held, those included that are not answered any more and have not been dropped yet. */
  readonly totalEntries: number
  readonly activeEntries: number
  /** totalEntries - activeEntries: their life is over or a tag of theirs was invalidated. */
  readonly expiredEntries: number
  readonly maxSize: number
  /** activeEntries / maxSize, in percent. */
  readonly utilizationPercent: number
  /** The same as text, such as `'3/1000'`. */
  readonly utilization: string
  /** Bytes of all keys and values held; `null` where no limit in bytes was set. */
  readonly bytes: number | null
  /** The option; `null` for no limit. */
  readonly maxBytes: number | null
  /** In seconds; `null` for never expires. */
  readonly defaultTtl: number | null
}
