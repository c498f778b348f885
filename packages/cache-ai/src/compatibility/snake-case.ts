import { isPlainObject } from '@verbatim/cache-core/implement'

/** `get_cache_stats` for `getCacheStats`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? Rest extends Uncapitalize<Rest>
    ? `${First}${SnakeCase<Rest>}`
    : `${First}_${SnakeCase<Uncapitalize<Rest>>}`
  : Name

/** Figures with their fields in snake case, as {@link withSnakeCaseFields} answers them. */
export type SnakeCaseFields<Value> = Value extends readonly (infer Item)[]
  ? readonly SnakeCaseFields<Item>[]
  : Value extends object
    ? {
        readonly [Name in keyof Value as Name extends string
          ? SnakeCase<Name>
          : Name]: SnakeCaseFields<Value[Name]>
      }
    : Value

/** The name in camel case, if it is written in snake case. */
export function camelCaseOf(name: string): string | undefined {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name)) return undefined
  return name.replaceAll(/_([a-z0-9])/g, (_match, first: string) => first.toUpperCase())
}

/** Fields whose own fields are not ours to name: operations, patterns and codes of errors. */
const NAMED_BY_OTHERS = new Set([
  ...['hitsByOperation', 'missesByOperation', 'hitRateByOperation', 'operationDistribution'],
  ...['operations', 'byOperationType', 'mostCommonPatterns', 'invalidationTypes', 'errors'],
])

/** Plain data with its fields in snake case, at every depth. */
export function withSnakeCaseFields(value: unknown, isOurs = true): unknown {
  if (Array.isArray(value)) return value.map((each) => withSnakeCaseFields(each))
  if (!isPlainObject(value)) return value
  const fields = Object.entries(value).map(([name, field]) => {
    const written = isOurs ? snakeCaseOf(name) : name
    return [written, withSnakeCaseFields(field, !isOurs || !NAMED_BY_OTHERS.has(name))] as const
  })
  return Object.fromEntries(fields)
}

/** `default_ttl` for `defaultTtl`. */
export function snakeCaseOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
