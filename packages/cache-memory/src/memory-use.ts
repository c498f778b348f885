import type { MemoryUse } from '@verbatim/cache-core'
import { estimatedEntryBytes } from './entry-size.js'
import type { EntryStore } from './entry-store.js'
import { countsBytes, type ResolvedOptions } from './options.js'

/** Where bytes are not counted, so many entries stand for all. */
const SAMPLED_ENTRIES = 32

/** How much is held. Takes no longer for many entries, or large ones, than for some. */
export function memoryUseOf(entries: EntryStore, options: ResolvedOptions): MemoryUse {
  return {
    entries: entries.size,
    maxEntries: options.maxSize,
    bytes: countsBytes(options) ? entries.bytes : estimatedBytes(entries),
  }
}

/** As if all were like those that were used last. */
function estimatedBytes(entries: EntryStore): number {
  let sampled = 0
  let bytes = 0
  for (const { key, storedValue } of entries.all()) {
    bytes += estimatedEntryBytes(key, storedValue)
    if (++sampled === SAMPLED_ENTRIES) break
  }
  return sampled === 0 ? 0 : Math.round((bytes / sampled) * entries.size)
}
