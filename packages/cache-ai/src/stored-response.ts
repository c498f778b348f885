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
  /** Milliseconds since 1970; unknown for a response of the Python version without a date. */
  readonly storedAt: number | undefined
  /** How long its computation took, in milliseconds; missing for one that was handed in. */
  readonly computeMs?: number
}

/**
 * Whether a stored value is a response to this operation. Anybody who can write to Redis may have put
 * something else there.
 */
export function isStoredResponse<T>(
  value: unknown,
  operation?: string,
): value is StoredResponse<T> {
  if (!isPlainObject(value) || !Object.hasOwn(value, 'response')) return false
  const stored = value as Partial<Record<keyof StoredResponse, unknown>>
  return (
    stored.response !== undefined &&
    typeof stored.operation === 'string' &&
    (operation === undefined || stored.operation === operation) &&
    TEXT_TIERS.some((tier) => tier === stored.textTier) &&
    isNumberUpTo(stored.storedAt, LATEST_DATE_MS) &&
    (stored.computeMs === undefined || isNumberUpTo(stored.computeMs, LATEST_DATE_MS))
  )
}

/** The last instant that a `Date` can name, in milliseconds since 1970. */
const LATEST_DATE_MS = 8.64e15

function isNumberUpTo(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most
}

/**
 * Returns a response that the Python version has stored. What it knows about a response stands among the
 * fields, and comes back with it.
 */
export function legacyResponse<T>(
  value: unknown,
  known: KnownOfRequest,
): StoredResponse<T> | undefined {
  if (!isPlainObject(value)) return undefined
  // It stores false, and says true when it reads.
  const response = { ...value, cache_hit: true } as T
  if (Object.isFrozen(value)) Object.freeze(response)
  return { ...known, response, storedAt: dateOf(value['cached_at']) }
}

/** Returns a date that Python wrote in ISO 8601, in milliseconds since 1970. */
function dateOf(written: unknown): number | undefined {
  // Date.parse takes any text with a number for a date.
  if (typeof written !== 'string' || !/^\d{4}-\d\d-\d\d[T ]/.test(written)) return undefined
  const date = Date.parse(written)
  return isNumberUpTo(date, LATEST_DATE_MS) ? date : undefined
}

/** How a response came to its caller. */
export interface Origin {
  readonly tier: CachedResponse['cached']['tier']
  readonly isJoined?: boolean
  readonly isStale?: boolean
  /** How long the caller waited, in milliseconds. */
  readonly tookMs: number
}

/** @param now - milliseconds since 1970 */
export function describeResponse<T>(
  key: string,
  { response, textTier, storedAt, computeMs }: StoredResponse<T>,
  { tier, isJoined = false, isStale = false, tookMs }: Origin,
  now: number,
): CachedResponse<T> {
  const hit = tier !== 'none'
  const known = computeMs === undefined ? {} : { computeMs }
  const saved = hit && computeMs !== undefined ? { savedMs: Math.max(0, computeMs - tookMs) } : {}
  const cached = { hit, joined: isJoined, stale: isStale, tier, key, textTier }
  return { response, cached: { ...cached, ...ageOf(storedAt, now), ...known, ...saved } }
}

function ageOf(
  storedAt: number | undefined,
  now: number,
): Pick<CachedResponse['cached'], 'at' | 'ageMs'> {
  if (storedAt === undefined) return {}
  return { at: new Date(storedAt).toISOString(), ageMs: Math.max(0, now - storedAt) }
}
