import type { TextSize } from '@verbatim/cache-core'
import { isPlainObject } from '@verbatim/cache-core/implement'
import type { AIRequest, CachedResponse } from './ai-request.js'
import { countCodePoints } from './keys/code-points.js'

/** The fields that the Python version adds to a response that comes from the cache. */
export interface FlatMetadata {
  /** Absent where the age is unknown. */
  readonly cached_at?: string
  readonly cache_hit: boolean
  readonly retrieved_at: string
  /** In code points. */
  readonly text_length: number
  readonly text_tier: TextSize
  readonly operation: string
  readonly question_provided: boolean
}

/** A response in the shape of the Python version. One that is no plain object stands under `response`. */
export type FlatResponse<T = unknown> =
  T extends Readonly<Record<string, unknown>>
    ? Omit<FlatMetadata, keyof T> & T
    : FlatMetadata & { readonly response: T }

/**
 * Puts what is known about a response among its fields, of which none is lost: a field of its own wins.
 *
 * @param now - milliseconds since 1970
 */
export function flatResponse<T>(
  { text, operation, question }: AIRequest,
  { response, cached }: CachedResponse<T>,
  now: number,
): FlatResponse<T> {
  return {
    ...(cached.at !== undefined && { cached_at: cached.at }),
    cache_hit: cached.hit,
    retrieved_at: new Date(now).toISOString(),
    text_length: countCodePoints(text),
    text_tier: cached.textTier,
    operation,
    question_provided: question !== undefined && question !== '',
    ...(isPlainObject(response) ? response : { response }),
  } as unknown as FlatResponse<T>
}
