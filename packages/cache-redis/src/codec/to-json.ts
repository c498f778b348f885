import {
  classNameOf,
  type DataKind,
  dataKindOf,
  enumerableSymbolOf,
  extraPropertyOf,
  isPromiseLike,
} from '@verbatim/cache-core/implement'
import { binaryClassOf, binaryToJson } from './binary.js'
import { notSerializable, tooLarge } from './codec-errors.js'
import { escapeName, isJsonNumber, type Json, setOwn } from './json.js'

/** The deepest nesting of a value; a deeper one could overflow the stack. */
export const MAX_DEPTH = 512

/** The typical length in JSON of a number, `true` or an empty list with its comma. */
const TYPICAL_LEAF_BYTES = 8
const BASE64_GROWTH = 4 / 3
const DOLLAR = 36
/** From so many parts on, converted containers are remembered, in case the value contains them again. */
const REMEMBERED_FROM_NODES = 65_536
/** Stands for an array index that was never set. */
const HOLE: Json = { $hole: true }

type StoredKind = Exclude<DataKind, 'regexp'>

export interface JsonTree {
  /** A copy: later changes of the value do not change it. */
  readonly json: Json
  /** The rough length of the JSON as text. */
  readonly likelyBytes: number
}

/** The state of {@link toJson} on its way through a value. */
interface Walk {
  /** The containers around the current part, outermost first. */
  readonly parents: object[]
  /** The names in these containers that lead to the current part. Later items are outdated. */
  readonly place: (string | number)[]
  readonly maxBytes: number
  characters: number
  nodes: number
  /** Containers that were converted, in a value with many parts. */
  readonly converted: Map<object, Converted>
}

/** A converted container, for the next time that the value contains it. */
interface Converted {
  readonly json: Json
  readonly characters: number
  readonly nodes: number
  /** The number of containers around it. At a greater depth it is converted again, to check the depth of its parts. */
  readonly depth: number
}

/**
 * Converts a value to JSON with tags; see `encodeTaggedJson`.
 *
 * @param maxBytes - a value that is longer as text is refused
 * @throws SerializationError (`NOT_SERIALIZABLE`) that names the path of the part that cannot be stored, or
 * (`VALUE_TOO_LARGE`)
 */
