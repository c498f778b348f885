import { ConfigurationError, describeType, type ErrorContext, ValidationError } from './errors.js'

/** Details of an argument error that differ from the usual ones. */
export interface ArgumentErrorDetails {
  /** Default: `INVALID_ARGUMENT` for arguments, `INVALID_OPTION` for options. */
  readonly code?: string
  /** Description of the value in the message. Default: {@link describeReceived} of it. */
  readonly received?: string
  /** More facts for the context of the error. */
  readonly context?: ErrorContext
  readonly cause?: unknown
  /** A sentence at the end of the message that helps to correct the call. */
  readonly hint?: string | undefined
}

/**
 * Returns the error for an argument that breaks a rule: `<argument> must be <rule>; received <type>`.
 * The message never shows a text.
 *
 * @example
 * ```ts
 * if (!Array.isArray(keys)) throw invalidArgument('keys', 'an array of strings', keys)
 * ```
 */
export function invalidArgument(
  argument: string,
  rule: string,
  value: unknown,
  details: ArgumentErrorDetails = {},
): ValidationError {
  const { code = 'INVALID_ARGUMENT', received = describeReceived(value), context, cause } = details
  return new ValidationError(messageOf(argument, rule, received, details.hint), {
    code,
    context: { argument, received, ...context },
    cause,
  })
}

/** Returns the error for a constructor option that breaks a rule, in the form of {@link invalidArgument}. */
export function invalidOption(
  option: string,
  rule: string,
  value: unknown,
  details: ArgumentErrorDetails = {},
): ConfigurationError {
  const { code = 'INVALID_OPTION', received = describeReceived(value), context, cause } = details
  return new ConfigurationError(messageOf(option, rule, received, details.hint), {
    code,
    context: { option, received, ...context },
    cause,
  })
}

/** Describes a value for an error message: a number itself, an empty string, or the type of anything else. */
export function describeReceived(value: unknown): string {
  if (typeof value === 'number') return String(value)
  return value === '' ? 'an empty string' : describeType(value)
}

function messageOf(name: string, rule: string, received: string, hint: string | undefined): string {
  const message = `${name} must be ${rule}; received ${received}`
  return hint === undefined ? message : `${message}. ${hint}`
}
