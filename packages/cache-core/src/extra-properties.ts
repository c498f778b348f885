import type { DataKind } from './data-kind.js'

/**
 * Returns the first own property of an object that a copy of its kind would lose: a name on an array,
 * a date, a map, a set or a URL, or an enumerable symbol on anything. Returns `undefined` if there is
 * none. Names on views of bytes are not looked for: each of their bytes would be listed.
 */
export function extraPropertyOf(value: object, kind: DataKind): string | symbol | undefined {
  const name = kind === 'plain' ? undefined : extraName(value, kind)
  if (name !== undefined) return name
  return Object.getOwnPropertySymbols(value).find(
    // Without its iterator an arguments object is another one.
    (symbol) =>
      symbol === Symbol.iterator || Object.prototype.propertyIsEnumerable.call(value, symbol),
  )
}

function extraName(value: object, kind: DataKind): string | undefined {
  if (kind === 'view' || kind === 'buffer') return undefined
  const names = Object.keys(value)
  if (kind !== 'array') return names[0]
  // Indices come first, so a last name that is one leaves no room for others.
  const last = names.at(-1)
  return last === undefined || isIndex(last) ? undefined : names.find((name) => !isIndex(name))
}

function isIndex(name: string): boolean {
  const index = Number(name)
  return String(index >>> 0) === name && index < 2 ** 32 - 1
}

/** Describes a property in an error message: its name, or the description of its symbol. */
export function describeProperty(property: string | symbol): string {
  return typeof property === 'symbol'
    ? `the symbol property ${property.description ?? ''}`.trim()
    : `the property ${JSON.stringify(property)}`
}
