import { inspect } from 'node:util'

/** Up to this length, listing every index is as fast as the way around it. */
const SHORT = 64

const NAMES_ONLY = {
  depth: 0,
  maxArrayLength: 0,
  maxStringLength: 0,
  breakLength: Number.POSITIVE_INFINITY,
  customInspect: false,
}

type Indexed = readonly unknown[] | Uint8Array

/**
 * Returns a name that an array or a view of bytes has beside its indices, such as `index` in the
 * result of `RegExp.exec`.
 *
 * @param bare - makes a container of the same class and length without such names
 */
export function nameBesideIndices<C extends Indexed>(
  container: C,
  length: number,
  bare: () => C,
): string | undefined {
  // `inspect` is the only public function that finds such names without listing the indices, which
  // takes 15 µs for 1,536 numbers. What it finds is confirmed, as its format may change.
  if (length > SHORT && inspect(container, NAMES_ONLY) === inspect(bare(), NAMES_ONLY)) {
    return undefined
  }
  const names = Object.keys(container)
  const last = names[names.length - 1]
  // Indices come first.
  if (last === undefined || last === String(length - 1) || isIndex(last)) return undefined
  return names.find((name) => !isIndex(name))
}

/** Returns a symbol that a container has an enumerable property for. */
export function enumerableSymbolOf(container: object): symbol | undefined {
  const symbols = Object.getOwnPropertySymbols(container)
  if (symbols.length === 0) return undefined
  return symbols.find((symbol) => Object.prototype.propertyIsEnumerable.call(container, symbol))
}

function isIndex(name: string): boolean {
  const index = Number(name)
  return Number.isInteger(index) && index >= 0 && index < 2 ** 32 - 1 && String(index) === name
}
