import { isPlainObject } from '@verbatim/cache-core/implement'

/** Keywords whose value is one schema, or an array of schemas whose order counts. */
const SCHEMAS: ReadonlySet<string> = new Set([
  ...['items', 'additionalItems', 'prefixItems', 'contains', 'unevaluatedItems'],
  ...['additionalProperties', 'unevaluatedProperties', 'propertyNames'],
  ...['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'],
])
/** Keywords whose value maps names to schemas. */
const NAMED_SCHEMAS: ReadonlySet<string> = new Set([
  ...['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'],
])

/**
 * Returns a JSON schema whose sets are sorted: `required`, `type` and the lists in `dependentRequired`. Code
 * that generates schemas writes them in any order. All other arrays keep their order, and so does plain data in
 * `enum`, `const`, `default` and `examples`.
 */
export function withSortedSets(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withSortedSets)
  if (!isPlainObject(schema)) return schema
  const sorted: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [keyword, value] of Object.entries(schema))
    sorted[keyword] = sortedValue(keyword, value)
  return sorted
}

function sortedValue(keyword: string, value: unknown): unknown {
  if (SCHEMAS.has(keyword)) return withSortedSets(value)
  if (NAMED_SCHEMAS.has(keyword)) return mapValues(value, withSortedSets)
  if (keyword === 'required' || keyword === 'type') return sortedNames(value)
  return keyword === 'dependentRequired' ? mapValues(value, sortedNames) : value
}

function sortedNames(value: unknown): unknown {
  const isSet = Array.isArray(value) && value.every((name) => typeof name === 'string')
  return isSet ? (value as readonly string[]).toSorted() : value
}

function mapValues(value: unknown, change: (value: unknown) => unknown): unknown {
  if (!isPlainObject(value)) return value
  const changed: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, item] of Object.entries(value)) changed[name] = change(item)
  return changed
}
