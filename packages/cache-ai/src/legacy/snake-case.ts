import { isPlainObject } from '@verbatim/cache-core/implement'
import { snakeCaseOf } from '../config/settings.js'

/** `get_cache_stats` for `getCacheStats`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? Rest extends Uncapitalize<Rest>
    ? `${First}${SnakeCase<Rest>}`
    : `${First}_${SnakeCase<Uncapitalize<Rest>>}`
  : Name

/** Statistics with fields in snake case, as {@link withSnakeCaseFields} returns them. */
export type SnakeCaseFields<Value> = Value extends readonly (infer Item)[]
  ? readonly SnakeCaseFields<Item>[]
  : Value extends object
    ? {
        readonly [Name in keyof Value as Name extends string
          ? SnakeCase<Name>
          : Name]: SnakeCaseFields<Value[Name]>
      }
    : Value

/** Fields whose own fields are operations, patterns or codes of errors. These names stay as they are. */
const HOLD_NAMES_OF_USERS = new Set([
  ...['hitsByOperation', 'missesByOperation', 'hitRateByOperation', 'operationDistribution'],
  ...['operations', 'byOperationType', 'mostCommonPatterns', 'invalidationTypes', 'errors'],
])

/** Returns plain data with its fields in snake case, at every depth. */
export function withSnakeCaseFields(value: unknown, isRenamed = true): unknown {
  if (Array.isArray(value)) return value.map((each) => withSnakeCaseFields(each))
  if (!isPlainObject(value)) return value
  const fields = Object.entries(value).map(([name, field]) => {
    const written = isRenamed ? snakeCaseOf(name) : name
    const isNextRenamed = !isRenamed || !HOLD_NAMES_OF_USERS.has(name)
    return [written, withSnakeCaseFields(field, isNextRenamed)] as const
  })
  return Object.fromEntries(fields)
}
