import { isDeepStrictEqual } from 'node:util'
import { CacheError, isPlainObject, SerializationError } from '@verbatim/cache-core'

/** How responses that are no plain data are stored, and become what they were. */
export interface ResponseForm {
  /** Returns plain data for a response. Default: the response itself. */
  readonly serialize?: ((response: unknown) => unknown) | undefined
  /** Returns the response for what `serialize` returned, of which it owns a copy. Default: the data. */
  readonly revive?: ((data: unknown) => unknown) | undefined
}

/**
 * Returns the data to be stored for a response.
 *
 * @throws CacheError (`SERIALIZE_FAILED`) when `serialize` throws, or `revive` does for its result
 */
export function dataOf(response: unknown, { serialize, revive }: ResponseForm): unknown {
  if (serialize === undefined && revive === undefined) return withPlainInstances(response)
  try {
    const data = serialize === undefined ? withPlainInstances(response) : serialize(response)
    if (data === undefined) throw new TypeError('serialize must return a value')
    revive?.(data)
    return data
  } catch (error) {
    throw new CacheError('serialize or revive failed for the response; it was not stored', {
      code: 'SERIALIZE_FAILED',
      cause: error,
    })
  }
}

/**
 * Replaces instances of classes by what their `toJSON` returns, where nothing can be lost: the class has
 * no other method, and the result has each field of the instance with the same value. Anything else stays
 * as it is, and cannot be stored.
 */
function withPlainInstances(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object' || depth > MAX_DEPTH) return value
  if (Array.isArray(value)) return mapped(value, (item) => withPlainInstances(item, depth + 1))
  if (isPlainObject(value) && typeof (value as Partial<HasToJson>).toJSON !== 'function') {
    return mappedFields(value, (item) => withPlainInstances(item, depth + 1))
  }
  return safeJsonOf(value) ?? value
}

const MAX_DEPTH = 512

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

function mappedFields(value: object, change: (item: unknown) => unknown): unknown {
  let copy: Record<string, unknown> | undefined
  for (const [name, item] of Object.entries(value)) {
    const changed = change(item)
    if (changed === item) continue
    copy ??= { ...value }
    copy[name] = changed
  }
  return copy ?? value
}

/** Returns the error of a response, with its place as its owner knows it. */
export function responseError(error: CacheError): CacheError {
  const { path } = error.context as { readonly path?: unknown }
  const isOfData = error.code === 'NOT_CLONEABLE' || error.code === 'NOT_SERIALIZABLE'
  const place = placeOf(path)
  if (!isOfData || place === undefined) return error
  const what = / is (.+?), which cannot be /.exec(error.message)?.[1] ?? 'something else'
  return new SerializationError(
    `${place} must be plain data; received ${what}. Return plain data, or pass serialize and revive to the cache`,
    { code: 'NOT_SERIALIZABLE', context: { path: place } },
  )
}

function placeOf(path: unknown): string | undefined {
  if (typeof path !== 'string' || !path.startsWith(WRAPPED)) return undefined
  const inside = path.slice(WRAPPED.length).replaceAll(/\["([A-Za-z_$][\w$]*)"\]/g, '.$1')
  return `response${inside}`
}

/** A response is stored with what is known about it, under this name. */
const WRAPPED = '["response"]'
