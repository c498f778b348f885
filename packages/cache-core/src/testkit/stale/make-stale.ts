import type { CacheInterface } from '../../cache-interface.js'
import type { GetOrSetOptions } from '../../loading/get-or-set-options.js'
import type { CacheContract } from '../contract.js'

/** Options of a call that accepts a stale value at once. */
export const WHILE_REVALIDATING: GetOrSetOptions = { ttl: '1h', staleWhileRevalidate: '1h' }

/** Options of a call that accepts a stale value when the load fails. */
export const IF_ERROR: GetOrSetOptions = { ttl: '1h', staleIfError: '1h' }

/** Loads the value `'stale'` and waits until its TTL has passed. */
export async function makeStale(
  contract: CacheContract,
  cache: CacheInterface,
  key: string,
  options: GetOrSetOptions = {},
): Promise<void> {
  const grace = { staleWhileRevalidate: '1h', staleIfError: '1h' } as const
  await cache.getOrSet(key, () => 'stale', { ...grace, ...options, ttl: '50ms' })
  await contract.advance(90)
}
