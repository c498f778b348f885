import type { ServerResponse } from 'node:http'
import { CacheError, type Loader, ValidationError } from '@verbatim/cache-core'
import { isError } from '@verbatim/cache-core/implement'
import type { Dashboard, RequestRecord } from '@verbatim/cache-monitoring/dashboard'
import type { FastifyReply } from 'fastify'
import type { AIRequest, CachedResponse } from '../ai-request.js'
import type { AIResponseCache } from '../ai-response-cache.js'
import type { ComputeOptions } from '../call-options.js'

/**
 * Does the same as {@link AIResponseCache.getOrCompute} for one HTTP request. The response gets the header
 * `x-cache`: `HIT`, `STALE`, `MISS` or `COALESCED`. When the client leaves, the computation is aborted, unless
 * another request waits for it.
 *
 * @throws the errors of `AIResponseCache.getOrCompute`
 */
export type ReplyGetOrCompute = <T>(
  request: AIRequest,
  compute: Loader<T>,
  options?: ComputeOptions<NoInfer<T>>,
) => Promise<CachedResponse<T>>

/** The part of a `Dashboard` that lists requests. */
export type RequestList = Pick<Dashboard, 'recordRequest' | 'trace'>

/** The HTTP request that is served. */
interface Served {
  readonly reply: FastifyReply
  readonly cache: AIResponseCache
  readonly dashboard: RequestList | undefined
}

type Outcome = RequestRecord['outcome']

const HEADERS: Readonly<Record<Exclude<Outcome, 'error'>, string>> = {
  hit: 'HIT',
  stale: 'STALE',
  miss: 'MISS',
  joined: 'COALESCED',
}

export async function replyGetOrCompute<T>(
  { reply, cache, dashboard }: Served,
  request: AIRequest,
  compute: Loader<T>,
  options: ComputeOptions<NoInfer<T>> = {},
): Promise<CachedResponse<T>> {
  const left = clientLeft(reply.raw)
  const signal = options.signal === undefined ? left : AbortSignal.any([options.signal, left])
  const startedAt = performance.now()
  const serve = async (): Promise<CachedResponse<T>> => {
    try {
      const answer = await cache.getOrCompute<T>(request, compute, { ...options, signal })
      const outcome = outcomeOf(answer)
      void reply.header('x-cache', HEADERS[outcome])
      dashboard?.recordRequest(recordOf(request, answer, outcome, performance.now() - startedAt))
      return answer
    } catch (error) {
      // Wrong arguments have no key.
      if (error instanceof ValidationError) throw error
      dashboard?.recordRequest(failureOf(cache, request, error, performance.now() - startedAt))
      throw error
    }
  }
  return dashboard === undefined ? serve() : dashboard.trace(serve)
}

/** Returns a signal that aborts when the client closes its connection before the response is sent. */
function clientLeft(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}

function outcomeOf({ cached }: CachedResponse): Exclude<Outcome, 'error'> {
  if (cached.hit) return cached.stale ? 'stale' : 'hit'
  return cached.joined ? 'joined' : 'miss'
}

function recordOf(
  { operation }: AIRequest,
  { cached: { tier, key, ageMs, computeMs } }: CachedResponse,
  outcome: Outcome,
  durationMs: number,
): RequestRecord {
  const isHit = outcome === 'hit' || outcome === 'stale'
  return {
    ...{ outcome, key, operation, durationMs, computeMs },
    tier: tier === 'none' ? undefined : tier,
    ageMs: isHit ? ageMs : undefined,
  }
}

function failureOf(
  cache: AIResponseCache,
  { text, operation, options, question, tenant }: AIRequest,
  error: unknown,
  durationMs: number,
): RequestRecord {
  return {
    outcome: 'error',
    key: cache.buildKey(text, operation, options, question, tenant),
    operation,
    durationMs,
    reason: error instanceof CacheError ? error.code : isError(error) ? error.name : undefined,
  }
}
