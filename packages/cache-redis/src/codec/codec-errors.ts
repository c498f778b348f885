import { SerializationError } from '@verbatim/cache-core'

/** Stored bytes that are no value, or not intact. */
export function corrupt(how: string): SerializationError {
  return new SerializationError(`the stored value is ${how}`, { code: 'CORRUPT_VALUE' })
}

/** @param why - what reading them failed with */
export function unreadable(why: string): SerializationError {
  return corrupt(`unreadable (${why})`)
}

/**
 * @param what - the kind of the part that cannot be stored
 * @param place - the names that lead to that part
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
 * @param where - in what form it takes them
 * @param limit - what is allowed, and by which option
 */
export function tooLarge(bytes: number, where: string, limit: string): SerializationError {
  return new SerializationError(`value takes ${bytes} bytes ${where}; ${limit}`, {
    code: 'VALUE_TOO_LARGE',
    context: { bytes },
  })
}

/** The work on a value came to nothing, through no fault of the value's. */
export function codecFailed(why: string): SerializationError {
  return new SerializationError(`the value was not converted: ${why}`, { code: 'CODEC_FAILED' })
}
