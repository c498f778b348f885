import { ConfigurationError, type Ttl } from '@verbatim/cache-core'
import { describeType, isPlainObject, toMilliseconds } from '@verbatim/cache-core/implement'
import { invalidSetting, isOperation, LONGEST_OPERATION } from './arguments.js'

/** How long the response to an operation lives. */
export type OperationTtls = Readonly<Record<string, Ttl>>

/** In seconds. Summaries and sentiments hold longer than answers, which depend on their context. */
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
 * Adds the defaults to what was given; a given operation wins.
 *
 * @throws ValidationError naming the operation whose TTL is not allowed
 * @throws ConfigurationError for an operation that no request can have
 */
export function mergeOperationTtls(given: OperationTtls): ReadonlyMap<string, Ttl> {
  if (!isPlainObject(given)) {
    const message = `operationTtls must be a plain object of operation to TTL; received ${describeType(given)}`
    throw new ConfigurationError(message, {
      code: 'INVALID_OPTION',
      context: { option: 'operationTtls' },
    })
  }
  for (const [operation, ttl] of Object.entries(given)) {
    if (!isOperation(operation)) {
      const rule = `a string of 1 to ${LONGEST_OPERATION} characters`
      throw invalidSetting('each operation of operationTtls', rule, operation)
    }
    toMilliseconds(ttl, `operationTtls[${JSON.stringify(operation)}]`)
  }
  // A map, so that an operation called 'constructor' finds nothing it should not.
  return new Map<string, Ttl>(Object.entries({ ...DEFAULT_OPERATION_TTLS, ...given }))
}
