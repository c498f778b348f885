import type { CacheError } from '@verbatim/cache-core'

/** What an {@link InMemoryCache} tells its listeners, after the call that brought it about. */
export type InMemoryCacheEvents = {
  /** An entry had to go because the cache was full. */
  evicted: [key: string, value: unknown]
  /** An entry was dropped because its life was over; that may be well after its end. */
  expired: [key: string, value: unknown]
  /** A value was too large for the cache, and is not in it. */
  refused: [key: string, bytes: number]
  /** A loaded value could not be stored. Its callers have it; `error.code` is the reason. */
  not_stored: [key: string, error: CacheError]
  /** A load failed whose error not everybody saw: it ran in the background, or a stale value stood in. */
  refresh_failed: [key: string, error: unknown]
}

export const EVENT_NAMES: readonly (keyof InMemoryCacheEvents)[] = [
  'evicted',
  'expired',
  'refused',
  'not_stored',
  'refresh_failed',
]
