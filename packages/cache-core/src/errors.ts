import { types } from 'node:util'
import { recognizeCopies } from './copies.js'

/** Facts about the cause of an error. Never contains a cached value, a password or a whole URL. */
export type ErrorContext = Readonly<Record<string, unknown>>

export interface CacheErrorOptions {
  /** Stable identifier to branch on. Messages may change between releases, codes do not. */
  code?: string
  context?: ErrorContext
  cause?: unknown
}

/**
 * Base class of every error that a Verbatim cache throws.
 *
 * @example
 * ```ts
 * try {
 *   await cache.set(key, value)
 * } catch (error) {
 *   if (error instanceof CacheError && error.code === 'NOT_CLONEABLE') return
 *   throw error
 * }
 * ```
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

/** Rejects an argument of a call, such as a bad key, TTL, value or pattern. The cache is unchanged. */
export class ValidationError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/ValidationError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'INVALID_ARGUMENT', ...options })
  }
}

/** Rejects a constructor option, a configuration file or an environment variable. Nothing is created. */
export class ConfigurationError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/ConfigurationError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'INVALID_CONFIGURATION', ...options })
  }
}

/** Reports that the backend was unreachable or refused a command. Thrown only with an option such as `onBackendError: 'throw'`. */
export class InfrastructureError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/InfrastructureError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'BACKEND_UNAVAILABLE', ...options })
  }
}

/** Reports a value that cannot be copied or encoded, or bytes that cannot be decoded. */
export class SerializationError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/SerializationError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'SERIALIZATION_FAILED', ...options })
  }
}

/** Rejects an operation that would not be secure. */
export class SecurityError extends CacheError {
  static {
    recognizeCopies(this, 'cache-core/SecurityError')
  }

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, { code: 'SECURITY_REFUSED', ...options })
  }
}

/** Returns whether a value is an error of any realm. Under Jest, the errors of Node belong to another realm. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}

/** Returns whether an error comes from the operating system. The message of such an error has no values. */
export function isSystemError(error: unknown): error is Error {
  return isError(error) && 'syscall' in error
}

/** Returns the type of a value for an error message, without the value. */
export function describeType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'undefined') return 'undefined'
  return `a ${typeof value}`
}
