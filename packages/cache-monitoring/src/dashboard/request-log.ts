import { invalidArgument } from '@verbatim/cache-core/implement'
import { copied } from '../records/additional-data.js'
import { isAmount } from '../records/measurements.js'
import type { Savings } from './overview.js'
import type { RequestStep } from './request-tracer.js'

/** The most requests that the dashboard lists. */
const RECENT = 500
const SHOWN_CHARACTERS = 300
/** No key of a cache is longer, so a retained key is a whole one. */
const KEY_CHARACTERS = 1_024
const OUTCOMES = ['hit', 'stale', 'joined', 'miss', 'error'] as const

/** A request that the application has served through a cache. */
export interface RequestRecord {
  /** `'stale'`: the TTL of the value had ended. `'joined'`: the request waited for another one. */
  readonly outcome: (typeof OUTCOMES)[number]
  /** The key in the cache. Only its first 1,024 characters are retained, which is every key of a cache. */
  readonly key: string
  /** The duration of the request, in milliseconds. */
  readonly durationMs: number
  /** The duration of the computation of the value, in milliseconds. Default: not known. */
  readonly computeMs?: number | undefined
  /** The operation of the application, such as `'summarize'`. Default: not known. */
  readonly operation?: string | undefined
  /** The tier that held the value. Default: none. */
  readonly tier?: 'memory' | 'redis' | undefined
  /** The age of the value, in milliseconds. Default: not known. */
  readonly ageMs?: number | undefined
  /** Why the request missed or failed, such as `'expired'`. Default for a miss: what earlier requests tell. */
  readonly reason?: string | undefined
  /** The tokens of the computation of the value. Default: not known. */
  readonly tokens?: number | undefined
}

/** A recorded request, as the dashboard lists it. */
export interface ListedRequest extends RequestRecord {
  /** Counts up from 1. */
  readonly id: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** The operations of caches that belong to the request, in order. Absent where they were not traced. */
  readonly steps?: readonly RequestStep[]
  /** The requests that waited for this one. Only a miss has some. */
  readonly joinedBy?: number
}

/** Retains the newest requests, and adds up the time that hits saved. */
export class RequestLog {
  readonly #requests: ListedRequest[] = []
  #count = 0
  readonly #saved = { hits: 0, milliseconds: 0, tokens: 0 }
  #hasTokens = false

  /**
   * @param steps - the operations of caches that belong to the request
   * @throws ValidationError (`INVALID_ARGUMENT`)
   */
  add(record: RequestRecord, at: number, steps?: readonly RequestStep[]): void {
    assertRecord(record)
    const { outcome, durationMs, computeMs, tokens } = record
    const isServedFromCache = isHit(record)
    if (isServedFromCache && computeMs !== undefined) {
      this.#saved.hits++
      this.#saved.milliseconds += Math.max(0, computeMs - durationMs)
    }
    if (isServedFromCache && tokens !== undefined) {
      this.#hasTokens = true
      this.#saved.tokens += tokens
    }
    this.#count++
    const request = bounded(record)
    const { reason = outcome === 'miss' ? this.#reasonOf(request.key) : undefined } = request
    this.#requests.push({ ...request, reason, ...(steps && { steps }), id: this.#count, at })
    if (this.#requests.length > RECENT) this.#requests.shift()
  }

  /** Returns the newest requests, the newest first. */
  newest(): ListedRequest[] {
    const joined = this.#requests.filter(({ outcome }) => outcome === 'joined')
    return this.#requests.toReversed().map((request) => {
      if (request.outcome !== 'miss') return request
      const joinedBy = joined.filter((other) => hasWaitedFor(other, request)).length
      return joinedBy === 0 ? request : Object.assign({ joinedBy }, request)
    })
  }

  /** Returns how many of the retained requests each key has answered; 0 for a key that only missed. */
  hitsByKey(): ReadonlyMap<string, number> {
    const hits = new Map<string, number>()
    for (const request of this.#requests) {
      hits.set(request.key, (hits.get(request.key) ?? 0) + (isHit(request) ? 1 : 0))
    }
    return hits
  }

  /** Returns why a request missed, as far as the retained requests tell. */
  #reasonOf(key: string): string {
    const isKnown = this.#requests.some((request) => request.key === key)
    return isKnown ? 'expired or removed' : 'not requested recently'
  }

  /** The time that hits saved; `undefined` before the first hit whose computation has a known duration. */
  get saved(): Savings | undefined {
    const { hits, milliseconds, tokens } = this.#saved
    if (hits === 0) return undefined
    return { hits, milliseconds, ...(this.#hasTokens && { tokens }) }
  }
}

function isHit({ outcome }: RequestRecord): boolean {
  return outcome === 'hit' || outcome === 'stale'
}

/** Returns whether a request that joined a computation ran at the same time as the one that computed. */
function hasWaitedFor(joined: ListedRequest, computing: ListedRequest): boolean {
  return (
    joined.key === computing.key &&
    joined.at >= computing.at - computing.durationMs &&
    joined.at - joined.durationMs <= computing.at
  )
}

/** Returns a record whose texts are not parts of longer ones. */
function bounded(record: RequestRecord): RequestRecord {
  const { key, operation, reason } = record
  return {
    ...record,
    key: copied(key.slice(0, KEY_CHARACTERS)),
    operation: operation === undefined ? undefined : copied(operation.slice(0, SHOWN_CHARACTERS)),
    reason: reason === undefined ? undefined : copied(reason.slice(0, SHOWN_CHARACTERS)),
  }
}

function assertRecord(record: RequestRecord): void {
  const { outcome, key, durationMs, computeMs, ageMs, tokens } = Object(record) as RequestRecord
  if (!OUTCOMES.includes(outcome)) {
    throw invalidArgument('record.outcome', `one of ${OUTCOMES.join(', ')}`, outcome)
  }
  if (typeof key !== 'string') throw invalidArgument('record.key', 'a string', key)
  for (const [name, value = 0] of Object.entries({ durationMs, computeMs, ageMs, tokens })) {
    if (!isAmount(value)) throw invalidArgument(`record.${name}`, 'a finite number from 0', value)
  }
  if (durationMs === undefined) throw invalidArgument('record.durationMs', 'a number', durationMs)
}
