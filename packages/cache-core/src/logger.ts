import { invalidOption } from './options.js'

/** Takes messages for people. `console`, pino and most other loggers are one. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

const METHODS = ['debug', 'info', 'warn', 'error'] as const
const LONGEST_NAME = 64

/** @throws ConfigurationError (`INVALID_OPTION`) unless it is undefined or has all methods of a {@link Logger} */
export function assertLogger(logger: unknown): asserts logger is Logger | undefined {
  if (logger === undefined) return
  const methods = Object(logger) as Readonly<Record<string, unknown>>
  if (METHODS.every((method) => typeof methods[method] === 'function')) return
  throw invalidOption('logger', logger, 'an object with the methods debug, info, warn and error')
}

/**
 * Checks the name that tells a cache or a monitor from the others of its process.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) unless it is undefined or a text of 1 to 64 characters
 */
export function assertName(name: unknown): asserts name is string | undefined {
  if (name === undefined) return
  const isUsable = typeof name === 'string' && name !== '' && name.length <= LONGEST_NAME
  if (isUsable && name.isWellFormed()) return
  throw invalidOption('name', name, `a text of 1 to ${LONGEST_NAME} characters`)
}
