import { InfrastructureError } from '@verbatim/cache-core'
import { isError } from '@verbatim/cache-core/implement'
import {
  forbiddenPart,
  isErrorReply,
  isKnownReply,
  meaningOf,
  replyOf,
  wordOf,
} from './error-replies.js'

// The errors of the client are never passed on: they carry the arguments of commands, and so passwords and
// values.

/** Whether a failed command certainly had no effect (`'failed'`), or may have had one. */
export type FailureOutcome = 'failed' | 'indeterminate'

/**
 * Returns the error for a command without a connection.
 *
 * @param outcome - `'failed'` if it was not sent, `'indeterminate'` if the connection was lost after that
 */
export function unavailable(
  reason: string | undefined,
  outcome: FailureOutcome,
): InfrastructureError {
  if (reason === CLIENT_CHANGED) return clientChanged()
  const because = reason === undefined ? '' : ` (${reason})`
  return new InfrastructureError(`Redis is not connected${because}`, {
    code: 'BACKEND_UNAVAILABLE',
    context: { reason, outcome },
  })
}

/** Returns the outcome of a command that failed with an error. */
export function outcomeOf(error: unknown): FailureOutcome {
  const isFailed = error instanceof InfrastructureError && error.context['outcome'] === 'failed'
  return isFailed ? 'failed' : 'indeterminate'
}

/** Returns the error for a write that the server received after its deadline, and did not carry out. */
export function writtenTooLate(): InfrastructureError {
  return new InfrastructureError('Redis received the write after its deadline', {
    code: 'BACKEND_TIMEOUT',
    context: { reply: 'LATE', outcome: 'failed' },
  })
}

/** Returns the error for a command without a reply within its time limit. */
export function timedOut(milliseconds: number): InfrastructureError {
  return new InfrastructureError(`Redis did not reply within ${milliseconds} ms`, {
    code: 'BACKEND_TIMEOUT',
    context: { milliseconds, outcome: 'indeterminate' },
  })
}

/**
 * Returns the error for a command that Redis refused.
 *
 * @param code - the first word of the reply, and for `NOPERM` what is forbidden
 */
function refused(code: string): InfrastructureError {
  const isForbidden = code.startsWith('NOPERM ')
  return new InfrastructureError(`Redis refused the command: ${code}`, {
    code: 'BACKEND_REFUSED',
    context: {
      reply: isForbidden ? wordOf(code) : code,
      ...(isForbidden && { forbidden: code.slice('NOPERM '.length) }),
      alarm: meaningOf(code).alarm ?? false,
      outcome: 'failed',
    },
  })
}

/** Returns whether Redis refused a command and would refuse it again. */
export function isLastingRefusal(error: unknown): boolean {
  if (!(error instanceof InfrastructureError) || error.code !== 'BACKEND_REFUSED') return false
  return meaningOf(String(error.context['reply'])).lasts === true
}

/** Returns the error for a loaded value without a lease: it may be older than what Redis holds. */
export function notLeased(): InfrastructureError {
  return new InfrastructureError('Redis gave no lease for the load', {
    code: 'LOAD_NOT_LEASED',
    context: { outcome: 'failed' },
  })
}

/** Returns the error for a command that was not sent, because too many are in flight. */
export function overloaded(inFlight: number): InfrastructureError {
  return new InfrastructureError(`${inFlight} commands are in flight already`, {
    code: 'BACKEND_OVERLOADED',
    context: { inFlight, outcome: 'failed' },
  })
}

/**
 * Returns the error for a reply that Redis never sends. Later replies on the same connection may belong to
 * other commands.
 *
 * @param rule - what the reply must be; never its content
 */
export function malformedReply(rule: string): InfrastructureError {
  return new InfrastructureError(`Redis sent a malformed reply: ${rule}`, {
    code: MALFORMED_REPLY,
    context: { outcome: 'indeterminate' },
  })
}

export function isMalformedReply(error: unknown): boolean {
  return error instanceof InfrastructureError && error.code === MALFORMED_REPLY
}

/** Returns the error for a client whose owner has switched it to another database. */
export function clientChanged(): InfrastructureError {
  return new InfrastructureError('client must stay in its database; its owner has switched it', {
    code: CLIENT_CHANGED,
    context: { outcome: 'failed' },
  })
}

/** Returns the error for the caller of a command that failed with an error of the client library. */
export function errorForCaller(error: unknown): unknown {
  if (error instanceof InfrastructureError) return error
  if (isReadingError(error)) return malformedReply('its shape must be that of the command')
  const code = errorCodeOf(error)
  return isErrorReply(error) ? refused(code) : unavailable(code, 'indeterminate')
}

/** The code of commands that were in flight when their connection ended. */
export const CONNECTION_LOST = 'CONNECTION_LOST'

export const MALFORMED_REPLY = 'BACKEND_MALFORMED_REPLY'
export const CLIENT_CHANGED = 'CLIENT_CHANGED'

const NETWORK_ERROR_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Code that reads a reply of an unexpected shape throws these. */
const READING_ERRORS = [TypeError, RangeError, SyntaxError]

/** Returns whether an error shows that a reply had an unexpected shape. */
export function isReadingError(error: unknown): boolean {
  return READING_ERRORS.some((kind) => error instanceof kind) && !hasNetworkCode(error)
}

/** Errors of Node about sockets may have the same classes. */
function hasNetworkCode(error: unknown): boolean {
  return typeof (error as { syscall?: unknown }).syscall === 'string'
}

const CLIENTS_OWN_ERRORS = new Set(['Error', 'AbortError', 'MaxRetriesPerRequestError'])

/** The client's message when no sentinel named a master, whatever the reason was. */
const NO_MASTER = 'All sentinels are unreachable and retry is disabled'

/** Fields that some errors of the client have. */
interface ErrorFields {
  readonly code?: unknown
  /** The error of the last node of a Cluster that was tried. */
  readonly lastNodeError?: unknown
  /** The error of the last sentinel that was asked. */
  readonly sentinelError?: unknown
}

/** Returns a code for an error, such as `ECONNREFUSED` or `WRONGPASS`. It never quotes data. */
export function errorCodeOf(error: unknown): string {
  if (!isError(error)) return 'UNKNOWN'
  if (isErrorReply(error)) return replyWithCommand(error)
  if (isReadingError(error)) return MALFORMED_REPLY
  const { code, lastNodeError, sentinelError } = error as ErrorFields
  if (typeof code === 'string') return code
  if (isError(lastNodeError)) return errorCodeOf(lastNodeError)
  // The client's message contains the errors of sentinels and redirections.
  const words = error.message.match(/[A-Z_]{3,}/g) ?? []
  const known = words.find((word) => NETWORK_ERROR_CODES.has(word) || isKnownReply(word))
  if (known !== undefined) return known
  if (error.message.startsWith(NO_MASTER)) {
    return isError(sentinelError) ? `NO_MASTER ${errorCodeOf(sentinelError)}` : 'NO_MASTER'
  }
  return CLIENTS_OWN_ERRORS.has(error.name) ? CONNECTION_LOST : error.name
}

function replyWithCommand(error: Error): string {
  const reply = replyOf(error)
  const forbidden = forbiddenPart(error)
  return forbidden === undefined ? reply : `${reply} ${forbidden}`
}
