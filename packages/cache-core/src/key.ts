import { describeType, ValidationError } from './errors.js'

/** The longest key, in bytes of UTF-8. Key generators hash what would be longer; nothing is cut. */
export const MAX_KEY_BYTES = 1_024

/**
 * Refuses what cannot be a key.
 *
 * The type check is not pedantry: Redis clients spread an array key into further arguments, so a
 * key straight out of parsed JSON could become another command. A lone surrogate has no UTF-8
 * form, and two different ones would land on the same bytes.
 *
 * @throws ValidationError (`INVALID_KEY`) unless the key is a non-empty, well-formed string of at
 * most {@link MAX_KEY_BYTES} bytes
 */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key !== 'string') throw invalidKey(`is ${describeType(key)}`)
  if (key.length === 0) throw invalidKey('is empty')
  if (!key.isWellFormed()) throw invalidKey('holds half of a surrogate pair')
  if (key.length * 3 > MAX_KEY_BYTES && utf8Length(key) > MAX_KEY_BYTES) {
    throw invalidKey(`has ${utf8Length(key)} bytes`)
  }
}

function invalidKey(what: string): ValidationError {
  return new ValidationError(
    `key ${what}; allowed: a non-empty, well-formed string of at most ${MAX_KEY_BYTES} bytes in UTF-8`,
    { code: 'INVALID_KEY', context: { argument: 'key' } },
  )
}

/** Bytes that a well-formed string takes in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Each half of a pair is counted as two bytes here, so a pair comes to the four it takes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}
