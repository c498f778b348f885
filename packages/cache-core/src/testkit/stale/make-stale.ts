import type { CacheInterface } from '../../cache-interface.js'
import type { GetOrSetOptions } from '../../loading/get-or-set-options.js'
import type { CacheContract } from '../contract.js'

/** What a call says that takes an old value rather than wait. */
export const WHILE_REVALIDATING: GetOrSetOptions = { ttl: '1h', staleWhileRevalidate: '1h' }

/** What a call says that takes an old value rather than fail. */
export const IF_ERROR: GetOrSetOptions = { ttl: '1h', staleIfError: '1h' }

/** Loads the value `'stale'` and lets its life pass, so that it is there for stale reads only. */
export async function makeStale(
  contract: CacheContract,
  cache: CacheInterface,
  key: string,
  options: GetOrSetOptions = {},
): Promise<void> {
  const held = { staleWhileRevalidate: '1h', staleIfError: '1h' } as const
  await cache.getOrSet(key, () => 'stale', { ...held, ...options, ttl: '50ms' })
  await contract.advance(90)
}
