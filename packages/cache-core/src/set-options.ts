import { isPlainObject } from './data-kind.js'
import { fromMilliseconds, type Ttl, toMilliseconds } from './duration.js'
import { assertKnownFields } from './known-fields.js'
import { assertTags } from './tags.js'

/** Options of {@link CacheInterface.set} and of the other methods that store values. */
export interface SetOptions {
  /** TTL of the value. Default: the cache's `defaultTtl`; `null`: it never expires. */
  readonly ttl?: Ttl | undefined
  /** Tags by which `invalidateTags` removes the value. At most 128. Default: none. */
  readonly tags?: readonly string[] | undefined
  /**
   * The longest that this process keeps a copy of the value in memory before it reads Redis again; 0 for
   * no copy, `null` for as long as the value is fresh. Caches with one tier ignore it. Default: the
   * cache's `defaultTtl`.
   */
  readonly memoryTtl?: Ttl | undefined
}

/** {@link SetOptions}, checked and in milliseconds. */
export interface StorePlan {
  /** The TTL in whole milliseconds; `Infinity` when the value never expires. */
  readonly ttlMs: number
  /** The time after its TTL during which stale reads may return it. 0 unless it was loaded. */
  readonly graceMs: number
  /** The duration of its load, if the value is to be refreshed early; otherwise 0. */
  readonly loadMs: number
  readonly tags: readonly string[]
  /** The longest that a copy of it is kept in memory; `undefined` for the default of the cache. */
  readonly memoryTtlMs?: number | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof SetOptions>(['ttl', 'tags', 'memoryTtl'])
const NO_TAGS: readonly string[] = Object.freeze([])

/**
 * Checks the last argument of `set`: a TTL or options.
 *
 * @throws ValidationError (`INVALID_TTL`, `INVALID_TAGS`; `INVALID_ARGUMENT` for an unknown field)
 */
export function planStore(ttl: Ttl | SetOptions | undefined, defaultTtlMs: number): StorePlan {
  if (isOptions(ttl)) {
    assertKnownFields(ttl, FIELDS, 'ttl')
    if (ttl.tags !== undefined) assertTags(ttl.tags)
    const tags = ttl.tags === undefined ? NO_TAGS : [...ttl.tags]
    return planOf(ttlOf(ttl.ttl, defaultTtlMs), tags, toMemoryTtlMs(ttl.memoryTtl))
  }
  return planOf(ttlOf(ttl, defaultTtlMs), NO_TAGS, undefined)
}

function isOptions(ttl: Ttl | SetOptions | undefined): ttl is SetOptions {
  return isPlainObject(ttl)
}

/** Returns the argument of `set` for a plan. It is the reverse of {@link planStore}. */
export function toSetOptions({ ttlMs, tags, memoryTtlMs }: StorePlan): Ttl | SetOptions {
  const ttl = fromMilliseconds(ttlMs)
  if (tags.length === 0 && memoryTtlMs === undefined) return ttl
  const memoryTtl = memoryTtlMs === 0 ? 0 : memoryTtlMs && fromMilliseconds(memoryTtlMs)
  return { ttl, tags, memoryTtl }
}

/**
 * Turns a `memoryTtl` into whole milliseconds; `undefined` stays what it is.
 *
 * @throws ValidationError (`INVALID_TTL`) for anything but 0, a {@link Ttl} or `undefined`
 */
export function toMemoryTtlMs(memoryTtl: Ttl | undefined): number | undefined {
  if (memoryTtl === undefined || memoryTtl === 0) return memoryTtl
  return toMilliseconds(memoryTtl, 'memoryTtl')
}

function planOf(
  ttlMs: number,
  tags: readonly string[],
  memoryTtlMs: number | undefined,
): StorePlan {
  return { ttlMs, graceMs: 0, loadMs: 0, tags, memoryTtlMs }
}

function ttlOf(ttl: Ttl | undefined, defaultTtlMs: number): number {
  return ttl === undefined ? defaultTtlMs : toMilliseconds(ttl)
}
