import { types } from 'node:util'
import { recognizeCopies } from './copies.js'

/** Plain facts about what went wrong. Never holds a cached value, a password or a whole URL. */
export type ErrorContext = Readonly<Record<string, unknown>>

export interface CacheErrorOptions {
  /** Stable identifier to branch on; messages may change between releases, codes do not. */
  code?: string
  context?: ErrorContext
  cause?: unknown
}

/**
 * The root of every error that a Verbatim cache throws.
 *
 * Branch on {@link CacheError.code} rather than on the message.
 */
export class CacheError extends Error {
  static {
    recognizeCopies(this, 'cache-core/CacheError')
  }

  readonly code: string
  readonly context: ErrorContext

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = options.code ?? 'CACHE_ERROR'
    this.context = options.context ?? {}
  }
}

/** An argument of a call is not allowed: a bad key, TTL, value or pattern. The cache is unchanged. */
export class ValidationError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/ValidationError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'INVALID_ARGUMENT', ...options })
  }
}

/** A constructor option, a file or an environment variable is not allowed. Nothing was created. */
export class ConfigurationError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/ConfigurationError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'INVALID_CONFIGURATION', ...options })
  }
}

/** The backend could not be reached or refused. Thrown only where a cache was told to throw. */
export class InfrastructureError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/InfrastructureError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'BACKEND_UNAVAILABLE', ...options })
  }
}

/** A value cannot be written to bytes, or bytes cannot be read back as a value. */
export class SerializationError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/SerializationError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'SERIALIZATION_FAILED', ...options })
  }
}

/** Something was refused because it would not be secure. */
export class SecurityError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/SecurityError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'SECURITY_REFUSED', ...options })
  }
}

/** Whether a value is an error, of this realm or another one: under Jest, Node's own are of another. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}

/** Whether an error is of the operating system, as of a file or a socket. Its message holds no value. */
export function isSystemError(error: unknown): error is Error {
  return isError(error) && 'syscall' in error
}

/** Names the type of a value for an error message, without showing the value. */
export function describeType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'undefined') return 'undefined'
  return `a ${typeof value}`
}
