import { inspect } from 'node:util'
import { isPlainObject } from '@verbatim/cache-core/implement'

/** The most levels of an opened value. */
const DEEPEST = 100
/** The most levels of a value whose texts are hidden. */
const DEEPEST_HIDDEN = 6
const MOST_ITEMS = 20
const MOST_FIELDS = 50

/** Returns the structure of a value: names of fields and lengths, without texts and numbers. */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return `[text of ${value.length} characters]`
  if (typeof value === 'number' || typeof value === 'bigint') return '[number]'
  if (typeof value === 'symbol' || typeof value === 'function') return '[object]'
  if (value === null || typeof value !== 'object') return value
  if (depth === DEEPEST_HIDDEN) return '[more]'
  if (Array.isArray(value)) {
    const shown = value.slice(0, MOST_ITEMS).map((item) => redacted(item, depth + 1))
    const others = value.length - MOST_ITEMS
    return others > 0 ? [...shown, `[${others} more items]`] : shown
  }
  if (!isPlainObject(value)) return '[object]'
  const fields = Object.entries(value).slice(0, MOST_FIELDS)
  return Object.fromEntries(fields.map(([name, field]) => [name, redacted(field, depth + 1)]))
}

/** Returns a value with texts in place of the parts that JSON cannot carry, such as a `Map` or a `BigInt`. */
export function revealed(value: unknown, parents: readonly unknown[] = []): unknown {
  if (typeof value === 'bigint') return `[${value}n]`
  if (typeof value === 'number' && !Number.isFinite(value)) return `[${value}]`
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
    return value
  }
  if (value === null) return null
  if (parents.includes(value)) return '[circular]'
  if (parents.length === DEEPEST) return '[more]'
  const inside = [...parents, value]
  if (Array.isArray(value)) return Array.from(value, (item) => revealed(item, inside))
  if (!isPlainObject(value)) return `[${inspect(value, { customInspect: false, depth: 4 })}]`
  const fields = Object.entries(value).map(([name, field]) => [name, revealed(field, inside)])
  return Object.fromEntries(fields)
}
