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

// Errors are made anew, never passed on: those of the client carry the command's arguments, and so
// passwords and values.

/** What became of a command that failed: it was not and will not be done, or nobody knows. */
export type FailureOutcome = 'failed' | 'indeterminate'

/**
 * There is no connection.
 *
 * @param outcome - `'failed'` if Redis was not asked, `'indeterminate'` if it was, and then the
 * connection was lost
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

/** What became of a command that failed with this. */
export function outcomeOf(error: unknown): FailureOutcome {
  const isFailed = error instanceof InfrastructureError && error.context['outcome'] === 'failed'
  return isFailed ? 'failed' : 'indeterminate'
}

/** The server came to a write only when its time was over: it was not done, and will not be. */
export function tooLate(): InfrastructureError {
  return new InfrastructureError('Redis came to the write only after its time was over', {
    code: 'BACKEND_TIMEOUT',
    context: { reply: 'LATE', outcome: 'failed' },
  })
}

export function timedOut(milliseconds: number): InfrastructureError {
  return new InfrastructureError(`Redis did not answer within ${milliseconds} ms`, {
    code: 'BACKEND_TIMEOUT',
    context: { milliseconds, outcome: 'indeterminate' },
  })
}

/**
 * Redis has answered, and certainly not done it.
 *
 * @param trouble - the first word of the reply, and for `NOPERM` what is forbidden
 */
function refused(trouble: string): InfrastructureError {
  const isForbidden = trouble.startsWith('NOPERM ')
  return new InfrastructureError(`Redis refused the command: ${trouble}`, {
    code: 'BACKEND_REFUSED',
    context: {
      reply: isForbidden ? wordOf(trouble) : trouble,
      ...(isForbidden && { forbidden: trouble.slice('NOPERM '.length) }),
      alarm: meaningOf(trouble).alarm ?? false,
      outcome: 'failed',
    },
  })
}

/** Whether Redis has refused a command and would refuse it again. */
export function isLastingRefusal(error: unknown): boolean {
  if (!(error instanceof InfrastructureError) || error.code !== 'BACKEND_REFUSED') return false
  return meaningOf(String(error.context['reply'])).lasts === true
}

/** Redis leased the load to nobody, so the loaded value may be older than what Redis holds by now. */
export function notLeased(): InfrastructureError {
  return new InfrastructureError('Redis gave no lease for the load', {
    code: 'LOAD_NOT_LEASED',
    context: { outcome: 'failed' },
  })
}

/** Redis was not asked. */
export function overloaded(inFlight: number): InfrastructureError {
  return new InfrastructureError(`Redis has ${inFlight} commands to answer already`, {
    code: 'BACKEND_OVERLOADED',
    context: { inFlight, outcome: 'failed' },
  })
}

/**
 * Redis, or what stands between, has sent a reply that makes no sense. Replies that follow on the
 * same connection may belong to other commands.
 *
 * @param what - which reply, and what it must be; never any of its content
 */
export function malformedReply(what: string): InfrastructureError {
  return new InfrastructureError(`Redis sent a malformed reply: ${what}`, {
    code: MALFORMED_REPLY,
    context: { outcome: 'indeterminate' },
  })
}

export function isMalformedReply(error: unknown): boolean {
  return error instanceof InfrastructureError && error.code === MALFORMED_REPLY
}

/** The owner of a client that was handed in has switched it to another database. */
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
  const trouble = troubleOf(error)
  return isErrorReply(error) ? refused(trouble) : unavailable(trouble, 'indeterminate')
}

/** What the client says of every command that was under way when its connection ended. */
export const CONNECTION_LOST = 'CONNECTION_LOST'

export const MALFORMED_REPLY = 'BACKEND_MALFORMED_REPLY'
export const CLIENT_CHANGED = 'CLIENT_CHANGED'

const NETWORK_TROUBLES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Reading a reply fails with these when its shape is another than the command's. */
const READING_ERRORS = [TypeError, RangeError, SyntaxError]

/** Whether an error is what code throws that reads a reply of an unexpected shape. */
export function isReadingError(error: unknown): boolean {
  return READING_ERRORS.some((kind) => error instanceof kind) && !hasNetworkCode(error)
}

/** Node's own errors about sockets may be of the same classes. */
function hasNetworkCode(error: unknown): boolean {
  return typeof (error as { syscall?: unknown }).syscall === 'string'
}

const CLIENTS_OWN_ERRORS = new Set(['Error', 'AbortError', 'MaxRetriesPerRequestError'])

/** What the client says when it has asked all sentinels in vain, whatever the reason was. */
const NO_MASTER = 'All sentinels are unreachable and retry is disabled'

/** One word for what went wrong, such as `ECONNREFUSED` or `WRONGPASS`. It quotes nothing. */
export function troubleOf(error: unknown): string {
  if (!isError(error)) return 'UNKNOWN'
  if (isErrorReply(error)) return replyWithCommand(error)
  if (isReadingError(error)) return MALFORMED_REPLY
  const { code, lastNodeError } = error as { code?: unknown; lastNodeError?: unknown }
  if (typeof code === 'string') return code
  if (isError(lastNodeError)) return troubleOf(lastNodeError)
  // The client puts the errors of sentinels and of redirections into the text of its own.
  const words = error.message.match(/[A-Z_]{3,}/g) ?? []
  const known = words.find((word) => NETWORK_TROUBLES.has(word) || isKnownReply(word))
  if (known !== undefined) return known
  if (error.message.startsWith(NO_MASTER)) return 'NO_MASTER'
  return CLIENTS_OWN_ERRORS.has(error.name) ? CONNECTION_LOST : error.name
}

function replyWithCommand(error: Error): string {
  const reply = replyOf(error)
  const forbidden = forbiddenPart(error)
  return forbidden === undefined ? reply : `${reply} ${forbidden}`
}
