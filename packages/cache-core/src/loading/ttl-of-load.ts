import { type Ttl, toMilliseconds } from '../duration.js'
import { CacheError } from '../errors.js'
import { ignoreRejection, isPromiseLike } from '../timers.js'
import type { LoadPlan } from './get-or-set-options.js'

/**
 * Returns the TTL of a loaded value, in milliseconds.
 *
 * @throws CacheError when the TTL of the value does not let it be stored
 */
export function ttlMsOf<T>(value: T, ttl: LoadPlan<T>['ttl'], defaultTtlMs: number): number {
  const chosen = typeof ttl === 'function' ? callTtl(value, ttl) : ttl
  return chosen === undefined ? defaultTtlMs : toMilliseconds(chosen)
}

/**
 * Calls the TTL function of the options.
 *
 * @throws CacheError (`TTL_FAILED`) when the function throws or returns a promise
 * @throws CacheError (`TTL_ZERO`) when it returns 0, for "do not store"
 */
function callTtl<T>(value: T, choose: (value: T) => Ttl | undefined): Ttl | undefined {
  let ttl: Ttl | undefined
  try {
    ttl = choose(value)
  } catch (error) {
    throw new CacheError('the ttl function threw an error', { code: 'TTL_FAILED', cause: error })
  }
  if (isPromiseLike(ttl)) {
    ignoreRejection(ttl)
    throw new CacheError('ttl must not return a promise', { code: 'TTL_FAILED' })
  }
  if (ttl !== 0) return ttl
  throw new CacheError('the ttl function returned 0: the value is not to be stored', {
    code: 'TTL_ZERO',
  })
}

/** Returns a TTL without this part of it, from 0 to 1. */
export function shortenTtl(ttlMs: number, part: number): number {
  // Rounded up, so that the TTL is at least as long as `jitter` permits, and never 0.
  return Math.ceil(ttlMs * (1 - part))
}
