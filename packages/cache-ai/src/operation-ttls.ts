import type { Ttl } from '@verbatim/cache-core'
import { invalidOption, isPlainObject, toMilliseconds } from '@verbatim/cache-core/implement'
import { isOperation, LONGEST_OPERATION } from './arguments.js'

/** TTLs of responses, by operation. */
export type OperationTtls = Readonly<Record<string, Ttl>>

/** The default TTLs in seconds. Summaries and sentiments stay correct for longer than answers, which depend on context. */
export const DEFAULT_OPERATION_TTLS: Readonly<
  Record<'summarize' | 'sentiment' | 'key_points' | 'questions' | 'qa', number>
> = {
  summarize: 7_200,
  sentiment: 86_400,
  key_points: 7_200,
  questions: 3_600,
  qa: 1_800,
}

/**
 * Adds the default TTLs of operations to the given ones. A given TTL wins.
 *
 * @throws ValidationError (`INVALID_TTL`) that names the operation
 * @throws ConfigurationError (`INVALID_OPTION`) for an operation that no request can have
 */
export function mergeOperationTtls(given: OperationTtls): ReadonlyMap<string, Ttl> {
  if (!isPlainObject(given)) {
    throw invalidOption('operationTtls', 'a plain object of operation to TTL', given)
  }
  for (const [operation, ttl] of Object.entries(given)) {
    if (!isOperation(operation)) {
      const rule = `a string of 1 to ${LONGEST_OPERATION} characters`
      throw invalidOption('each operation of operationTtls', rule, operation)
    }
    toMilliseconds(ttl, `operationTtls[${JSON.stringify(operation)}]`)
  }
  // A map has no inherited names, so an operation named 'constructor' has no TTL.
  return new Map<string, Ttl>(Object.entries({ ...DEFAULT_OPERATION_TTLS, ...given }))
}
