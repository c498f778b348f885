import type { CachedResponse } from '@verbatim/cache-ai'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Task } from '../analysis/operations.js'
import type { Analysis } from '../analysis/worker.js'
import { cacheRequest, parseProcessRequest } from '../process-request.js'
import { RequestError } from '../request-error.js'
import { tenantOf } from '../tenant.js'

/** Longer than the analysis of the slowest permitted text. */
const ANALYSIS_TIMEOUT_MS = 30_000

/** Performs a task on a text until the signal aborts. */
export type Analyzer = (text: string, task: Task, signal: AbortSignal) => Promise<Analysis>

export interface ProcessRouteOptions {
  /** The work behind the route. */
  readonly analyzer: Analyzer
  /** The request header that names the tenant. Default: none, so all requests share results. */
  readonly tenantHeader?: string | undefined
  /** The longest time until the response, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number | undefined
}

/** Adds `POST /process`, which responds from the cache, or analyzes the text and stores the result. */
export async function processRoute(
  app: FastifyInstance,
  options: ProcessRouteOptions,
): Promise<void> {
  app.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url: '/process',
    handler: (_request, reply) => {
      void reply.header('allow', 'POST')
      throw new RequestError(405, 'METHOD_NOT_ALLOWED', 'this address takes POST only')
    },
  })
  app.post('/process', (request, reply) => answer(request, reply, options))
}

async function answer(
  { raw, body, headers }: FastifyRequest,
  reply: FastifyReply,
  { analyzer, tenantHeader, timeoutMs = ANALYSIS_TIMEOUT_MS }: ProcessRouteOptions,
): Promise<object> {
  const startedAt = performance.now()
  const tenant = tenantOf(raw, tenantHeader)
  const parsed = parseProcessRequest(body)
  const { text, task } = parsed
  // Closing the connection ends the analysis, unless another client waits for the same result.
  const result = await reply.getOrCompute<Analysis>(
    cacheRequest(parsed, tenant),
    (load) => analyzer(text, task, load.signal),
    {
      signal: AbortSignal.timeout(timeoutMs),
      staleWhileRevalidate: permittedStaleness(headers['cache-control']),
    },
  )
  return describe(result, performance.now() - startedAt)
}

/** Returns the time after its TTL during which a result may be served, as the client permits it. */
function permittedStaleness(cacheControl = ''): `${number}s` | undefined {
  const [, seconds] =
    /(?:^|[ ,])stale-while-revalidate=(\d{1,6})(?:$|[ ,])/.exec(cacheControl) ?? []
  return seconds === undefined || Number(seconds) === 0 ? undefined : `${Number(seconds)}s`
}

function describe({ response, cached }: CachedResponse<Analysis>, tookMs: number): object {
  const durationMs = roundMs(tookMs)
  const computeMs = roundMs(response.computeMs)
  const hit = cached.stale ? 'stale' : 'hit'
  return {
    result: response.result,
    cache: {
      status: cached.hit ? hit : cached.joined ? 'joined' : 'miss',
      key: cached.key,
      ageMs: cached.hit ? cached.ageMs : 0,
      durationMs,
      computeMs,
      savedMs: cached.hit ? roundMs(Math.max(0, computeMs - durationMs)) : undefined,
    },
  }
}

function roundMs(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
