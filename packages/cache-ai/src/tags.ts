import { MAX_KEY_BYTES } from '@verbatim/cache-core'
import { assertTags, utf8Length } from '@verbatim/cache-core/implement'
import type { RequestOptions } from './keys/cache-key-generator.js'

/** Returns the tag of all responses of a model. */
export function modelTag(model: string): string {
  return `model:${model}`
}

/** Returns the model that the options of a request name. */
export function modelOf(options: RequestOptions | undefined): string | undefined {
  const model = options?.['model']
  return typeof model === 'string' && model !== '' ? model : undefined
}

/**
 * Returns the tags of a response: the given ones, and the tag of its model.
 *
 * @throws ValidationError (`INVALID_TAGS`) for anything but an array of tags
 */
export function tagsOf(
  given: readonly string[] | undefined,
  options: RequestOptions | undefined,
): readonly string[] {
  if (given !== undefined) assertTags(given)
  const model = modelOf(options)
  if (model === undefined) return given ?? []
  const tag = modelTag(model)
  // A model whose name cannot be a tag cannot be invalidated by its name either.
  const isTag = tag.isWellFormed() && utf8Length(tag) <= MAX_KEY_BYTES
  return isTag ? [...(given ?? []), tag] : (given ?? [])
}
