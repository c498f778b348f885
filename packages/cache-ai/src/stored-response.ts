import type { TextSize } from '@verbatim/cache-core'
import { isPlainObject, isTextSize } from '@verbatim/cache-core/implement'
import type { CachedResponse } from './ai-request.js'

/** The metadata that a request defines. */
export interface KnownOfRequest {
  readonly operation: string
  readonly textTier: TextSize
}

/** The value in the cache: a response and its metadata. */
export interface StoredResponse<T = unknown> extends KnownOfRequest {
  readonly response: T
  /** Milliseconds since 1970; unknown for a response of the Python version without a date. */
  readonly storedAt: number | undefined
  /** The duration of its computation, in milliseconds; absent for a response that `cacheResponse` stored. */
  readonly computeMs?: number
}

/** The operation and the time that a stored response must match. */
export interface Expected {
  readonly operation: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Returns whether a stored value is a response that matches. Other writers of Redis may have stored another
 * value.
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
    isTextSize(stored.textTier) &&
    isNumberUpTo(stored.storedAt, LATEST_DATE_MS) &&
    (expected === undefined || isPossibleDate(stored.storedAt, expected.now)) &&
    (stored.computeMs === undefined || isPossibleDuration(stored.computeMs))
  )
}

const DAY_MS = 86_400_000

/** The last instant that a `Date` can name, in milliseconds since 1970. */
const LATEST_DATE_MS = 8.64e15

/** The largest lead of another process' clock. A day also covers a clock in a wrong time zone. */
const LARGEST_CLOCK_SKEW_MS = DAY_MS

/** Providers of models end a batch of requests after a day, so a week is a safe limit. */
const LONGEST_COMPUTATION_MS = 7 * DAY_MS

/** Returns whether a response can have been stored at a date. Both arguments are milliseconds since 1970. */
export function isPossibleDate(date: unknown, now: number): boolean {
  return isNumberUpTo(date, Math.min(now + LARGEST_CLOCK_SKEW_MS, LATEST_DATE_MS))
}

/** Returns whether a computation can have taken that long, in milliseconds. */
export function isPossibleDuration(milliseconds: unknown): boolean {
  return isNumberUpTo(milliseconds, LONGEST_COMPUTATION_MS)
}

function isNumberUpTo(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most
}

/** The origin of a response that a call returns. */
export interface Origin {
  readonly tier: CachedResponse['cached']['tier']
  readonly isJoined?: boolean
  readonly isStale?: boolean
  /** The duration of the call, in milliseconds. */
  readonly tookMs: number
}

/**
 * Returns a response with the metadata of its stored form.
 *
 * @param now - milliseconds since 1970
 */
export function describeResponse<T>(
  key: string,
  response: T,
  { textTier, storedAt, computeMs }: StoredResponse,
  { tier, isJoined = false, isStale = false, tookMs }: Origin,
  now: number,
): CachedResponse<T> {
  const hit = tier !== 'none'
  const cached: Writable<CachedResponse['cached']> = {
    hit,
    joined: isJoined,
    stale: isStale,
    tier,
    key,
    textTier,
  }
  if (storedAt !== undefined) {
    cached.at = isoTextOf(storedAt)
    cached.ageMs = Math.max(0, now - storedAt)
  }
  if (computeMs !== undefined) {
    cached.computeMs = computeMs
    if (hit) cached.savedMs = Math.max(0, computeMs - Math.max(0, tookMs))
  }
  return { response, cached }
}

let lastDay = Number.NaN
let textOfLastDay = ''

/** Returns a time in ISO 8601. Keeps the text of the day, because `toISOString` takes half a microsecond. */
function isoTextOf(milliseconds: number): string {
  const day = Math.floor(milliseconds / DAY_MS)
  if (day !== lastDay) {
    textOfLastDay = new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length)
    lastDay = day
  }
  const rest = Math.floor(milliseconds) - day * DAY_MS
  const seconds = Math.floor(rest / 1_000)
  const minutes = Math.floor(seconds / 60)
  const time = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`
  const fraction = rest % 1_000
  return `${textOfLastDay}${time}.${fraction < 100 ? '0' : ''}${twoDigits(fraction)}Z`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** Fields are added one by one, because a copy by spread takes a microsecond and more. */
type Writable<T> = { -readonly [Field in keyof T]: T[Field] }
