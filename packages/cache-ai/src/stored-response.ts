import { isPlainObject } from '@verbatim/cache-core'
import type { CachedResponse } from './ai-request.js'
import { TEXT_TIERS, type TextTier } from './metrics/text-tier.js'

/** What is known of a response before there is one. */
export interface KnownOfRequest {
  readonly operation: string
  readonly textTier: TextTier
}

/** What stands in the cache: the response, and beside it what is known about it. */
export interface StoredResponse<T = unknown> extends KnownOfRequest {
  readonly response: T
  /** Milliseconds since 1970. */
  readonly storedAt: number
}

/** Somebody may have used `set` with a key of ours, or the original may have stored there. */
export function isStoredResponse<T>(value: unknown): value is StoredResponse<T> {
  const { response, operation, textTier, storedAt } = Object(value) as Partial<StoredResponse<T>>
  return (
    response !== undefined &&
    typeof operation === 'string' &&
    TEXT_TIERS.some((tier) => tier === textTier) &&
    Number.isFinite(storedAt)
  )
}

/**
 * A response that the original has stored, of which it is known that nobody else has: it puts what it
 * knows among the fields, and they come back with it.
 */
export function legacyResponse<T>(
  value: unknown,
  known: KnownOfRequest,
): StoredResponse<T> | undefined {
  if (!isPlainObject(value)) return undefined
  const storedAt = Date.parse(String(value['cached_at']))
  return { ...known, response: value as T, storedAt: Number.isNaN(storedAt) ? 0 : storedAt }
}

/** @param now - milliseconds since 1970 */
export function describeResponse<T>(
  key: string,
  { response, textTier, storedAt }: StoredResponse<T>,
  tier: CachedResponse['cached']['tier'],
  now: number,
): CachedResponse<T> {
  const at = new Date(storedAt).toISOString()
  const ageMs = Math.max(0, now - storedAt)
  return { response, cached: { hit: tier !== 'none', tier, key, at, ageMs, textTier } }
}
