import { describeReceived, invalidArgument } from './argument-errors.js'
import type { ValidationError } from './errors.js'
import { MAX_KEY_BYTES, utf8Length } from './key.js'

/** Maximum number of tags of one entry, or of one call that invalidates. */
export const MAX_TAGS = 128

/**
 * @throws ValidationError (`INVALID_TAGS`) unless the tags are an array of at most {@link MAX_TAGS}
 * non-empty, well-formed strings of at most {@link MAX_KEY_BYTES} bytes each
 */
export function assertTags(tags: unknown): asserts tags is readonly string[] {
  if (!Array.isArray(tags)) throw invalidTags(describeReceived(tags))
  if (tags.length > MAX_TAGS) throw invalidTags(`${tags.length} tags`)
  for (const [index, tag] of tags.entries()) {
    if (typeof tag !== 'string' || tag === '') {
      throw invalidTags(`${describeReceived(tag)} at index ${index}`)
    }
    if (!tag.isWellFormed()) throw invalidTags(`half of a surrogate pair at index ${index}`)
    if (utf8Length(tag) > MAX_KEY_BYTES) throw invalidTags(`a longer string at index ${index}`)
  }
}

const RULE = `an array of at most ${MAX_TAGS} non-empty, well-formed strings of at most ${MAX_KEY_BYTES} bytes in UTF-8`

function invalidTags(received: string): ValidationError {
  return invalidArgument('tags', RULE, undefined, { code: 'INVALID_TAGS', received })
}
