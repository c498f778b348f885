import { SerializationError } from '@verbatim/cache-core'
import { bufferFrom, bytesFrom, viewFrom } from './binary.js'
import { setOwn, tagOf, unescapeName } from './json.js'
import { MAX_DEPTH } from './to-json.js'

/** A map takes three levels of JSON, one for its tag and one for each entry. */
const MAX_JSON_DEPTH = 3 * MAX_DEPTH

/** What a tag for a place of an array that was never set is restored to, until the place is cleared. */
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
 * Replaces tags by the values that they stand for, in the JSON itself where possible.
 *
 * @param depth - how deep inside of a value this JSON stands
 * @throws an error of some kind when the JSON was not made by {@link toJson}
 */
export function fromJson(json: unknown, depth = 0): unknown {
  const value = restore(json, depth)
  if (value === HOLE) throw new SerializationError('a hole stands outside of an array')
  return value
}

function restore(json: unknown, depth: number): unknown {
  if (json === null || typeof json !== 'object') return json
  if (depth > MAX_JSON_DEPTH) throw new SerializationError('the stored value is nested too deep')
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
