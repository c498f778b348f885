/**
 * The source of an answer.
 *
 * - `'HIT'`: by a stored answer.
 * - `'STALE'`: by a stored answer past its TTL, while a new one is requested in the background.
 * - `'MISS'`: by the model, because no answer was stored.
 * - `'REFRESH'`: by the model, because the call asked for a new answer.
 * - `'COALESCED'`: by the model, through an identical call that was already running.
 * - `'BYPASS'`: by the model, without the cache. The reason says why.
 */
export type CallStatus = 'HIT' | 'STALE' | 'MISS' | 'REFRESH' | 'COALESCED' | 'BYPASS'

/** Why a call does not use the cache. */
export type BypassReason =
  | 'unrepresentable_value'
  | 'provider_tool'
  | 'provider_state'
  | 'raw_chunks'
  | 'invalid_control'
  | 'invalid_tenant'
  | 'store_unavailable'
  | 'unknown_request'

/**
 * Why an answer is not stored. `'late_tags'`: a caller joined the running call with tags of its own, which the
 * answer could not get any more. `'superseded'`: an identical call has stored an answer during the call.
 */
export type RefusalReason =
  | 'incomplete'
  | 'error'
  | 'finish_reason'
  | 'empty'
  | 'invalid_tool_input'
  | 'invalid_json'
  | 'unsupported_part'
  | 'unrepresentable_value'
  | 'too_large'
  | 'rejected'
  | 'store_failed'
  | 'late_tags'
  | 'superseded'

/** The status of a call, as adapters report it with the answer. */
export interface CallReport {
  readonly status: CallStatus
  /** Why the cache was not used; only for `'BYPASS'`. */
  readonly reason?: BypassReason
  /** The place of the value that is the reason, such as `call["request"]["seed"]`. */
  readonly path?: string
  /** The digest of the request in its key, in 43 characters; absent for a call without a key. */
  readonly key?: string
  /** Milliseconds since the model gave the answer; only for stored answers. */
  readonly ageMs?: number
}

/** Stops the use of the cache for a call. The call itself goes on. */
export class BypassError extends Error {
  readonly reason: BypassReason
  readonly path: string | undefined

  constructor(reason: BypassReason, path?: string) {
    super(`the call cannot be cached: ${reason}`)
    this.name = 'BypassError'
    this.reason = reason
    this.path = path
  }
}