export function toJson(value: unknown, maxBytes: number = Number.POSITIVE_INFINITY): JsonTree {
  const walk: Walk = {
    parents: [],
    place: [],
    maxBytes,
    characters: 0,
    nodes: 0,
    converted: new Map(),
  }
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

/** Counts a part that is JSON already, and returns whether it is. This check saves a third of the time. */
function isLeaf(value: unknown, walk: Walk): boolean {
  if (typeof value === 'string') walk.characters += value.length
  else if (typeof value === 'number' ? !isJsonNumber(value) : typeof value !== 'boolean')
    return false
  walk.nodes += 1
  return true
}

function convertObject(value: object, walk: Walk): Json {
  const { parents } = walk
  // Values are rarely deep, so a list is faster than a set.
  if (parents.includes(value)) {
    throw notSerializable('a circular reference', currentPlace(walk))
  }
  if (parents.length >= MAX_DEPTH) throw notSerializable(`more than ${MAX_DEPTH} levels`, [])
  if (walk.characters + walk.nodes > walk.maxBytes) assertNotTooLarge(walk, 0)
  const known = walk.converted.get(value)
  if (known !== undefined && parents.length <= known.depth) {
    walk.characters += known.characters
    walk.nodes += known.nodes
    return known.json
  }
  const kind = isArray(value) ? 'array' : dataKindOf(value)
  if (kind === undefined || kind === 'regexp') throw refusedInstance(value, walk)
  const { characters, nodes } = walk
  parents.push(value)
  const json = convertContent(value, kind, walk)
  parents.pop()
  // An object that contains another one twice, on many levels, would have too many parts to convert.
  if (walk.nodes > REMEMBERED_FROM_NODES) {
    walk.converted.set(value, {
      json,
      characters: walk.characters - characters,
      nodes: walk.nodes - nodes,
      depth: parents.length,
    })
  }
  return json
}

function isArray(value: object): boolean {
  return Object.getPrototypeOf(value) === Array.prototype && Array.isArray(value)
}

/** Throws if a value is too large. Each character and each node takes at least one byte. */
function assertNotTooLarge({ characters, nodes, maxBytes }: Walk, furtherNodes: number): void {
  const leastBytes = characters + nodes + furtherNodes
  if (leastBytes <= maxBytes) return
  throw tooLarge(leastBytes, 'as JSON or more', `at most ${maxBytes} can be stored`)
}

function convertContent(value: object, kind: StoredKind, walk: Walk): Json {
  switch (kind) {
    case 'plain':
      return convertProperties(value, walk)
    case 'array':
      return convertArray(value as readonly unknown[], walk)
    case 'buffer':
    case 'view':
    case 'arraybuffer':
      return convertBytes(value as ArrayBuffer | ArrayBufferView, kind, walk)
    default:
      assertNoExtra(value, extraPropertyOf(value, kind), walk)
      return convertBuiltIn(value, kind, walk)
  }
}

function convertBuiltIn(value: object, kind: 'map' | 'set' | 'date' | 'url', walk: Walk): Json {
  switch (kind) {
    case 'map': {
      const entries = Array.from(value as Map<unknown, unknown>, ([key, item], index) => [
        convertItem(key, index, walk),
        convertItem(item, index, walk),
      ])
      return { $map: entries }
    }
    case 'set': {
      const items = value as Set<unknown>
      return { $set: Array.from(items, (item, index) => convertItem(item, index, walk)) }
    }
    case 'date': {
      const time = (value as Date).getTime()
      return { $date: Number.isNaN(time) ? null : time }
    }
    default:
      return { $url: (value as URL).href }
  }
}

function refusedInstance(value: object, walk: Walk): Error {
  const place = currentPlace(walk)
  if (isPromiseLike(value)) return notSerializable('a promise', place, 'store what it resolves to')
  if ('next' in value && typeof value.next === 'function') {
    return notSerializable('an iterator', place, 'store an array of its items')
  }
  return notSerializable(`an instance of ${classNameOf(value)}`, place)
}

/** Refuses a container with properties beside its content, because nothing may be lost. */
function assertNoExtra(container: object, place: string | symbol | undefined, walk: Walk): void {
  if (place === undefined) return
  // The list of parents includes the container.
  const path = [...walk.place.slice(0, walk.parents.length - 1), String(place)]
  const what = `a property of ${classNameOf(container)} with a ${typeof place} for its name`
  throw notSerializable(what, path, 'store plain data without it')
}

function convertArray(array: readonly unknown[], walk: Walk): Json {
  assertNoExtra(array, extraPropertyOf(array, 'array'), walk)
  // Embeddings are long, and this path takes a quarter of the time.
  if (isNumeric(array)) {
    walk.nodes += array.length
    return [...array]
  }
  // A sparse array can be far longer than the number of its items.
  assertNotTooLarge(walk, array.length)
  const copy = [...array]
  for (let index = 0; index < copy.length; index++) {
    const item = copy[index]
    if (isLeaf(item, walk)) continue
    const isHole = item === undefined && !(index in array)
    const json = isHole ? HOLE : convertItem(item, index, walk)
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
  // The spread copies symbols too.
  const copy: Record<string, unknown> = { ...value }
  assertNoExtra(copy, enumerableSymbolOf(copy), walk)
  const names = Object.keys(copy)
  const items = Object.values(copy)
  let hasDollar = false
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string
    const item = items[index]
    walk.characters += name.length
    if (name.charCodeAt(0) === DOLLAR) hasDollar = true
    if (isLeaf(item, walk)) continue
    const json = convertItem(item, name, walk)
    if (json !== item) setOwn(copy, name, json)
  }
  return (hasDollar ? escapeNames(copy) : copy) as Json
}

/** Escapes names in a new object, which keeps their order. */
function escapeNames(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const escaped: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(properties)) setOwn(escaped, escapeName(name), item)
  return escaped
}

function convertBytes(
  value: ArrayBuffer | ArrayBufferView,
  kind: 'buffer' | 'view' | 'arraybuffer',
  walk: Walk,
): Json {
  const name = binaryClassOf(value)
  if (name === undefined) {
    walk.parents.pop()
    throw refusedInstance(value, walk)
  }
  assertNotTooLarge(walk, value.byteLength)
  assertNoExtra(value, extraPropertyOf(value, kind), walk)
  walk.characters += value.byteLength * BASE64_GROWTH
  return binaryToJson(value, name)
}

function convertItem(item: unknown, name: string | number, walk: Walk): Json {
  walk.place[walk.parents.length - 1] = name
  return convert(item, walk)
}

function currentPlace({ place, parents }: Walk): readonly (string | number)[] {
  return place.slice(0, parents.length)
}
