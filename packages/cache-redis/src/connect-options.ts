import { InfrastructureError } from '@verbatim/cache-core'
import { assertKnownFields, invalidArgument } from '@verbatim/cache-core/implement'
import type { RedisStore } from './redis/redis-store.js'

/** How `connect` treats a Redis that cannot be used. */
export interface ConnectOptions {
  /** Whether to reject instead of resolving with false. Default: false. */
  readonly required?: boolean | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof ConnectOptions>(['required'])

/**
 * Returns whether Redis is required.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown field or another type
 */
export function isRedisRequired(options: ConnectOptions): boolean {
  assertKnownFields(options, FIELDS, 'options')
  const { required = false } = options
  if (typeof required !== 'boolean') throw invalidArgument('required', 'true or false', required)
  return required
}

const NOT_CONFIGURED =
  'Redis is required, but the cache has none of the options redisUrl, sentinel, cluster and client: ' +
  'it is memory only.'

/** Returns the error for a Redis that is required and cannot be used; `undefined` for none at all. */
export function redisIsUnusable(redis: RedisStore | undefined): InfrastructureError {
  return new InfrastructureError(redis?.whyUnusable() ?? NOT_CONFIGURED, {
    code: 'BACKEND_UNAVAILABLE',
    context: { reason: redis?.status.lastErrorCode, outcome: 'failed' },
  })
}
