import type { CacheTier } from '../monitor.js'

/** The result of a lookup: a value that the cache stores, fresh or stale, or the state of a key without one. */
export interface LookupResult<T = unknown> {
  readonly value: T
  /**
   * Milliseconds until the TTL ends: negative for a stale value, `Infinity` for one that never expires,
   * `-Infinity` when there is no value and only {@link LookupResult.revision} is known.
   */
  readonly freshMs: number
  /** The duration of its load, in milliseconds; 0 when it is unknown. */
  readonly loadMs: number
  /**
   * The version of the key, where processes share it: a loaded value is stored only while the key still has
   * the revision that was read before the load. `undefined` where no other process writes.
   */
  readonly revision?: string | undefined
  /** The tier that held the value. Default: the tier of the cache's settings. */
  readonly tier?: CacheTier | undefined
  /** Whether the cache does not know when the TTL ends. `freshMs` is `Infinity` then. Default: false. */
  readonly isTtlUnknown?: boolean | undefined
  /** Whether the backend could not answer, so that the lookup is neither a hit nor a miss. Default: false. */
  readonly isUnanswered?: boolean | undefined
  /**
   * Called once when the value is not used and another one is loaded, or when it is served stale.
   *
   * @param isJoined - whether the call joined a load that was under way
   */
  readonly onMiss?: ((isJoined: boolean) => void) | undefined
  /** Called when nothing is loaded, so that processes that wait for this one start their own load. */
  readonly onNotLoaded?: (() => void) | undefined
}

/** Returns the result for a key without a value. */
export function emptyLookup<T>(revision: string | undefined): LookupResult<T> {
  return { value: undefined as T, freshMs: Number.NEGATIVE_INFINITY, loadMs: 0, revision }
}
