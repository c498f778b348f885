import type { TextSize } from '@verbatim/cache-core'
import { isPlainObject } from '@verbatim/cache-core/implement'
import type { AIRequest, CachedResponse } from '../ai-request.js'
import { countCodePoints } from '../keys/code-points.js'

/** The fields that the Python version adds to a response from the cache. */
export interface FlatMetadata {
  /** When the response was stored, in ISO 8601. Absent for an unknown age. */
  readonly cached_at?: string
  readonly cache_hit: boolean
  /** In ISO 8601. */
  readonly retrieved_at: string
  /** In code points. */
  readonly text_length: number
  readonly text_tier: TextSize
  readonly operation: string
  readonly question_provided: boolean
}

/** A response in the shape of the Python version. One that is not a plain object is in `response`. */
export type FlatResponse<T = unknown> =
  T extends Readonly<Record<string, unknown>>
    ? Omit<FlatMetadata, keyof T> & T
    : FlatMetadata & { readonly response: T }

/**
 * Returns a response with its metadata among its fields. A field of the response wins over metadata of the
 * same name.
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
