import { SerializationError } from '@verbatim/cache-core'
import { setOwn, tagOf, unescapeName } from './json.js'
import { MAX_DEPTH } from './to-json.js'

/** A map takes three levels of JSON, one for its tag and one for each entry. */
const MAX_JSON_DEPTH = 3 * MAX_DEPTH

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

/**
 * Puts values where tags stand for them, in the JSON itself where that can be.
 *
 * @param depth - how deep inside of a value this JSON stands
 * @throws an error of some kind when it was not made by {@link toJson}
 */
export function fromJson(json: unknown, depth = 0): unknown {
  if (json === null || typeof json !== 'object') return json
  if (depth > MAX_JSON_DEPTH) throw new SerializationError('the stored value is nested too deep')
  if (Array.isArray(json)) {
    for (const [index, item] of json.entries()) json[index] = fromJson(item, depth + 1)
    return json
  }
  return fromJsonObject(json as Record<string, unknown>, depth)
}

function fromJsonObject(json: Record<string, unknown>, depth: number): unknown {
  const names = Object.keys(json)
  const tag = tagOf(names)
  if (tag !== undefined) {
    const restore = TAGS[tag]
    if (restore === undefined) throw new SerializationError(`unknown tag ${tag}`)
    return restore(fromJson(json[tag], depth + 1))
  }
  // Renaming needs a new object to keep the order of names.
  const restored = names.some((name) => name.startsWith('$')) ? {} : json
  for (const name of names) setOwn(restored, unescapeName(name), fromJson(json[name], depth + 1))
  return restored
}
