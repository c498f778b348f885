import { CacheError, type HeldValue, type LoadPlan } from '@verbatim/cache-core'

/**
 * Returns what the cache holds, for a call that never computes.
 *
 * @param staleServed - called when the value is stale
 * @throws CacheError (`NOT_CACHED`) when nothing is held that may be served
 */
export function onlyHeld<T>(
  key: string,
  { value, freshMs, onMiss, onNotLoaded }: HeldValue<T>,
  { staleWhileRevalidateMs, staleIfErrorMs }: LoadPlan<T>,
  staleServed: () => void,
): T {
  if (freshMs >= 0) return value
  onNotLoaded?.()
  onMiss?.(false)
  if (-freshMs <= Math.max(staleWhileRevalidateMs, staleIfErrorMs)) {
    staleServed()
    return value
  }
  throw new CacheError('the response is not in the cache, and onlyIfCached is true', {
    code: 'NOT_CACHED',
    context: { key },
  })
}
