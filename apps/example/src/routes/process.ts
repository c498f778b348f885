import { CacheKeyGenerator, DEFAULT_OPERATION_TTLS } from '@verbatim/cache-ai'
import type { CacheMonitor } from '@verbatim/cache-core'
import type { FastifyInstance } from 'fastify'
import type { Task } from '../analysis/operations.js'
import type { Analysis } from '../analysis/worker.js'
import { LoadWatch } from '../load-watch.js'
import { parseProcessRequest } from '../process-request.js'
import { RequestError } from '../request-error.js'
import { requestSignal } from '../request-signal.js'
import { tenantOf } from '../tenant.js'

/** Longer than the slowest text of the longest permitted length takes. */
const ANALYSIS_TIMEOUT_MS = 30_000

interface StoredAnswer {
  readonly result: object
  /** Milliseconds since the epoch: another process may read it. */
  readonly storedAt: number
  /** Milliseconds that the analysis took; absent in answers of older versions of this service. */
  readonly computeMs?: number
}

/** Does one thing with a text, until the signal aborts. */
export type Analyzer = (text: string, task: Task, signal: AbortSignal) => Promise<Analysis>

export interface ProcessRouteOptions {
  readonly monitor: CacheMonitor
  /** The work behind the route. */
  readonly analyzer: Analyzer
  /** The request header that names the tenant. Default: none, all requests share their answers. */
  readonly tenantHeader?: string | undefined
  /** How long a request may wait for its answer, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number | undefined
}

/** `POST /process`: answers from the cache, or does the work and stores what comes of it. */
export async function processRoute(
  app: FastifyInstance,
  { monitor, analyzer, tenantHeader, timeoutMs = ANALYSIS_TIMEOUT_MS }: ProcessRouteOptions,
): Promise<void> {
  // No prefix: a cache that shares its store with others puts its own before every key.
  const keys = new CacheKeyGenerator({ prefix: '', performanceMonitor: monitor })
  const loads = new LoadWatch()

  app.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url: '/process',
    handler: (_request, reply) => {
      void reply.header('allow', 'POST')
      throw new RequestError(405, 'METHOD_NOT_ALLOWED', 'this address takes POST only')
    },
  })
  // oxlint-disable-next-line no-async-endpoint-handlers -- that is for Express; Fastify awaits them
  app.post('/process', async (request, reply) => {
    const startedAt = performance.now()
    const signal = requestSignal(reply.raw, timeoutMs)
    const tenant = tenantHeader === undefined ? undefined : tenantOf(request.raw, tenantHeader)
    const { text, task } = parseProcessRequest(request.body)
    const question = task.operation === 'qa' ? task.question : undefined
    const key = keys.generateCacheKey(text, task.operation, task.options, question, tenant)
    let computedHere = false
    const { value, waitedForLoad } = await loads.during(key, (loaded) =>
      app.cache.getOrSet<StoredAnswer>(
        key,
        async (load) => {
          const { result, computeMs } = await analyzer(text, task, load.signal)
          computedHere = true
          loaded()
          return { result, storedAt: Date.now(), computeMs: roundMs(computeMs) }
        },
        // A client that leaves ends the analysis, unless another one waits for the same answer.
        { ttl: DEFAULT_OPERATION_TTLS[task.operation], signal },
      ),
    )
    const durationMs = roundMs(performance.now() - startedAt)
    const status = computedHere ? 'miss' : waitedForLoad ? 'joined' : 'hit'
    const { result, storedAt, computeMs } = value
    return {
      result,
      cache: {
        status,
        key,
        // Another machine's clock may run ahead of ours.
        ageMs: status === 'hit' ? Math.max(0, Date.now() - storedAt) : 0,
        durationMs,
        computeMs,
        savedMs: status === 'hit' ? savedMs(computeMs, durationMs) : undefined,
      },
    }
  })
}

/** How much sooner a hit came than the analysis would have; absent when that is not known. */
function savedMs(computeMs: number | undefined, durationMs: number): number | undefined {
  return computeMs === undefined ? undefined : roundMs(Math.max(0, computeMs - durationMs))
}

function roundMs(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
