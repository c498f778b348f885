/** What an {@link InMemoryCache} has done and holds. Counts are since it was made. */
export interface InMemoryCacheStats {
  readonly hits: number
  readonly misses: number
  /** hits / (hits + misses), in percent; 0 before the first read. */
  readonly hitRate: number
  /** Entries that had to go because the cache was full. */
  readonly evictions: number
  /** Entries dropped because their life was over. */
  readonly expirations: number
  /** Entries held, those included whose life is over but which have not been dropped yet. */
  readonly totalEntries: number
  readonly activeEntries: number
  readonly expiredEntries: number
  readonly maxSize: number
  /** activeEntries / maxSize, in percent. */
  readonly utilizationPercent: number
  /** The same as text, such as `'3/1000'`. */
  readonly utilization: string
  /** In seconds; `null` for never expires. */
  readonly defaultTtl: number | null
}
