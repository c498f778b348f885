import type { TextSize, Ttl } from '@verbatim/cache-core'
import type { RequestOptions } from './keys/cache-key-generator.js'

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
  /** TTL of the response. Default: that of its operation. */
  readonly ttl?: Ttl | undefined
  /** By which `invalidateTags` removes it. At most 127. Default: none. */
  readonly tags?: readonly string[] | undefined
}

/** A response with what is known about it. The response itself is what was stored, untouched. */
export interface CachedResponse<T = unknown> {
  readonly response: T
  readonly cached: {
    /** Whether the response was in the cache. */
    readonly hit: boolean
    /** Whether another call, in this process or another one, computed the response at this time. */
    readonly joined: boolean
    /** Whether the response is past its TTL, as `staleWhileRevalidate` or `staleIfError` permits. */
    readonly stale: boolean
    /** Where it was found; `'none'` when it was computed. */
    readonly tier: 'memory' | 'redis' | 'none'
    readonly key: string
    /** When it was stored, in ISO 8601; absent for a response of the Python version without `cached_at`. */
    readonly at?: string
    /** Milliseconds since `at`, on the wall clocks of those who stored and read it; never negative. */
    readonly ageMs?: number
    /** How long its computation took, in milliseconds; missing for one that `cacheResponse` stored. */
    readonly computeMs?: number
    /** How much shorter the call was than that computation, in milliseconds; on hits only. */
    readonly savedMs?: number
    /** How long the text is that it answers. */
    readonly textTier: TextSize
  }
}
