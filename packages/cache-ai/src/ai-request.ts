import type { TextSize, Ttl } from '@verbatim/cache-core'
import type { RequestOptions } from './keys/cache-key-generator.js'

/** A request to a model. A response is found again by all of its fields. */
export interface AIRequest {
  readonly text: string
  readonly operation: string
  /** Options of the request. {@link AIResponseCache.invalidateByModel} uses the option `model`. Default: none. */
  readonly options?: RequestOptions | undefined
  readonly question?: string | undefined
  /** The owner of the response. Requests of other tenants never get it. Default: no tenant. */
  readonly tenant?: string | undefined
}

/** A response to store. */
export interface AIResponse extends AIRequest {
  /** Any value but `undefined` that the cache can serialize. */
  readonly response: unknown
  /** The TTL of the response. Default: the TTL of its operation. */
  readonly ttl?: Ttl | undefined
  /** Tags by which `invalidateTags` removes the response, at most 127. Default: none. */
  readonly tags?: readonly string[] | undefined
}

/** A response and its metadata. The response itself is unchanged. */
export interface CachedResponse<T = unknown> {
  readonly response: T
  readonly cached: {
    /** Whether the response was in the cache. */
    readonly hit: boolean
    /** Whether the call waited while another call, in this or another process, computed the response. */
    readonly joined: boolean
    /** Whether the TTL of the response has ended, as `staleWhileRevalidate` or `staleIfError` permits. */
    readonly stale: boolean
    /** The tier that held the response; `'none'` for a computed response. */
    readonly tier: 'memory' | 'redis' | 'none'
    readonly key: string
    /** When the response was stored, in ISO 8601; absent where it is not known. */
    readonly at?: string
    /** Milliseconds since `at`, by the wall clocks of the storing and the reading process; never negative. */
    readonly ageMs?: number
    /** The duration of its computation, in milliseconds; absent for a response that `cacheResponse` stored. */
    readonly computeMs?: number
    /** The time that the hit saved, `computeMs` minus the duration of the call; absent for a computed response. */
    readonly savedMs?: number
    /** The size of the text of the request. */
    readonly textTier: TextSize
  }
}
