import { fromJson } from './from-json.js'
import { hasTags } from './json.js'
import { toJson } from './to-json.js'

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
 * @throws an error of some kind (SyntaxError, TypeError, SerializationError) when the text was not
 * written by {@link encodeTaggedJson}
 */
export function decodeTaggedJson(text: string): unknown {
  const json: unknown = JSON.parse(text)
  // Most values have none.
  return hasTags(text) ? fromJson(json) : json
}
