import { hash, randomBytes } from 'node:crypto'
import type { CachedCall } from './call-control.js'
import { firstDifference, requestValues, similarityOf, textOf } from './request-values.js'
import { tenantDigest } from './tenant.js'

/** Number of requests that are remembered. */
const MAX_REQUESTS = 100
/** Number of values of a request that have digests of their own. */
const MAX_VALUES = 256

/** Why the model was asked. It contains digests and names of fields, and no value of a request. */
export interface MissExplanation {
  /** The digest of the request. */
  readonly key: string
  /** When the model was asked, in milliseconds since 1970. */
  readonly at: number
  /** The digest of the most similar recent request of the same tenant; absent if there is none. */
  readonly closest?: string
  /**
   * The first place where the two requests differ, such as `messages[3].content[0].text`. Absent if they are
   * equal: the answer was not stored, has expired or was removed.
   */
  readonly path?: string
  /** The part of the values that are equal in both requests, from 0 to 1. */
  readonly similarity: number
}

/** A request that was not found, as digests. */
interface MissedRequest {
  readonly tenant: string
  readonly at: number
  /** Whether the model was asked the same before. */
  readonly isRepeated: boolean
  /** The digests of its values, by path. */
  readonly values: ReadonlyMap<string, string>
}

/** Remembers the requests that a model was asked, and explains why each was not found. */
export class RecentRequests {
  /** By digest, in the order in which they were asked. */
  readonly #requests = new Map<string, MissedRequest>()
  /** Without this secret, short values could be guessed from their digests. */
  readonly #secret = randomBytes(32).toString('base64')

  /** Remembers a request that was not found. */
  add({ key: { digest }, document }: CachedCall, at: number): void {
    const { tenant, ...request } = document
    const values = requestValues(request, MAX_VALUES, (value) => this.#digestOf(value))
    const isRepeated = this.#requests.delete(digest)
    this.#requests.set(digest, { tenant: tenantDigest(tenant), at, isRepeated, values })
    const [oldest] = this.#requests.keys()
    if (this.#requests.size > MAX_REQUESTS && oldest !== undefined) this.#requests.delete(oldest)
  }

  /** Returns the explanation for a request by its digest; `undefined` for one that was found or is too old. */
  explain(key: string): MissExplanation | undefined {
    const missed = this.#requests.get(key)
    if (missed === undefined) return undefined
    const { at, isRepeated } = missed
    if (isRepeated) return { key, at, closest: key, similarity: 1 }
    let closest: string | undefined
    let similarity = -1
    for (const [other, { tenant, values }] of this.#requests) {
      if (other === key) break
      const part = tenant === missed.tenant ? similarityOf(missed.values, values) : -1
      // The later of two equally similar requests is more likely to be the one that was meant.
      if (part < 0 || part < similarity) continue
      closest = other
      similarity = part
    }
    if (closest === undefined) return { key, at, similarity: 0 }
    const { values } = this.#requests.get(closest) ?? missed
    const path = firstDifference(missed.values, values)
    return { key, at, closest, similarity, ...(path !== undefined && { path }) }
  }

  #digestOf(value: unknown): string {
    return hash('sha256', `${this.#secret}${textOf(value)}`, 'base64url').slice(0, 12)
  }
}
