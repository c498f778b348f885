import { type CacheInterface, escapeGlob, type InspectedEntry } from '@verbatim/cache-core'
import { hasMethod, isPlainObject } from '@verbatim/cache-core/implement'
import { RouteError } from './route-error.js'

/** The most entries that a search lists. */
const MOST_LISTED = 200
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
  /** The size of the value as JSON, in bytes. */
  readonly jsonBytes?: number
  /** Milliseconds since the value was stored. */
  readonly ageMs?: number
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
  readonly #invalidations: PastInvalidation[] = []

  constructor(caches: Readonly<Record<string, CacheInterface>>, now: () => number) {
    this.#caches = new Map(Object.entries(caches))
    this.#now = now
  }

  /** The invalidations through this dashboard, the newest first. */
  get invalidations(): readonly PastInvalidation[] {
    return this.#invalidations.toReversed()
  }

  /** Lists entries whose keys match a glob. */
  async list(name: string, pattern: string): Promise<EntryList> {
    const cache = this.#cache(name)
    const entries: ListedEntry[] = []
    // The default of `inspect` reads with `get`, which would count as reads and keep entries from eviction.
    const found = inspects(cache) ? this.#inspected(cache, pattern) : withTtl(cache, pattern)
    for await (const entry of found) {
      if (entries.length === MOST_LISTED) return { entries, hasMore: true }
      entries.push(entry)
    }
    return { entries, hasMore: false }
  }

  /** Opens one entry. The value shows its structure alone unless `reveal` is true. */
  async open(name: string, key: string, reveal: boolean): Promise<OpenedEntry> {
    for await (const entry of this.#cache(name).inspect(escapeGlob(key))) {
      if (entry.key !== key) continue
      const value = 'error' in entry ? undefined : entry.value
      return {
        ...this.#listed(entry),
        value: reveal ? value : redacted(value),
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

  async *#inspected(cache: CacheInterface, pattern: string): AsyncIterable<ListedEntry> {
    for await (const entry of cache.inspect(pattern)) yield this.#listed(entry)
  }

  #listed(entry: InspectedEntry): ListedEntry {
    if ('error' in entry) return { key: entry.key, error: entry.error.code }
    const { key, value, ttl } = entry
    const storedAt = isPlainObject(value)
      ? (value as Record<string, unknown>)['storedAt']
      : undefined
    return {
      key,
      ttl,
      ...jsonBytes(value),
      ...(typeof storedAt === 'number' && { ageMs: Math.max(0, this.#now() - storedAt) }),
    }
  }
}

/**
 * Returns whether a cache has its own way to read entries without counting the reads. Such a class defines
 * `inspect` where it defines `scan`.
 */
function inspects(cache: CacheInterface): boolean {
  return ownerOf(cache, 'inspect') === ownerOf(cache, 'scan')
}

/** Returns whether a cache can name the keys of an operation or a tenant. */
export function hasKeyPatterns(cache: unknown): cache is KeyPatterns {
  return hasMethod(cache, 'keyPattern')
}

/** Returns the prototype that defines a method. */
function ownerOf(cache: CacheInterface, method: keyof CacheInterface): unknown {
  let owner: object | null = cache
  while (owner !== null && !Object.hasOwn(owner, method)) owner = Reflect.getPrototypeOf(owner)
  return owner
}

async function* withTtl(cache: CacheInterface, pattern: string): AsyncIterable<ListedEntry> {
  for await (const key of cache.scan(pattern)) {
    const ttl = await cache.getTtl(key)
    if (ttl !== undefined) yield { key, ttl }
  }
}

function jsonBytes(value: unknown): { readonly jsonBytes?: number } {
  try {
    const json: string | undefined = JSON.stringify(value)
    return json === undefined ? {} : { jsonBytes: Buffer.byteLength(json) }
  } catch {
    return {}
  }
}

/** Returns the structure of a value: names of fields and lengths, without texts and numbers. */
function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return `[text of ${value.length} characters]`
  if (typeof value === 'number' || typeof value === 'bigint') return '[number]'
  if (value === null || typeof value !== 'object') return value
  if (depth === 6) return '[more]'
  if (Array.isArray(value)) {
    const shown = value.slice(0, 20).map((item) => redacted(item, depth + 1))
    return value.length > 20 ? [...shown, `[${value.length - 20} more items]`] : shown
  }
  if (!isPlainObject(value)) return '[object]'
  const fields = Object.entries(value).slice(0, 50)
  return Object.fromEntries(fields.map(([name, field]) => [name, redacted(field, depth + 1)]))
}
