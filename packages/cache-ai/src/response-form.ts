import { isDeepStrictEqual } from 'node:util'
import { CacheError, SerializationError } from '@verbatim/cache-core'
import { ignoreRejection, isPlainObject, isPromiseLike } from '@verbatim/cache-core/implement'

/** Functions that convert responses to plain data and back. */
export interface ResponseForm {
  /** Converts a response to plain data. Default: the response itself. */
  readonly serialize?: ((response: unknown) => unknown) | undefined
  /** Converts a copy of the data back to a response. Default: the data itself. */
  readonly revive?: ((data: unknown) => unknown) | undefined
}

/**
 * Converts a response to the data that is stored.
 *
 * @param copy - returns a deep copy, because `revive` may change its argument
 * @throws CacheError (`SERIALIZE_FAILED`) when `serialize` or `revive` throws or returns a promise
 * @throws SerializationError (`VALUE_TOO_LARGE`) for objects that the response repeats too often
 * @throws SerializationError (`NOT_SERIALIZABLE`, `NOT_CLONEABLE`) for anything but plain data
 */
export function dataOf(
  response: unknown,
  { serialize, revive }: ResponseForm,
  copy: Copy,
): unknown {
  if (serialize === undefined) {
    const data = withPlainInstances(response)
    if (revive !== undefined) converted('revive', revive, copy({ response: data }).response)
    return data
  }
  const data = serialized(response, serialize)
  // Redis would refuse the data only when they are stored.
  const copied = copiedData(data, copy)
  if (revive !== undefined) converted('revive', revive, copied)
  return data
}

/** @throws SerializationError (`NOT_CLONEABLE`) for anything but plain data */
export type Copy = <T>(value: T) => T

function copiedData(data: unknown, copy: Copy): unknown {
  try {
    return copy({ response: data }).response
  } catch (error) {
    if (!(error instanceof CacheError)) throw error
    const { what, place } = refusedPart(error)
    const inside = place === undefined ? '' : place.replace(/^response/, '')
    const where = inside === '' ? '' : ` at data${inside}`
    throw new SerializationError(
      `serialize must return plain data; received ${what}${where}; the response was not stored`,
      { code: 'NOT_SERIALIZABLE' },
    )
  }
}

function serialized(response: unknown, serialize: (response: unknown) => unknown): unknown {
  const data = converted('serialize', serialize, response)
  if (data === undefined) throw notConverted('serialize must return a value')
  // The data are stored as they are, but may repeat objects like any other response.
  withPlainInstances(data)
  return data
}

function converted(name: string, convert: (value: unknown) => unknown, value: unknown): unknown {
  let result: unknown
  try {
    result = convert(value)
  } catch (error) {
    throw notConverted(`${name} threw an error`, error)
  }
  if (isPromise(result)) throw notConverted(`${name} must not return a promise`)
  return result
}

function notConverted(reason: string, cause?: unknown): CacheError {
  const message = `${reason}; the response was not stored`
  return new CacheError(message, { code: 'SERIALIZE_FAILED', cause })
}

/** Returns whether a result is a promise, and ignores its rejection, because no caller awaits it. */
export function isPromise(result: unknown): boolean {
  ignoreRejection(result)
  return isPromiseLike(result)
}

/**
 * Replaces instances of classes by the result of `toJSON` where that loses nothing: the class has no other
 * method, and the result has each field of the instance with the same value. Any other instance stays, and
 * cannot be stored.
 */
function withPlainInstances(response: unknown): unknown {
  return replaced(response, { objects: new Map(), written: 0, repeated: 0 }, 0)
}

const MAX_DEPTH = 512

/** The most items and fields that are written for repeated objects of a response. */
const MOST_REPEATED = 1_000_000

/** The state of the walk through a response. */
interface Walk {
  /** The data of each object, and the number of items and fields that are written for it. */
  readonly objects: Map<object, { readonly data: unknown; readonly size: number }>
  written: number
  repeated: number
}

/** Walks every object once. Shared objects would take exponential time otherwise. */
function replaced(value: unknown, walk: Walk, depth: number): unknown {
  if (value === null || typeof value !== 'object' || depth > MAX_DEPTH) return value
  const known = walk.objects.get(value)
  if (known !== undefined) {
    repeat(known.size, walk)
    return known.data
  }
  const before = walk.written++
  // A cycle leads to the object itself, and the store names the path of the cycle.
  walk.objects.set(value, { data: value, size: 0 })
  const data = replacedContent(value, walk, depth + 1)
  walk.objects.set(value, { data, size: walk.written - before })
  return data
}

