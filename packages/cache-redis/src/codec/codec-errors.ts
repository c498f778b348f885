import { CacheError, SerializationError } from '@verbatim/cache-core'
import { isError } from '@verbatim/cache-core/implement'

/** Returns the error for stored bytes that are not an intact value. */
export function corrupt(how: string): SerializationError {
  return new SerializationError(`the stored value is ${how}`, { code: 'CORRUPT_VALUE' })
}

/** Returns the error for stored bytes that cannot be read, with the reason. */
export function unreadable(why: string): SerializationError {
  return corrupt(`unreadable (${why})`)
}

/** Descriptions of keys under the prefix of a cache that are not its entries. */
export const FOREIGN_KINDS = {
  wrong_type: 'a list, a hash or another type',
  foreign: 'a text in no format of this cache',
  other_format: 'a value in another version of the format',
  other_place: 'a value of another cache, or a renamed one',
  other_name: 'a name that is not UTF-8',
} as const

export type ForeignKind = keyof typeof FOREIGN_KINDS

/** Returns the error for a key under the prefix of a cache that is not an entry of this cache. */
export function foreignKey(kind: ForeignKind): CacheError {
  return new CacheError(`not an entry of this cache: ${FOREIGN_KINDS[kind]}`, {
    code: 'FOREIGN_KEY',
    context: { reason: kind },
  })
}

/**
 * Returns the error for a value with a part that cannot be stored.
 *
 * @param what - the kind of the part
 * @param place - the names that lead to the part
 * @param hint - what to store instead
 */
export function notSerializable(
  what: string,
  place: readonly (string | number)[],
  hint = 'store plain data',
): SerializationError {
  const path = place.map((name) => `[${JSON.stringify(name)}]`).join('')
  return new SerializationError(`value${path} is ${what}, which cannot be stored; ${hint}`, {
    code: 'NOT_SERIALIZABLE',
    context: { path },
  })
}

/**
 * Returns the error for a value that is too large.
 *
 * @param where - the form in which it has so many bytes
 * @param limit - the limit and its option
 */
export function tooLarge(bytes: number, where: string, limit: string): SerializationError {
  return new SerializationError(`value takes ${bytes} bytes ${where}; ${limit}`, {
    code: 'VALUE_TOO_LARGE',
    context: { bytes },
  })
}

/** Returns the error for a conversion that failed for a reason outside the value. */
export function codecFailed(why: string): SerializationError {
  return new SerializationError(`the value was not converted: ${why}`, { code: 'CODEC_FAILED' })
}

/** Returns the kind of an error. Its message may contain a part of a value, as a syntax error of JSON does. */
export function failureOf(error: unknown): string {
  if (!isError(error)) return 'unknown'
  return 'code' in error ? String(error.code) : error.name
}
