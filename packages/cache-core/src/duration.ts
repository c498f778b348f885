import { describeReceived, invalidArgument } from './argument-errors.js'

/**
 * A TTL or another duration, from 1 ms to 100 years.
 *
 * - a number of seconds, which may have a fraction
 * - a string with a unit, such as `'500ms'`, `'30s'`, `'5m'`, `'2h'` or `'1d'`
 * - `null` for no expiry
 */
export type Ttl = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}` | null

const MILLISECONDS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const LONGEST_MILLISECONDS = 100 * 365 * 86_400_000

const FORMS = "seconds as a number, a string such as '500ms', '30s', '5m', '2h' or '1d'"
const LIMITS = 'from 1 ms to 100 years'
const RULE = `${FORMS}, or null for no expiry, ${LIMITS}`
const FINITE_RULE = `${FORMS}, ${LIMITS}`
const GRACE_RULE = `${FORMS}, from 0 to 100 years`

/** For numbers that are probably a date, or milliseconds. */
const HINT = 'A TTL is a duration, not a date, and a number counts seconds, not milliseconds'

/**
 * Converts a {@link Ttl} to whole milliseconds. `null` becomes `Infinity`.
 *
 * @param name - name of the argument, for the message
 * @throws ValidationError (`INVALID_TTL`) for anything but a duration from 1 ms to 100 years
 */
export function toMilliseconds(ttl: unknown, name = 'ttl'): number {
  return ttl === null ? Number.POSITIVE_INFINITY : parsed(ttl, name, RULE)
}

/**
 * Converts a duration that must end to whole milliseconds.
 *
 * @param name - name of the argument, for the message
 * @throws ValidationError (`INVALID_ARGUMENT`) for `null`
 * @throws ValidationError (`INVALID_TTL`) for anything else but a duration from 1 ms to 100 years
 */
export function toFiniteMilliseconds(duration: unknown, name: string): number {
  if (duration === null) throw invalidArgument(name, FINITE_RULE, duration)
  return parsed(duration, name, FINITE_RULE)
}

/**
 * Converts a grace period, which may be 0, to whole milliseconds.
 *
 * @param name - name of the argument, for the message
 * @throws ValidationError (`INVALID_ARGUMENT`) for `null`
 * @throws ValidationError (`INVALID_TTL`) for anything else but a duration from 0 to 100 years
 */
export function toGraceMilliseconds(duration: unknown, name: string): number {
  if (duration === null) throw invalidArgument(name, GRACE_RULE, duration)
  return parsed(duration, name, GRACE_RULE, true)
}

function parsed(ttl: unknown, name: string, rule: string, isZeroValid = false): number {
  const milliseconds =
    typeof ttl === 'number' ? ttl * 1_000 : typeof ttl === 'string' ? parse(ttl) : Number.NaN
  if (isZeroValid && milliseconds === 0) return 0
  const rounded = Math.round(milliseconds)
  if (rounded >= 1 && rounded <= LONGEST_MILLISECONDS) return rounded
  throw invalidArgument(name, rule, ttl, {
    code: 'INVALID_TTL',
    received: describeTtl(ttl),
    hint: rounded > LONGEST_MILLISECONDS ? HINT : undefined,
  })
}

/** Converts whole milliseconds to a {@link Ttl}. `Infinity` becomes `null`. */
export function fromMilliseconds(milliseconds: number): Ttl {
  return milliseconds === Number.POSITIVE_INFINITY ? null : `${milliseconds}ms`
}

function parse(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|[smhd])$/.exec(text)
  if (match === null) return Number.NaN
  const [, amount, unit] = match as unknown as [string, string, string]
  return Number(amount) * (MILLISECONDS_PER_UNIT[unit] ?? Number.NaN)
}

/** Shows a text only if it looks like a duration, because any other text may be a secret. */
function describeTtl(ttl: unknown): string {
  const looksLikeDuration =
    typeof ttl === 'string' && /^[-+]?[\d.,]{0,16}\s?[a-z]{0,8}$/i.test(ttl) && /\d/.test(ttl)
  return looksLikeDuration ? JSON.stringify(ttl) : describeReceived(ttl)
}
