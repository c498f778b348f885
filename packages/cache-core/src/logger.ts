import { invalidOption } from './argument-errors.js'
import { ignoreRejection } from './timers.js'

/** Receives messages for people. `console`, pino and most other loggers have these methods. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** Severity of a message: the name of a method of {@link Logger}. */
export type LogLevel = keyof Logger

const METHODS = ['debug', 'info', 'warn', 'error'] as const
const LOGGER = `an object with the methods ${METHODS.slice(0, -1).join(', ')} and ${METHODS.at(-1)}`
const LONGEST_NAME = 64
/** Characters that could start a line, or change the look or the order of the surrounding text. */
export const CONTROL_CHARACTERS: RegExp = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu

/** @throws ConfigurationError (`INVALID_OPTION`) unless the logger is undefined or has all methods of {@link Logger} */
export function assertLogger(logger: unknown): asserts logger is Logger | undefined {
  if (logger === undefined) return
  const methods = Object(logger) as Readonly<Record<string, unknown>>
  for (const method of METHODS) {
    if (typeof readMethod(methods, method) === 'function') continue
    throw invalidOption('logger', LOGGER, logger)
  }
}

/** Returns a method of a logger. A getter may throw. */
function readMethod(logger: Readonly<Record<string, unknown>>, method: LogLevel): unknown {
  try {
    return logger[method]
  } catch (cause) {
    throw invalidOption('logger', LOGGER, logger, {
      received: `an object whose method ${method} cannot be read`,
      context: { method },
      cause,
    })
  }
}

/** Logs a message. A logger that throws or returns a rejected promise never fails the call. */
export function logSafely(logger: Logger, level: LogLevel, message: string): void {
  try {
    ignoreRejection(logger[level](message))
  } catch {
    // A failure of the logger must not become a failure of the call.
  }
}

/**
 * Checks the name of a cache or a monitor, which identifies it within the process.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) unless it is undefined or a text of 1 to 64 characters
 * that is not blank and has no control characters
 */
export function assertName(name: unknown): asserts name is string | undefined {
  if (name === undefined) return
  const isUsable = typeof name === 'string' && name.trim() !== '' && name.length <= LONGEST_NAME
  if (isUsable && name.isWellFormed() && name.search(CONTROL_CHARACTERS) === -1) return
  const rule = `a text of 1 to ${LONGEST_NAME} characters, not blank and without control characters`
  throw invalidOption('name', rule, name)
}
