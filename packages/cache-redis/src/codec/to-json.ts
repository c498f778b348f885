import { notSerializable, tooLarge } from './codec-errors.js'
import { escapeName, type Json, setOwn } from './json.js'

/** The deepest nesting of a value; a deeper one could overflow the stack. */
export const MAX_DEPTH = 512

/** What JSON takes for a number, `true` or an empty list, roughly, with its comma. */
const TYPICAL_LEAF_BYTES = 8

export interface JsonTree {
  /** A copy: later changes of the value do not show in it. */
  readonly json: Json
  /** How long it is as text, roughly. */
  readonly likelyBytes: number
}

/** What {@link toJson} knows on its way through a value. */
interface Walk {
  /** The containers around the present place, outermost first. */
  readonly parents: object[]
  /** Their names for what they contain. Beyond the present depth it holds leftovers. */
  readonly place: (string | number)[]
  readonly maxBytes: number
  characters: number
  nodes: number
}

/**
 * @param maxBytes - a value that takes more than this as text need not be walked to its end
 * @throws SerializationError (`NOT_SERIALIZABLE`) naming the place of what cannot be written, or
 * `VALUE_TOO_LARGE`
 */
export function toJson(value: unknown, maxBytes: number = Number.POSITIVE_INFINITY): JsonTree {
  const walk: Walk = { parents: [], place: [], maxBytes, characters: 0, nodes: 0 }
  const json = convert(value, walk)
  return { json, likelyBytes: walk.characters + TYPICAL_LEAF_BYTES * walk.nodes }
}

function convert(value: unknown, walk: Walk): Json {
  walk.nodes += 1
  switch (typeof value) {
    case 'string':
      walk.characters += value.length
      return value
    case 'boolean':
      return value
    case 'number':
      return isJsonNumber(value) ? value : { $number: Object.is(value, -0) ? '-0' : String(value) }
    case 'bigint':
      return { $bigint: String(value) }
    case 'undefined':
      return { $undefined: true }
    case 'object':
      return value === null ? null : convertObject(value, walk)
    default:
      throw notSerializable(`a ${typeof value}`, currentPlace(walk))
  }
}

function isJsonNumber(value: unknown): value is number {
  return Number.isFinite(value) && !Object.is(value, -0)
}

/** Exactly these and not what extends them: reading back would lose what the subclass adds. */
const STORED_CLASSES: ReadonlySet<unknown> = new Set([
  null,
  ...[Object, Array, Map, Set, Date, URL, Uint8Array, Buffer].map(({ prototype }) => prototype),
])

function convertObject(value: object, walk: Walk): Json {
  const { parents } = walk
  if (!STORED_CLASSES.has(Object.getPrototypeOf(value))) {
    const name = value.constructor?.name ?? 'a class'
    throw notSerializable(`an instance of ${name}`, currentPlace(walk))
  }
  // A list and not a set: values are rarely deep.
  if (parents.includes(value)) {
    throw notSerializable('a reference to its own container', currentPlace(walk))
  }
  if (parents.length >= MAX_DEPTH) throw notSerializable(`more than ${MAX_DEPTH} levels`, [])
  // Each character and each node takes a byte at least.
  const leastBytes = walk.characters + walk.nodes
  if (leastBytes > walk.maxBytes) {
    throw tooLarge(leastBytes, 'as JSON or more', `at most ${walk.maxBytes} can be stored`)
  }
  parents.push(value)
  const json = convertContent(value, walk)
  parents.pop()
  return json
}

function convertContent(value: object, walk: Walk): Json {
  if (Array.isArray(value)) return convertArray(value, walk)
  if (value instanceof Map) {
    const entries = Array.from(value, ([key, item], index) => [
      convertItem(key, index, walk),
      convertItem(item, index, walk),
    ])
    return { $map: entries }
  }
  if (value instanceof Set) {
    return { $set: Array.from(value, (item, index) => convertItem(item, index, walk)) }
  }
  if (value instanceof Date) {
    return { $date: Number.isNaN(value.getTime()) ? null : value.getTime() }
  }
  if (value instanceof URL) return { $url: value.href }
  if (value instanceof Uint8Array) return convertBytes(value, walk)
  return convertProperties(value, walk)
}

function convertArray(array: readonly unknown[], walk: Walk): Json {
  // Embeddings are long, and this takes a quarter of the time.
  if (isNumeric(array)) {
    walk.nodes += array.length
    return [...array]
  }
  const copy = [...array]
  for (let index = 0; index < copy.length; index++) {
    const item = copy[index]
    const json = convertItem(item, index, walk)
    if (json !== item) copy[index] = json
  }
  return copy as Json[]
}

function isNumeric(array: readonly unknown[]): array is readonly number[] {
  if (typeof array[0] !== 'number') return false
  for (const item of array) if (!isJsonNumber(item)) return false
  return true
}

function convertProperties(value: object, walk: Walk): Json {
  const copy: Record<string, unknown> = { ...value }
  const names = Object.keys(copy)
  for (const name of names) {
    const item = copy[name]
    const json = convertItem(item, name, walk)
    walk.characters += name.length
    if (json !== item) setOwn(copy, name, json)
  }
  return (names.some((name) => name.startsWith('$')) ? escapeNames(copy) : copy) as Json
}

/** A new object keeps the order of names. */
function escapeNames(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const escaped: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(properties)) setOwn(escaped, escapeName(name), item)
  return escaped
}

function convertBytes({ buffer, byteOffset, byteLength }: Uint8Array, walk: Walk): Json {
  const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64')
  walk.characters += base64.length
  return { $bytes: base64 }
}

function convertItem(item: unknown, name: string | number, walk: Walk): Json {
  walk.place[walk.parents.length - 1] = name
  return convert(item, walk)
}

function currentPlace({ place, parents }: Walk): readonly (string | number)[] {
  return place.slice(0, parents.length)
}
