import { invalidArgument } from './argument-errors.js'
import type { ValidationError } from './errors.js'

/** The longest key, in bytes of UTF-8. Key generators hash longer keys; nothing is cut. */
export const MAX_KEY_BYTES = 1_024

/**
 * Checks a key.
 *
 * Redis clients spread an array into several arguments, so a key from parsed JSON could become another
 * command. A lone surrogate has no UTF-8 form, and two different ones would become the same bytes.
 *
 * @throws ValidationError (`INVALID_KEY`) unless the key is a non-empty, well-formed string of at
 * most {@link MAX_KEY_BYTES} bytes
 */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key !== 'string' || key.length === 0) throw invalidKey(key)
  if (!key.isWellFormed()) throw invalidKey(key, 'half of a surrogate pair')
  if (key.length * 3 > MAX_KEY_BYTES && utf8Length(key) > MAX_KEY_BYTES) {
    throw invalidKey(key, `${utf8Length(key)} bytes`)
  }
}

function invalidKey(key: unknown, received?: string): ValidationError {
  const rule = `a non-empty, well-formed string of at most ${MAX_KEY_BYTES} bytes in UTF-8`
  return invalidArgument('key', rule, key, {
    code: 'INVALID_KEY',
    ...(received !== undefined && { received }),
  })
}

/** Returns the length of a well-formed string in bytes of UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Each half of a surrogate pair counts as two bytes. A pair takes four.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}
