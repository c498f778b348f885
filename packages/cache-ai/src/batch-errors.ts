import { ValidationError } from '@verbatim/cache-core'
import { describeType, recognizeCopies } from '@verbatim/cache-core/implement'

/**
 * Rejects a batch whose computation did not return one response for each missing request. No response of
 * that computation was stored, because it might belong to another request.
 */
export class UnmatchedResponsesError extends ValidationError {
  static {
    recognizeCopies(this, 'cache-ai/UnmatchedResponsesError')
  }

  // A private field, so that a logger that prints the error prints no responses.
  readonly #responses: unknown

  constructor({ message, code, context }: ValidationError, responses: unknown) {
    super(message, { code, context })
    this.#responses = responses
  }

  /** The return value of the computation. */
  get responses(): unknown {
    return this.#responses
  }
}

/** Rejects the load of a request for which the computation of a batch returned `undefined`. */
export class NoResponseError extends ValidationError {
  constructor() {
    super('compute must return a response for each missing request; received undefined', {
      code: 'INVALID_VALUE',
      context: { argument: 'compute' },
    })
  }
}

/** Returns the error of the loads whose computation did not return `expected` responses. */
export function unmatched(returned: unknown, expected: number): ValidationError {
  const received = Array.isArray(returned)
    ? `an array of ${returned.length}`
    : describeType(returned)
  return new ValidationError(
    `compute must return an array of ${expected} responses, one for each missing request; received ${received}`,
    { code: 'INVALID_VALUE', context: { argument: 'compute', expected, received } },
  )
}
