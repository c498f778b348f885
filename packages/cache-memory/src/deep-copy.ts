import { SerializationError } from '@verbatim/cache-core'

/**
 * Copies a value all the way down.
 *
 * The platform's structured clone is not used: it turns a `URL` and every class instance into a
 * bare object without a word, and a cache must not hand out something else than it was given.
 *
 * A `Buffer` comes back as a `Uint8Array`.
 *
 * @throws SerializationError (`NOT_CLONEABLE`) for functions, instances of other classes and nesting
 * deeper than 512 levels
 */
export function deepCopy(value: unknown): unknown {
  return copyInto(value, new Map(), 1)
}

/** True for values that cannot change, so that a copy would be pointless. */
export function isImmutable(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function')
}

/** The deepest nesting; deeper input could overflow the stack. */
const MAX_DEPTH = 512

/** Exactly these and not what extends them: a copy would lose what the subclass adds. */
const COPIED_CLASSES: ReadonlySet<unknown> = new Set([
  null,
  ...[Object, Array, Map, Set, URL, Date, RegExp, ArrayBuffer].map(({ prototype }) => prototype),
])

/** @param copies - what was copied already, so that shared and circular parts stay so */
function copyInto(value: unknown, copies: Map<object, unknown>, depth: number): unknown {
  if (typeof value === 'function') throw notCloneable('a function')
  if (value === null || typeof value !== 'object') return value
  if (copies.has(value)) return copies.get(value)
  if (!COPIED_CLASSES.has(Object.getPrototypeOf(value)) && !ArrayBuffer.isView(value)) {
    throw notCloneable(`an instance of ${value.constructor?.name ?? 'a class'}`)
  }
  if (depth > MAX_DEPTH) throw notCloneable(`more than ${MAX_DEPTH} levels`)
  const copy = (item: unknown): unknown => copyInto(item, copies, depth + 1)
  const remember = <Copy>(copied: Copy): Copy => {
    copies.set(value, copied)
    return copied
  }
  if (Array.isArray(value)) {
    const list = remember<unknown[]>([])
    list.length = value.length
    // Not for...of, which would fill the holes of a list.
    value.forEach((item, index) => {
      list[index] = copy(item)
    })
    return list
  }
  if (value instanceof Map) {
    const map = remember(new Map<unknown, unknown>())
    for (const [key, item] of value) map.set(copy(key), copy(item))
    return map
  }
  if (value instanceof Set) {
    const set = remember(new Set<unknown>())
    for (const item of value) set.add(copy(item))
    return set
  }
  if (value instanceof URL) return remember(new URL(value.href))
  // Only the bytes that are looked at: the structured clone of a Buffer brings its whole pool.
  if (value instanceof Uint8Array) return remember(new Uint8Array(value))
  if (isPlatformData(value)) return remember(structuredClone(value))
  return copyPlainObject(value, remember, copy)
}

function copyPlainObject(
  value: object,
  remember: <Copy>(copied: Copy) => Copy,
  copy: (item: unknown) => unknown,
): unknown {
  const copied = remember<Record<string, unknown>>(Object.create(Object.getPrototypeOf(value)))
  for (const [key, item] of Object.entries(value)) {
    // Defined rather than assigned: assigning '__proto__' would swap the prototype.
    Object.defineProperty(copied, key, {
      value: copy(item),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return copied
}

/** What the structured clone copies faithfully. */
function isPlatformData(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  )
}

function notCloneable(what: string): SerializationError {
  return new SerializationError(
    `value holds ${what}, which cannot be copied; store plain data, or use isolation 'none'`,
    { code: 'NOT_CLONEABLE' },
  )
}
