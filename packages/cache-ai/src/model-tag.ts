import { MAX_KEY_BYTES, utf8Length } from '@verbatim/cache-core'
import type { RequestOptions } from './keys/cache-key-generator.js'

/** The tag of all responses of a model. */
export function modelTag(model: string): string {
  return `model:${model}`
}

/** The tags by which a request with these options can be found by its model. */
export function modelTagsOf(options: RequestOptions | undefined): readonly string[] {
  const model = options?.['model']
  if (typeof model !== 'string' || model === '') return []
  const tag = modelTag(model)
  // What cannot be a tag cannot be asked for by it either.
  return tag.isWellFormed() && utf8Length(tag) <= MAX_KEY_BYTES ? [tag] : []
}
