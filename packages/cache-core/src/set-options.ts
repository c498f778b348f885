import { fromMilliseconds, type Ttl, toMilliseconds } from './duration.js'
import { assertTags } from './tags.js'

export interface SetOptions {
  /** The value's life; the cache's `defaultTtl` when left out, `null` for never expires. */
  readonly ttl?: Ttl | undefined
  /** Tags by which `invalidateTags` removes the value. At most 128. Default: none. */
  readonly tags?: readonly string[] | undefined
}

/** How a value is to be stored, checked and in milliseconds. */
export interface StorePlan {
  /** How long it is fresh, in whole milliseconds; `Infinity` for ever. */
  readonly lifeMs: number
  /** How much longer it may be kept for those who take a stale value. 0 unless it was loaded. */
  readonly graceMs: number
  /** How long its load took, for a value that is to be refreshed early; otherwise 0. */
  readonly loadMs: number
  readonly tags: readonly string[]
}

const NO_TAGS: readonly string[] = Object.freeze([])

/**
 * Checks what `set` was told about a value's life.
 *
 * @throws ValidationError (`INVALID_TTL`, `INVALID_TAGS`)
 */
export function planStore(ttl: Ttl | SetOptions | undefined, defaultLifeMs: number): StorePlan {
  if (ttl !== null && typeof ttl === 'object' && !Array.isArray(ttl)) {
    if (ttl.tags !== undefined) assertTags(ttl.tags)
    return planOf(lifeOf(ttl.ttl, defaultLifeMs), ttl.tags === undefined ? NO_TAGS : [...ttl.tags])
  }
  return planOf(lifeOf(ttl as Ttl | undefined, defaultLifeMs), NO_TAGS)
}

/** The reverse of {@link planStore}: what to tell a `set` that knows no more than its contract. */
export function toSetOptions({ lifeMs, tags }: StorePlan): Ttl | SetOptions {
  const ttl = fromMilliseconds(lifeMs)
  return tags.length === 0 ? ttl : { ttl, tags }
}

function planOf(lifeMs: number, tags: readonly string[]): StorePlan {
  return { lifeMs, graceMs: 0, loadMs: 0, tags }
}

function lifeOf(ttl: Ttl | undefined, defaultLifeMs: number): number {
  return ttl === undefined ? defaultLifeMs : toMilliseconds(ttl)
}
