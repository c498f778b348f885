import { SerializationError } from '@verbatim/cache-core'
import { bufferFrom, bytesFrom, viewFrom } from './binary.js'
import { hasTags, setOwn, tagOf, unescapeName } from './json.js'
import { MAX_DEPTH, toJson } from './to-json.js'

/**
 * Encodes a value as JSON, with tags for what JSON alone loses: dates, bytes, bigints, maps, sets,
 * URLs, `undefined`, holes of arrays, `NaN`, the infinities and `-0`.
 *
 * A tag is an object with one name that starts with a dollar, such as `{"$date":0}`. A real name that
 * starts with a dollar gets a second one, so that no value can pass itself off as a tag.
 *
 * Class instances, functions, symbols and properties of arrays have no faithful form and are refused.
 *
 * @throws SerializationError (`NOT_SERIALIZABLE`) naming the place of what cannot be written
 */
export function encodeTaggedJson(value: unknown): string {
  return JSON.stringify(toJson(value).json)
}

/**
 * Decodes a value.
 *
 * @throws SyntaxError, TypeError or SerializationError when {@link encodeTaggedJson} did not write the text
 */
export function decodeTaggedJson(text: string): unknown {
  const json: unknown = JSON.parse(text)
  // Most values have none.
  return hasTags(text) ? fromJson(json) : json
}

/** A map takes three levels of JSON: one for its tag, one for the list and one for each entry. */
const MAX_JSON_DEPTH = 3 * MAX_DEPTH

/** Stands for an array index that was never set, until the index is cleared. */
const HOLE = Symbol('hole')

const TAGS: Readonly<Record<string, (content: unknown) => unknown>> = {
  $number: (content) => Number(content),
  $bigint: (content) => BigInt(content as string),
  $undefined: () => undefined,
  $date: (content) => new Date((content ?? Number.NaN) as number),
  $bytes: bytesFrom,
  $buffer: bufferFrom,
  $view: viewFrom,
  $url: (content) => new URL(content as string),
  $map: (content) => new Map(content as Iterable<readonly [unknown, unknown]>),
  $set: (content) => new Set(content as Iterable<unknown>),
  $hole: () => HOLE,
}

/**
 * Replaces tags by the values that they stand for, in place where possible.
 *
 * @param depth - the depth of this JSON in its value
 * @throws SerializationError, or an error of a constructor, when {@link toJson} did not make the JSON
 */
export function fromJson(json: unknown, depth = 0): unknown {
  const value = restore(json, depth)
  if (value === HOLE) throw new SerializationError('a hole must be in an array')
  return value
}

function restore(json: unknown, depth: number): unknown {
  if (json === null || typeof json !== 'object') return json
  if (depth > MAX_JSON_DEPTH) throw new SerializationError('the stored value is nested too deeply')
  return Array.isArray(json)
    ? restoreArray(json, depth)
    : restoreObject(json as Record<string, unknown>, depth)
}

function restoreArray(array: unknown[], depth: number): unknown[] {
  for (const [index, item] of array.entries()) {
    const value = restore(item, depth + 1)
    if (value === HOLE) Reflect.deleteProperty(array, index)
    else array[index] = value
  }
  return array
}

function restoreObject(json: Record<string, unknown>, depth: number): unknown {
  const names = Object.keys(json)
  const tag = tagOf(names)
  if (tag !== undefined) {
    const fromContent = TAGS[tag]
    if (fromContent === undefined) throw new SerializationError(`unknown tag ${tag}`)
    return fromContent(fromJson(json[tag], depth + 1))
  }
  // Renaming needs a new object to keep the order of names.
  const restored = names.some((name) => name.startsWith('$')) ? {} : json
  for (const name of names) setOwn(restored, unescapeName(name), fromJson(json[name], depth + 1))
  return restored
}
