import { hitRate } from '@verbatim/cache-core'
import { countsBytes, type ResolvedOptions } from './options.js'
import type { ValueStore } from './value-store.js'

/** What an {@link InMemoryCache} has done and holds. Counts are since it was made. */
export interface InMemoryCacheStats {
  readonly hits: number
  readonly misses: number
  /** Calls of `getOrSet` that joined a load under way: neither hits nor misses. */
  readonly joined: number
  /** hits / (hits + misses), in percent; left out before the first read. */
  readonly hitRate?: number
  /** Misses of `getOrSet` that were answered with a value whose life was over. */
  readonly staleServed: number
  /** Entries that had to go because the cache was full. */
  readonly evictions: number
  /** Entries dropped because their life was over. */
  readonly expirations: number
  /** Values that were too large to be kept. */
  readonly refusals: number
  /** Loaded values that could not be stored, by the code of the reason. Their callers have them. */
  readonly notStored: Readonly<Record<string, number>>
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
  /** Memory that the entries occupy, as counted against `maxBytes`; `null` where it is not limited. */
  readonly bytes: number | null
  /** The option; `null` for no limit. */
  readonly maxBytes: number | null
  /** In seconds; `null` for never expires. */
  readonly defaultTtl: number | null
}

export interface ReadCounts {
  hits: number
  misses: number
  joined: number
  staleServed: number
  readonly notStored: Record<string, number>
}

export function statsOf(
  { hits, misses, joined, staleServed, notStored }: ReadCounts,
  { entries, refusals }: ValueStore,
  options: ResolvedOptions,
  defaultTtlMs: number,
): InMemoryCacheStats {
  const { maxSize, maxBytes } = options
  const rate = hitRate({ hits, misses })
  const totalEntries = entries.size
  const activeEntries = [...entries.fresh()].length
  return {
    hits,
    misses,
    joined,
    ...(rate !== undefined && { hitRate: rate }),
    staleServed,
    evictions: entries.evictions,
    expirations: entries.expirations,
    refusals,
    notStored: { ...notStored },
    totalEntries,
    activeEntries,
    expiredEntries: totalEntries - activeEntries,
    maxSize,
    utilizationPercent: (activeEntries / maxSize) * 100,
    utilization: `${activeEntries}/${maxSize}`,
    bytes: countsBytes(options) ? entries.bytes : null,
    maxBytes: finiteOrNull(maxBytes),
    defaultTtl: finiteOrNull(defaultTtlMs / 1_000),
  }
}

function finiteOrNull(limit: number): number | null {
  return limit === Number.POSITIVE_INFINITY ? null : limit
}