/** Counts an object again, because Redis stores it once for each occurrence. */
function repeat(size: number, walk: Walk): void {
  walk.written += size
  walk.repeated += size
  if (walk.repeated <= MOST_REPEATED) return
  throw new SerializationError(
    `the response repeats objects with more than ${MOST_REPEATED} items and fields; it was not stored`,
    { code: 'VALUE_TOO_LARGE' },
  )
}

function replacedContent(value: object, walk: Walk, depth: number): unknown {
  if (Array.isArray(value)) {
    walk.written += value.length
    return mapped(value, (item) => replaced(item, walk, depth))
  }
  if (isPlainObject(value) && typeof (value as Partial<HasToJson>).toJSON !== 'function') {
    return mappedFields(value, (item) => {
      walk.written++
      return replaced(item, walk, depth)
    })
  }
  return safeJsonOf(value) ?? value
}

interface HasToJson {
  toJSON(): unknown
}

function safeJsonOf(instance: object): unknown {
  if (!hasOnlyToJson(instance)) return undefined
  try {
    const json = instance.toJSON()
    if (!isPlainObject(json)) return undefined
    const fields = Object.entries(instance).filter(([name]) => name !== 'toJSON')
    const isComplete = fields.every(([name, value]) => isDeepStrictEqual(json[name], value))
    return isComplete ? json : undefined
  } catch {
    return undefined
  }
}

function hasOnlyToJson(instance: object): instance is HasToJson {
  if (typeof (instance as Partial<HasToJson>).toJSON !== 'function') return false
  for (
    let level: object | null = instance;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    for (const name of Reflect.ownKeys(level)) {
      if (name === 'constructor' || name === 'toJSON') continue
      const property = Object.getOwnPropertyDescriptor(level, name)
      // A getter or a method would be missing on a hit.
      if (property === undefined || 'get' in property || typeof property.value === 'function')
        return false
    }
  }
  return true
}

function mapped(items: readonly unknown[], change: (item: unknown) => unknown): unknown {
  let copy: unknown[] | undefined
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    if (typeof item !== 'object') continue
    const changed = change(item)
    if (changed === item) continue
    copy ??= [...items]
    copy[index] = changed
  }
  return copy ?? items
}

/** Gives an object without a prototype the usual one, because a hit from Redis has it. */
function mappedFields(value: object, change: (item: unknown) => unknown): unknown {
  const hasPrototype = Object.getPrototypeOf(value) !== null
  let copy: Record<string, unknown> | undefined = hasPrototype ? undefined : { ...value }
  for (const [name, item] of Object.entries(value)) {
    const changed = change(item)
    if (changed === item) continue
    copy ??= { ...value }
    // An assignment to `__proto__` would set the prototype.
    Object.defineProperty(copy, name, { value: changed })
  }
  return copy ?? value
}

/** Returns the error with a path inside the response, without the metadata around it. */
export function responseError(error: CacheError): CacheError {
  const isOfData = error.code === 'NOT_CLONEABLE' || error.code === 'NOT_SERIALIZABLE'
  const { what, place } = refusedPart(error)
  if (!isOfData || place === undefined) return error
  return new SerializationError(
    `${place} must be plain data; received ${what}. Return plain data, or pass serialize and revive to the cache`,
    { code: 'NOT_SERIALIZABLE', context: { path: place } },
  )
}

/** Returns the part that is not plain data, and its path in the response. */
function refusedPart({ message, context }: CacheError): {
  readonly what: string
  readonly place: string | undefined
} {
  const { path } = context as { readonly path?: unknown }
  const [, what = 'something else'] =
    /(?:; received | is )(.+?)(?:\. |, which cannot be )/.exec(message) ?? []
  return { what, place: placeOf(path) }
}

function placeOf(path: unknown): string | undefined {
  if (typeof path !== 'string' || !path.startsWith(WRAPPED)) return undefined
  const inside = path.slice(WRAPPED.length).replaceAll(/\["([A-Za-z_$][\w$]*)"\]/g, '.$1')
  return `response${inside}`
}

/** The path of a response among its metadata. */
const WRAPPED = '["response"]'
