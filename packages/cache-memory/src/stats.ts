import type { MemoryUse } from '@verbatim/cache-core'
import { hitRate } from '@verbatim/cache-core/implement'
import { estimateEntryBytes } from './entry-size.js'
import type { EntryStore } from './entry-store.js'
import { countsBytes } from './options.js'

/** Figures of the entries in a cache. Counts begin when the cache is created. */
export interface EntryStats {
  /** Entries removed because the cache was full. */
  readonly evictions: number
  /** Entries removed because their TTL had passed. */
  readonly expirations: number
  /** Values that were not stored because they were too large. */
  readonly refusals: number
  /** Entries in the cache, including expired ones that are not removed yet. */
  readonly totalEntries: number
  readonly activeEntries: number
  /** totalEntries - activeEntries: entries past their TTL or with an invalidated tag. */
  readonly expiredEntries: number
  readonly maxSize: number
  /** activeEntries / maxSize, in percent. */
  readonly utilizationPercent: number
  /** The same as text, such as `'3/1000'`. */
  readonly utilization: string
  /** Memory that the entries occupy, as counted against `maxBytes`; `null` without a limit. */
  readonly bytes: number | null
  /** The option; `null` for no limit. */
  readonly maxBytes: number | null
}

/** Figures of an {@link InMemoryCache}. Counts begin when the cache is created. */
export interface InMemoryCacheStats extends EntryStats {
  readonly hits: number
  readonly misses: number
  /** Calls of `getOrSet` that joined a load in flight: neither hits nor misses. */
  readonly joined: number
  /** hits / (hits + misses), in percent; absent before the first read. */
  readonly hitRate?: number
  /** Misses of `getOrSet` that returned a stale value. */
  readonly staleServed: number
  /** Loaded values that could not be stored, by error code. Their callers received them. */
  readonly notStored: Readonly<Record<string, number>>
  /** In seconds; `null` for no expiry. */
  readonly defaultTtl: number | null
}

export interface ReadCounts {
  hits: number
  misses: number
  joined: number
  staleServed: number
  readonly notStored: Record<string, number>
}

/** Entries that are measured where sizes are not counted. They represent all others. */
const SAMPLED_ENTRIES = 32

export function statsOf(
  { hits, misses, joined, staleServed, notStored }: ReadCounts,
  entries: EntryStore,
  defaultTtlMs: number,
): InMemoryCacheStats {
  const rate = hitRate({ hits, misses })
  return {
    hits,
    misses,
    joined,
    ...(rate !== undefined && { hitRate: rate }),
    staleServed,
    notStored: { ...notStored },
    ...entryStats(entries),
    defaultTtl: finiteOrNull(defaultTtlMs / 1_000),
  }
}

/** Returns the figures of an entry store. */
export function entryStats<Value>(entries: EntryStore<Value>): EntryStats {
  const { limits, size: totalEntries } = entries
  const { maxSize, maxBytes } = limits
  const activeEntries = [...entries.fresh()].length
  return {
    evictions: entries.evictions,
    expirations: entries.expirations,
    refusals: entries.refusals,
    totalEntries,
    activeEntries,
    expiredEntries: totalEntries - activeEntries,
    maxSize,
    utilizationPercent: (activeEntries / maxSize) * 100,
    utilization: `${activeEntries}/${maxSize}`,
    bytes: countsBytes(limits) ? entries.bytes : null,
    maxBytes: finiteOrNull(maxBytes),
  }
}

/** Returns how much memory an entry store uses. Takes the same time for any number or size of entries. */
export function memoryUseOf<Value>(entries: EntryStore<Value>): MemoryUse {
  const { limits, size, bytes } = entries
  return {
    entries: size,
    maxEntries: limits.maxSize,
    bytes: countsBytes(limits) ? bytes : estimatedBytes(entries),
  }
}

/** Estimates the size of all entries from the most recently used ones. */
function estimatedBytes<Value>(entries: EntryStore<Value>): number {
  let sampled = 0
  let bytes = 0
  for (const { key, storedValue } of entries.all()) {
    bytes += estimateEntryBytes(key, storedValue)
    if (++sampled === SAMPLED_ENTRIES) break
  }
  return sampled === 0 ? 0 : Math.round((bytes / sampled) * entries.size)
}

function finiteOrNull(limit: number): number | null {
  return limit === Number.POSITIVE_INFINITY ? null : limit
}
