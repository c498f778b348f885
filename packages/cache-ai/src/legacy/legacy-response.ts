import { isPlainObject } from '@verbatim/cache-core/implement'
import { isPossibleDate, type KnownOfRequest, type StoredResponse } from '../stored-response.js'

/**
 * Returns a response that the Python version stored. Its metadata is among its fields, and stays there.
 *
 * @param now - milliseconds since 1970
 * @returns `undefined` for anything else, such as an entry of this package with impossible fields
 */
export function legacyResponse<T>(
  value: unknown,
  known: KnownOfRequest,
  now: number,
): StoredResponse<T> | undefined {
  if (!isPlainObject(value) || isOfThisPackage(value)) return undefined
  // The Python version stores false in this field, and returns true for a hit.
  const response = { ...value, cache_hit: true } as T
  if (Object.isFrozen(value)) Object.freeze(response)
  return { ...known, response, storedAt: dateOf(value['cached_at'], now) }
}

/**
 * Returns whether this package stored a value. Responses of the Python version can have any fields, so one
 * name proves nothing. The format in Redis proves nothing either: a restored backup holds plain values.
 */
function isOfThisPackage(value: object): boolean {
  if (Object.hasOwn(value, 'cached_at')) return false
  return OWN_FIELDS.filter((name) => Object.hasOwn(value, name)).length > 1
}

/** Fields of this package whose names the Python version does not use for metadata. */
const OWN_FIELDS: readonly (keyof StoredResponse)[] = ['response', 'textTier', 'storedAt']

/** Returns a date that Python wrote in ISO 8601, in milliseconds since 1970. */
function dateOf(written: unknown, now: number): number | undefined {
  // Date.parse reads a date from any text with a number.
  if (typeof written !== 'string' || !/^\d{4}-\d\d-\d\d[T ]/.test(written)) return undefined
  const date = Date.parse(written)
  return isPossibleDate(date, now) ? date : undefined
}
