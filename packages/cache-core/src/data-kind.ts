import { types } from 'node:util'

/** Kinds of objects that a cache can store and return unchanged. */
export type DataKind =
  | 'plain'
  | 'array'
  | 'date'
  | 'map'
  | 'set'
  | 'url'
  | 'regexp'
  | 'arraybuffer'
  | 'buffer'
  | 'view'

/**
 * Returns the kind of an object, or `undefined` for an instance of any other class.
 *
 * Recognizes kinds by internal slots and by the shape of the prototype chain, never by the identity of a
 * global. Objects of another realm (Jest, `vm`) and dates made under fake timers therefore have a kind.
 * An instance of a subclass with own members has none, because a copy would lose the members.
 */
export function dataKindOf(value: object): DataKind | undefined {
  if (Array.isArray(value)) return isDirectInstance(value, 'Array') ? 'array' : undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return 'plain'
  if (types.isProxy(value)) return undefined
  if (types.isDate(value)) return addsNothing(value, 'Date') ? 'date' : undefined
  if (types.isMap(value)) return isDirectInstance(value, 'Map') ? 'map' : undefined
  if (types.isSet(value)) return isDirectInstance(value, 'Set') ? 'set' : undefined
  if (types.isRegExp(value)) return isDirectInstance(value, 'RegExp') ? 'regexp' : undefined
  if (types.isArrayBuffer(value))
    return isDirectInstance(value, 'ArrayBuffer') ? 'arraybuffer' : undefined
  if (types.isSharedArrayBuffer(value))
    return isDirectInstance(value, 'SharedArrayBuffer') ? 'arraybuffer' : undefined
  if (types.isTypedArray(value)) return typedArrayKindOf(prototype as object)
  if (types.isDataView(value)) return isDirectInstance(value, 'DataView') ? 'view' : undefined
  if (isUrl(value)) return 'url'
  return isForeignObjectPrototype(prototype as object) ? 'plain' : undefined
}

/** Returns the name of an object's class, for an error message. */
export function classNameOf(value: object): string {
  try {
    const name: unknown = value.constructor?.name
    return typeof name === 'string' && name !== '' ? name : 'a class'
  } catch {
    return 'a class'
  }
}

/** Returns whether a prototype is the `Object.prototype` of any realm. */
function isForeignObjectPrototype(prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'isPrototypeOf') &&
    nameOfConstructor(prototype) === 'Object'
  )
}

/** Returns whether the class of a value is the built-in one of any realm, and not a subclass. */
function isDirectInstance(value: object, name: string): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || typeof prototype !== 'object') return false
  if (nameOfConstructor(prototype) !== name) return false
  const parent: unknown = Object.getPrototypeOf(prototype)
  return (
    parent === Object.prototype ||
    (parent !== null && typeof parent === 'object' && isForeignObjectPrototype(parent))
  )
}

/** Returns whether no subclass on the prototype chain adds members. Fake timers make dates of such a subclass. */
function addsNothing(value: object, name: string): boolean {
  let prototype = Object.getPrototypeOf(value) as object | null
  while (prototype !== null && nameOfConstructor(prototype) !== name) {
    if (Reflect.ownKeys(prototype).some((member) => member !== 'constructor')) return false
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return prototype !== null
}

/** Returns the kind of the typed arrays that have this prototype, or `undefined` for a subclass. */
function typedArrayKindOf(prototype: object): 'buffer' | 'view' | undefined {
  if (isDirectInstance(prototype, 'TypedArray')) return 'view'
  const parent = Object.getPrototypeOf(prototype) as object | null
  const isBuffer = nameOfConstructor(prototype) === 'Buffer'
  return isBuffer && parent !== null && isDirectInstance(parent, 'TypedArray')
    ? 'buffer'
    : undefined
}

function isUrl(value: object): value is URL {
  if (value instanceof URL) return Object.getPrototypeOf(value) === URL.prototype
  return Object.prototype.toString.call(value) === '[object URL]' && 'href' in value
}

function nameOfConstructor(prototype: object): unknown {
  const { constructor } = prototype as { constructor?: { name?: unknown } }
  return typeof constructor === 'function' ? constructor.name : undefined
}

/** Returns whether a value is a plain object of any realm, such as `{}` or `Object.create(null)`. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && dataKindOf(value) === 'plain'
}
