import { describeType, ValidationError } from './errors.js'
import { MAX_KEY_BYTES, utf8Length } from './key.js'

/** The most tags that one entry can have, or one call invalidate. */
export const MAX_TAGS = 128

/**
 * Refuses what cannot be a list of tags.
 *
 * @throws ValidationError (`INVALID_TAGS`) unless it is a list of at most {@link MAX_TAGS}
 * non-empty, well-formed strings of at most {@link MAX_KEY_BYTES} bytes each
 */
export function assertTags(tags: unknown): asserts tags is readonly string[] {
  if (!Array.isArray(tags)) throw invalidTags(`is ${describeType(tags)}`)
  if (tags.length > MAX_TAGS) throw invalidTags(`has ${tags.length} tags`)
  for (const [index, tag] of tags.entries()) {
    if (typeof tag !== 'string') throw invalidTags(`has ${describeType(tag)} at place ${index}`)
    if (tag.length === 0) throw invalidTags(`has an empty tag at place ${index}`)
    if (!tag.isWellFormed() || utf8Length(tag) > MAX_KEY_BYTES) {
      throw invalidTags(`has an ill-formed or too long tag at place ${index}`)
    }
  }
}

function invalidTags(what: string): ValidationError {
  return new ValidationError(
    `tags ${what}; allowed: a list of at most ${MAX_TAGS} non-empty, well-formed strings of at most ${MAX_KEY_BYTES} bytes in UTF-8`,
    { code: 'INVALID_TAGS', context: { argument: 'tags' } },
  )
}
