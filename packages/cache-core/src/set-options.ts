import { isPlainObject } from './data-kind.js'
import { fromMilliseconds, type Ttl, toMilliseconds } from './duration.js'
import { assertKnownFields } from './known-fields.js'
import { assertTags } from './tags.js'

export interface SetOptions {
  /** The value's life; the cache's `defaultTtl` when left out, `null` for never expires. */
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

/** How a value is to be stored, checked and in milliseconds. */
export interface StorePlan {
  /** How long it is fresh, in whole milliseconds; `Infinity` for ever. */
  readonly ttlMs: number
  /** How much longer it may be kept for those who take a stale value. 0 unless it was loaded. */
  readonly graceMs: number
  /** How long its load took, for a value that is to be refreshed early; otherwise 0. */
  readonly loadMs: number
  readonly tags: readonly string[]
  /** The longest that a copy of it is kept in memory; `undefined` for the default of the cache. */
  readonly memoryTtlMs?: number | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof SetOptions>(['ttl', 'tags', 'memoryTtl'])
const NO_TAGS: readonly string[] = Object.freeze([])

/**
 * Checks what `set` was told about a value's life.
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

/** The reverse of {@link planStore}: what to tell a `set` that knows no more than its contract. */
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
