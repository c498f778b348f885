import type { Ttl } from '@verbatim/cache-core'
import type { RequestOptions } from './keys/cache-key-generator.js'
import type { TextTier } from './metrics/text-tier.js'

/** What a response depends on. */
export interface AIRequest {
  readonly text: string
  readonly operation: string
  /** Default: none. A `model` among them is what {@link AIResponseCache.invalidateByModel} goes by. */
  readonly options?: RequestOptions | undefined
  readonly question?: string | undefined
  /** Whose response it is; nobody else is answered with it. Default: nobody's. */
  readonly tenant?: string | undefined
}

/** A response to store. */
export interface AIResponse extends AIRequest {
  /** Anything but `undefined` that the cache can write to bytes. */
  readonly response: unknown
  /** Its life; what the operation's table says when left out. */
  readonly ttl?: Ttl | undefined
  /** By which `invalidateTags` removes it. At most 127. Default: none. */
  readonly tags?: readonly string[] | undefined
}

/** A response with what is known about it. The response itself is what was stored, untouched. */
export interface CachedResponse<T = unknown> {
  readonly response: T
  readonly cached: {
    /** False when the response was computed by this very call, or by one it waited for. */
    readonly hit: boolean
    /** Where it was found; `'none'` when it was computed. */
    readonly tier: 'memory' | 'redis' | 'none'
    readonly key: string
    /** When it was stored, in ISO 8601. */
    readonly at: string
    /** Milliseconds since then, on the wall clocks of those who stored and read it; never negative. */
    readonly ageMs: number
    /** How long the text is that it answers. */
    readonly textTier: TextTier
  }
}
