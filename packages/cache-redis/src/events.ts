import type { CacheError, ConfigurationError, InfrastructureError } from '@verbatim/cache-core'
import type { ForeignReason } from './codec/stored-line.js'
import type { ExpiringCertificate } from './security/certificate-watch.js'

/** The events of a {@link GenericRedisCache}, with the arguments of their listeners. */
export type RedisCacheEvents = {
  /** A read found a value. */
  get_success: [key: string, value: unknown]
  /** A read found no value. */
  get_miss: [key: string]
  /** Redis stored a value. */
  set_success: [key: string, value: unknown]
  /** A delete removed a value. */
  delete_success: [key: string]
  /** A loaded value could not be stored, for the reason in `error.code`. Its callers received it. */
  not_stored: [key: string, error: CacheError]
  /** A load failed in the background, or a stale value was returned in its place. */
  refresh_failed: [key: string, error: unknown]
  /** Redis is available, for the first time or again. */
  connected: []
  /** Redis is unavailable: the cache uses memory only. */
  disconnected: []
  /** This process receives every invalidation, for the first time or again: copies in memory are served. */
  tracking_up: []
  /** Invalidations may be missed: copies in memory are not served while Redis is available. */
  tracking_down: []
  /** A Redis call failed. */
  backend_error: [error: InfrastructureError]
  /** A key held a damaged value of this cache. It was removed, unless another process changed it first. */
  corrupt_value: [key: string]
  /** A key holds something that is not a value of this cache. It stays. Emitted once for each key. */
  foreign_value: [key: string, reason: ForeignReason]
  /** Redis refused an invalidation so often that it was given up. Old values may be served until their TTL. */
  invalidation_given_up: [kind: 'key' | 'pattern' | 'tag', name: string, error: InfrastructureError]
  /** A certificate expires within 30, 7 or 1 days. Emitted once for each of these. */
  certificate_expires: [certificate: ExpiringCertificate]
  /** New certificate files cannot be used. The last ones stay in use. */
  certificate_file_error: [error: ConfigurationError]
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
  'tracking_up',
  'tracking_down',
  'backend_error',
  'corrupt_value',
  'foreign_value',
  'invalidation_given_up',
  'certificate_expires',
  'certificate_file_error',
]
