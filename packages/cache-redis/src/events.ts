import type { CacheError, InfrastructureError } from '@verbatim/cache-core'
import type { ForeignReason } from './codec/stored-line.js'

/** What a {@link GenericRedisCache} tells its listeners, with what it passes to them. */
export type RedisCacheEvents = {
  /** A read found a value. */
  get_success: [key: string, value: unknown]
  /** A read found none. */
  get_miss: [key: string]
  /** A write has reached Redis. */
  set_success: [key: string, value: unknown]
  /** A delete removed something. */
  delete_success: [key: string]
  /** A loaded value could not be stored. Its callers have it; `error.code` is the reason. */
  not_stored: [key: string, error: CacheError]
  /** A load failed whose error not everybody saw: it ran in the background, or a stale value stood in. */
  refresh_failed: [key: string, error: unknown]
  /** Redis can be used, for the first time or again. */
  connected: []
  /** Redis cannot be used: from here on the cache lives in memory only. */
  disconnected: []
  /** Every change in Redis is heard of, for the first time or again: copies in memory are used. */
  link_up: []
  /** Changes in Redis may go unheard: copies in memory are not used while Redis can be asked. */
  link_down: []
  /** Redis did not do what a call needed. */
  backend_error: [error: InfrastructureError]
  /** Redis held a damaged value of this cache under a key. It was removed, if it was still unchanged. */
  corrupt_value: [key: string]
  /** Redis holds something under a key that is not a value of this cache. It stays. Emitted once for a key. */
  foreign_value: [key: string, reason: ForeignReason]
  /** An invalidation that Redis kept refusing was given up: the key, pattern or tag may be served stale. */
  invalidation_given_up: [kind: 'key' | 'pattern' | 'tag', name: string, error: InfrastructureError]
}

/** The names of all events. */
export const EVENT_NAMES: readonly (keyof RedisCacheEvents)[] = [
  'get_success',
  'get_miss',
  'set_success',
  'delete_success',
  'not_stored',
  'refresh_failed',
  'connected',
  'disconnected',
  'link_up',
  'link_down',
  'backend_error',
  'corrupt_value',
  'foreign_value',
  'invalidation_given_up',
]
