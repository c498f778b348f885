import type { TextSize } from '@verbatim/cache-core'
import { isPlainObject, TEXT_SIZES } from '@verbatim/cache-core/implement'
import type { CachedResponse } from './ai-request.js'

/** What is known of a response before there is one. */
export interface KnownOfRequest {
  readonly operation: string
  readonly textTier: TextSize
}

/** What stands in the cache: the response, and beside it what is known about it. */
export interface StoredResponse<T = unknown> extends KnownOfRequest {
  readonly response: T
  /** Milliseconds since 1970; unknown for a response of the Python version without a date. */
  readonly storedAt: number | undefined
  /** How long its computation took, in milliseconds; missing for one that was handed in. */
  readonly computeMs?: number
}

/** What a response must match so that a call may use it. */
export interface Expected {
  readonly operation: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Whether a stored value is a response, and what is expected. Anybody who can write to Redis may have put
 * something else there.
 */
export function isStoredResponse<T>(
  value: unknown,
  expected?: Expected,
): value is StoredResponse<T> {
  if (!isPlainObject(value) || !Object.hasOwn(value, 'response')) return false
  const stored = value as Partial<Record<keyof StoredResponse, unknown>>
  return (
    stored.response !== undefined &&
    typeof stored.operation === 'string' &&
    (expected === undefined || stored.operation === expected.operation) &&
    TEXT_SIZES.some((tier) => tier === stored.textTier) &&
    isNumberUpTo(stored.storedAt, LATEST_DATE_MS) &&
    (expected === undefined || isPossibleDate(stored.storedAt, expected.now)) &&
    (stored.computeMs === undefined || isNumberUpTo(stored.computeMs, LONGEST_COMPUTATION_MS))
  )
}

const DAY_MS = 86_400_000

/** The last instant that a `Date` can name, in milliseconds since 1970. */
const LATEST_DATE_MS = 8.64e15

/** How far the clock of another process may be ahead. A day also covers a clock in a wrong time zone. */
const LARGEST_CLOCK_SKEW_MS = DAY_MS

/** Providers of models end a batch of requests after a day. */
const LONGEST_COMPUTATION_MS = 7 * DAY_MS

/** Whether a response can have been stored at this instant. Both are milliseconds since 1970. */
export function isPossibleDate(date: unknown, now: number): boolean {
  return isNumberUpTo(date, Math.min(now + LARGEST_CLOCK_SKEW_MS, LATEST_DATE_MS))
}

function isNumberUpTo(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most
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
