import type { CacheTier } from '../monitor.js'

/** A value that a cache still has, though perhaps for stale reads only. */
export interface LookupResult<T = unknown> {
  readonly value: T
  /**
   * Milliseconds until its life is over; negative since then; `Infinity` when it never is,
   * `-Infinity` when there is no value, only what was {@link LookupResult.revision}.
   */
  readonly freshMs: number
  /** How long its load took, in milliseconds; 0 when nobody knows. */
  readonly loadMs: number
  /**
   * What tells this state of the key from any other, where processes share it: what is loaded is
   * stored only over the state that was seen before. `undefined` where nobody else writes.
   */
  readonly revision?: string | undefined
  /** Which tier held the value. Default: the tier of the cache's settings. */
  readonly tier?: CacheTier | undefined
  /** Whether the cache does not know when the TTL ends. `freshMs` is `Infinity` then. Default: false. */
  readonly isTtlUnknown?: boolean | undefined
  /** Whether the backend could not answer, so that the lookup is neither a hit nor a miss. Default: false. */
  readonly isUnanswered?: boolean | undefined
  /**
   * Called once when a value is loaded because this one does not do, or a stale one is served.
   *
   * @param isJoined - whether the call joined a load that was under way
   */
  readonly onMiss?: ((isJoined: boolean) => void) | undefined
  /** Called when nothing is loaded after all, so that processes that wait for this one load for themselves. */
  readonly onNotLoaded?: (() => void) | undefined
}

/** Returns what is held where there is no value: the state in which the key was seen. */
export function emptyLookup<T>(revision: string | undefined): LookupResult<T> {
  return { value: undefined as T, freshMs: Number.NEGATIVE_INFINITY, loadMs: 0, revision }
}
