import type { CacheError } from '@verbatim/cache-core'

/** Events of an {@link InMemoryCache}, with the arguments of their listeners. They are emitted after the call. */
export type InMemoryCacheEvents = {
  /** An entry was removed because the cache was full. */
  evicted: [key: string, value: unknown]
  /** An entry was removed after its TTL, which may be much later. */
  expired: [key: string, value: unknown]
  /** A value was not stored because it was too large. */
  refused: [key: string, bytes: number]
  /** A loaded value could not be stored. Its callers received it. `error.code` is the reason. */
  not_stored: [key: string, error: CacheError]
  /** A load failed in the background, or was replaced by a stale value. */
  refresh_failed: [key: string, error: unknown]
}

export const EVENT_NAMES: readonly (keyof InMemoryCacheEvents)[] = [
  'evicted',
  'expired',
  'refused',
  'not_stored',
  'refresh_failed',
]
