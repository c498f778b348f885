import { type CacheError, describeType, InfrastructureError, isError } from './errors.js'
import type { Reporter } from './reporter.js'

const DAY_MS = 86_400_000

/** A year in milliseconds. A longer finite TTL is reported. */
export const LONG_TTL_MS: number = 365 * DAY_MS

/**
 * Warns once for each cache about a TTL longer than a year, because it may be meant as milliseconds or as a
 * date. Call it only for TTLs above {@link LONG_TTL_MS}.
 *
 * @param ttlMs - in milliseconds. `Infinity` is not reported, because `null` is a deliberate choice
 */
export function reportLongTtl(reporter: Reporter, ttlMs: number): void {
  if (ttlMs === Number.POSITIVE_INFINITY) return
  const days = Math.floor(ttlMs / DAY_MS).toLocaleString('en-US')
  reporter.notifyOnce(
    'warn',
    'VERBATIM_LONG_TTL',
    `A TTL of ${days} days is longer than a year. A TTL is a duration, and a number counts seconds, not ` +
      "milliseconds: for 5 seconds pass 5 or '5s'. For no expiry pass null.",
  )
}

/** Logs at most once a minute that a load failed and its caller did not receive the error. */
export function reportFailedRefresh(reporter: Reporter, error: unknown): void {
  if (!reporter.hasLogger) return
  const message = `A load failed in the background or was replaced by a stale value (${kindOf(error)}).`
  reporter.logRarely('warn', 'refresh_failed', message)
}

/**
 * Warns that a loaded value could not be stored, and is therefore loaded again and again. A logger receives
 * the message at most once a minute for each reason, the process once.
 */
export function reportNotStored(reporter: Reporter, error: CacheError): void {
  const { code, message } = error
  const topic = `not_stored ${code}`
  const text = `A loaded value was not stored: ${message}. Its callers received it.`
  if (code === 'TTL_ZERO') reporter.logRarely('debug', topic, text)
  // An unreachable Redis is reported separately.
  else if (error instanceof InfrastructureError) reporter.logRarely('warn', topic, text)
  else reporter.notifyRarely('warn', 'VERBATIM_NOT_STORED', text, topic)
}

/** Returns the code or the class of an error. The message may contain a value. */
function kindOf(error: unknown): string {
  if (!isError(error)) return describeType(error)
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : error.name
}
