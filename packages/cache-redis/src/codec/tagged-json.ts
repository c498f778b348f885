import { SerializationError } from '@verbatim/cache-core'

/**
 * JSON that brings back what JSON alone loses: dates, bytes, bigints, maps, sets, URLs, `undefined`,
 * `NaN`, the infinities and `-0`. Each becomes an object with one name that starts with a dollar,
 * such as `{"$date":0}`; a real name that starts with one gets a second, so that no value can pass
 * itself off as a tag.
 *
 * Class instances, functions and symbols have no faithful form and are refused.
 */

/** The deepest nesting of a value; a deeper one could overflow the stack. */
const MAX_DEPTH = 512
/** The same as JSON: a map takes three levels, one for its tag and one for each entry. */
const MAX_JSON_DEPTH = 3 * MAX_DEPTH

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/**
 * @throws SerializationError (`NOT_SERIALIZABLE`) naming the place of what cannot be written
 */
export function encodeTaggedJson(value: unknown): string {
  return JSON.stringify(toJson(value, [], new Set()))
}

/**
 * @throws an error of some kind (SyntaxError, TypeError, SerializationError) when the text was not
 * written by {@link encodeTaggedJson}
 */
export function decodeTaggedJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text)
  // No dollar at the start of a name: nothing to revive, and most values are like that.
  return text.includes('"$') ? revive(parsed, 0) : parsed
}

function toJson(value: unknown, place: (string | number)[], parents: Set<object>): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) }
    case 'bigint':
      return { $bigint: String(value) }
    case 'undefined':
      return { $undefined: true }
    case 'object':
      return value === null ? null : objectToJson(value, place, parents)
    default:
      throw notSerializable(`a ${typeof value}`, place)
  }
}

/** Exactly these and not what extends them: reading back would lose what the subclass adds. */
const STORED_CLASSES: ReadonlySet<unknown> = new Set([
  null,
  ...[Object, Array, Map, Set, Date, URL, Uint8Array, Buffer].map(({ prototype }) => prototype),
])

function objectToJson(value: object, place: (string | number)[], parents: Set<object>): Json {
  if (!STORED_CLASSES.has(Object.getPrototypeOf(value))) {
    throw notSerializable(`an instance of ${value.constructor?.name ?? 'a class'}`, place)
  }
  if (parents.has(value)) throw notSerializable('a reference to its own container', place)
  if (parents.size >= MAX_DEPTH) throw notSerializable(`more than ${MAX_DEPTH} levels`, [])
  parents.add(value)
  const json = contentToJson(value, (item, name) => {
    place.push(name)
    const inside = toJson(item, place, parents)
    place.pop()
    return inside
  })
  parents.delete(value)
  return json
}

function contentToJson(
  value: object,
  inside: (item: unknown, name: string | number) => Json,
): Json {
  if (Array.isArray(value)) return Array.from(value, inside)
  if (value instanceof Map) {
    const entries = Array.from(value, ([key, item], index) => [
      inside(key, index),
      inside(item, index),
    ])
    return { $map: entries }
  }
  if (value instanceof Set) return { $set: Array.from(value, inside) }
  if (value instanceof Date)
    return { $date: Number.isNaN(value.getTime()) ? null : value.getTime() }
  if (value instanceof URL) return { $url: value.href }
  if (value instanceof Uint8Array) {
    return {
      $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
    }
  }
  const json: Record<string, Json> = Object.create(null)
  for (const [name, item] of Object.entries(value)) {
    json[name.startsWith('$') ? `$${name}` : name] = inside(item, name)
  }
  return json
}

function notSerializable(what: string, place: readonly (string | number)[]): SerializationError {
  const path = place.map((name) => `[${JSON.stringify(name)}]`).join('')
  return new SerializationError(
    `value${path} is ${what}, which cannot be stored; store plain data`,
    { code: 'NOT_SERIALIZABLE', context: { path } },
  )
}

const TAGS: Readonly<Record<string, (content: unknown) => unknown>> = {
  $number: (content) => Number(content),
  $bigint: (content) => BigInt(content as string),
  $undefined: () => undefined,
  $date: (content) => new Date((content ?? Number.NaN) as number),
  $bytes: (content) => new Uint8Array(Buffer.from(content as string, 'base64')),
  $url: (content) => new URL(content as string),
  $map: (content) => new Map(content as Iterable<readonly [unknown, unknown]>),
  $set: (content) => new Set(content as Iterable<unknown>),
}

function revive(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object') return value
  if (depth > MAX_JSON_DEPTH) throw new SerializationError('the stored value is nested too deep')
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) value[index] = revive(item, depth + 1)
    return value
  }
  return reviveObject(value as Record<string, unknown>, depth)
}

function reviveObject(value: Record<string, unknown>, depth: number): unknown {
  const names = Object.keys(value)
  const [first] = names
  if (names.length === 1 && first?.startsWith('$') && !first.startsWith('$$')) {
    const tag = TAGS[first]
    if (tag === undefined) throw new SerializationError(`unknown tag ${first}`)
    return tag(revive(value[first], depth + 1))
  }
  const escaped = names.some((name) => name.startsWith('$'))
  // Renaming needs a new object to keep the order of names.
  const revived: Record<string, unknown> = escaped ? {} : value
  for (const name of names) {
    const item = revive(value[name], depth + 1)
    if (escaped && name === '__proto__') defineOwn(revived, name, item)
    else revived[name.startsWith('$') ? name.slice(1) : name] = item
  }
  return revived
}

/** Assigning `__proto__` would swap the object's prototype instead of adding a property. */
function defineOwn(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}
