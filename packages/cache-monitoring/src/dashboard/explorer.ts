import { type CacheInterface, escapeGlob } from '@verbatim/cache-core'
import { hasMethod, isPlainObject } from '@verbatim/cache-core/implement'
import { entriesOf, type FoundEntry, jsonBytes, withValue } from './found-entries.js'
import { RouteError } from './route-error.js'
import { redacted, revealed } from './shown-value.js'

/** The most entries that a search lists. */
const MOST_LISTED = 200
/** The most bytes of values that a search measures, because measuring takes time of the whole process. */
const MOST_MEASURED_BYTES = 16_777_216
/** The most keys that are counted before an invalidation. */
const MOST_COUNTED = 100_000
/** The most invalidations that the history holds. */
const MOST_INVALIDATIONS = 200
/** The reason that the monitor records for changes of the dashboard. */
export const REASON = 'dashboard'

/** An entry of a cache. Figures that the cache does not know are absent. */
interface ListedEntry {
  readonly key: string
  /** Seconds until the TTL ends; `null` when the entry never expires. */
  readonly ttl?: number | null
  /** The size of the value as JSON, in bytes. Absent after the first 16 MiB of a search. */
  readonly jsonBytes?: number
  /** Milliseconds since the value was stored. */
  readonly ageMs?: number
  /** The recorded requests that this entry has answered, of the newest 500. */
  readonly hits?: number
  /** The code of the error of an entry that cannot be read. */
  readonly error?: string
}

export interface EntryList {
  readonly entries: readonly ListedEntry[]
  /** Whether the cache has more entries that match. */
  readonly hasMore: boolean
}

/** An entry with its value, in which texts and numbers are replaced unless `reveal` was set. */
export interface OpenedEntry extends ListedEntry {
  readonly value: unknown
  readonly isRedacted: boolean
}

export interface KeyCount {
  readonly count: number
  /** Whether counting stopped before the last key. */
  readonly isLowerBound: boolean
}

/** Selects keys by what a cache of responses writes into them. An absent field selects all. */
interface KeySelection {
  readonly operation?: string | undefined
  readonly tenant?: string | undefined
}

/** A cache that knows the keys of its operations and tenants, such as an `AIResponseCache`. */
interface KeyPatterns {
  keyPattern(selection: KeySelection): string
}

/** The recorded requests that entries have answered, by key. */
type HitsByKey = ReadonlyMap<string, number>

/** An invalidation through the dashboard. */
export interface PastInvalidation {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly cache: string
  readonly target: string
  /** Absent where the cache does not count them. */
  readonly keys?: number
  readonly durationMs: number
}

/** Searches and changes the entries of caches for an operator. */
export class Explorer {
  readonly #caches: ReadonlyMap<string, CacheInterface>
  readonly #now: () => number
  readonly #hitsByKey: () => HitsByKey
  readonly #invalidations: PastInvalidation[] = []

  constructor(
    caches: Readonly<Record<string, CacheInterface>>,
    now: () => number,
    hitsByKey: () => HitsByKey,
  ) {
    this.#caches = new Map(Object.entries(caches))
    this.#now = now
    this.#hitsByKey = hitsByKey
  }

  /** The invalidations through this dashboard, the newest first. */
  get invalidations(): readonly PastInvalidation[] {
    return this.#invalidations.toReversed()
  }

