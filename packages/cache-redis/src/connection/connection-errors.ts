import { InfrastructureError } from '@verbatim/cache-core'
import { isErrorReply, isKnownReply, meaningOf, replyOf } from './error-replies.js'

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

/** Redis has answered, and certainly not done it. */
function refused(reply: string): InfrastructureError {
  return new InfrastructureError(`Redis refused the command: ${reply}`, {
    code: 'BACKEND_REFUSED',
    context: { reply, alarm: meaningOf(reply).alarm ?? false, outcome: 'failed' },
  })
}

/** The reply makes no sense: the connection, or the server behind it, is broken. */
export function malformedReply(what: string): InfrastructureError {
  return new InfrastructureError(`Redis sent a malformed reply instead of ${what}`, {
    code: 'BACKEND_MALFORMED_REPLY',
    context: { outcome: 'indeterminate' },
  })
}

/** Redis was not asked. */
export function overloaded(inFlight: number): InfrastructureError {
  return new InfrastructureError(`Redis has ${inFlight} commands to answer already`, {
    code: 'BACKEND_OVERLOADED',
    context: { inFlight, outcome: 'failed' },
  })
}

/** What a caller is told of an error that the client, or this package, made. */
export function errorForCaller(error: unknown): unknown {
  // A mistake of ours is not to be taken for trouble with Redis.
  if (error instanceof InfrastructureError || error instanceof TypeError) return error
  const trouble = troubleOf(error)
  return isErrorReply(error) ? refused(trouble) : unavailable(trouble, 'indeterminate')
}

/** What the client says of every command that was under way when its connection ended. */
export const CONNECTION_LOST = 'CONNECTION_LOST'

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
const CLIENTS_OWN_ERRORS = new Set(['Error', 'AbortError', 'MaxRetriesPerRequestError'])

/** What the client says when it has asked all sentinels in vain, whatever the reason was. */
const NO_MASTER = 'All sentinels are unreachable and retry is disabled'

/** One word for what went wrong, such as `ECONNREFUSED` or `WRONGPASS`. It quotes nothing. */
export function troubleOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  if (isErrorReply(error)) return replyOf(error)
  const { code, lastNodeError } = error as { code?: unknown; lastNodeError?: unknown }
  if (typeof code === 'string') return code
  if (lastNodeError instanceof Error) return troubleOf(lastNodeError)
  // The client puts the errors of sentinels and of redirections into the text of its own.
  const words = error.message.match(/[A-Z_]{3,}/g) ?? []
  const known = words.find((word) => NETWORK_TROUBLES.has(word) || isKnownReply(word))
  if (known !== undefined) return known
  if (error.message.startsWith(NO_MASTER)) return 'NO_MASTER'
  return CLIENTS_OWN_ERRORS.has(error.name) ? CONNECTION_LOST : error.name
}