  /** Lists entries whose keys match a glob. */
  async list(name: string, pattern: string): Promise<EntryList> {
    const hits = this.#hitsByKey()
    const entries: ListedEntry[] = []
    let measured = 0
    for await (const found of entriesOf(this.#cache(name), pattern)) {
      if (entries.length === MOST_LISTED) return { entries, hasMore: true }
      const size = measured < MOST_MEASURED_BYTES ? jsonBytes(found) : {}
      measured += size.jsonBytes ?? 0
      entries.push({ ...this.#listed(found, hits), ...size })
    }
    return { entries, hasMore: false }
  }

  /** Opens one entry. The value shows its structure alone unless `reveal` is true. */
  async open(name: string, key: string, reveal: boolean): Promise<OpenedEntry> {
    const cache = this.#cache(name)
    for await (const found of entriesOf(cache, escapeGlob(key))) {
      if (found.key !== key) continue
      const entry = await withValue(cache, found)
      const value = 'value' in entry ? entry.value : undefined
      return {
        ...this.#listed(entry, this.#hitsByKey()),
        ...jsonBytes(entry),
        // An entry that has just expired has no value.
        value: reveal && value !== undefined ? revealed(value) : redacted(value),
        isRedacted: !reveal,
      }
    }
    throw new RouteError(404, 'NO_ENTRY', 'the cache has no entry with this key')
  }

  /** Returns the glob of the keys of an operation, of a tenant, or of both, as the cache itself names them. */
  pattern(name: string, selection: KeySelection): { readonly pattern: string } {
    const cache = this.#cache(name)
    if (hasKeyPatterns(cache)) return { pattern: cache.keyPattern(selection) }
    throw new RouteError(400, 'NO_OPERATIONS', 'the keys of this cache have no operations')
  }

  /** Counts the keys that an invalidation by a glob would remove. */
  async count(name: string, pattern: string): Promise<KeyCount> {
    let count = 0
    const keys = this.#cache(name).scan(pattern)[Symbol.asyncIterator]()
    while ((await keys.next()).done !== true) {
      if (count === MOST_COUNTED) {
        await keys.return?.()
        return { count, isLowerBound: true }
      }
      count++
    }
    return { count, isLowerBound: false }
  }

  async delete(name: string, key: string): Promise<boolean> {
    return this.#changed(name, key, async (cache) => {
      const wasRemoved = await cache.delete(key)
      return { result: wasRemoved, keys: wasRemoved ? 1 : 0 }
    })
  }

  async invalidatePattern(name: string, pattern: string): Promise<number> {
    return this.#changed(name, pattern, async (cache) => {
      const keys = await cache.invalidatePattern(pattern, { reason: REASON })
      return { result: keys, keys }
    })
  }

  async invalidateTag(name: string, tag: string): Promise<void> {
    return this.#changed(name, `tag ${tag}`, async (cache) => {
      await cache.invalidateTags([tag])
      return { result: undefined }
    })
  }

  async #changed<Result>(
    name: string,
    target: string,
    change: (cache: CacheInterface) => Promise<{ result: Result; keys?: number }>,
  ): Promise<Result> {
    const startedAt = performance.now()
    const { result, keys } = await change(this.#cache(name))
    const durationMs = performance.now() - startedAt
    this.#invalidations.push({
      at: this.#now(),
      cache: name,
      target,
      ...(keys !== undefined && { keys }),
      durationMs,
    })
    if (this.#invalidations.length > MOST_INVALIDATIONS) this.#invalidations.shift()
    return result
  }

  #cache(name: string): CacheInterface {
    const cache = this.#caches.get(name)
    if (cache !== undefined) return cache
    throw new RouteError(404, 'NO_CACHE', 'the dashboard has no cache of this name')
  }

  #listed(entry: FoundEntry, hitsByKey: HitsByKey): ListedEntry {
    const { key } = entry
    const hits = hitsByKey.get(key)
    const recorded = { key, ...(hits !== undefined && { hits }) }
    if ('error' in entry) return { ...recorded, error: entry.error.code }
    const value = 'value' in entry ? entry.value : undefined
    const storedAt = isPlainObject(value) ? value['storedAt'] : undefined
    return {
      ...recorded,
      ttl: entry.ttl,
      ...(typeof storedAt === 'number' && { ageMs: Math.max(0, this.#now() - storedAt) }),
    }
  }
}

/** Returns whether a cache can name the keys of an operation or a tenant. */
export function hasKeyPatterns(cache: unknown): cache is KeyPatterns {
  return hasMethod(cache, 'keyPattern')
}
