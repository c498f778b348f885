import { Readable } from 'node:stream'
import { type Dashboard, describeBug } from '@verbatim/cache-monitoring/dashboard'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { parseProcessRequest } from '../process-request.js'
import { RequestError } from '../request-error.js'
import { tenantOf } from '../tenant.js'
import { type ModelAnswer, ModelOperations, type ModelOptions } from './model-operations.js'

const MODEL_TIMEOUT_MS = 60_000
const OUTCOMES = { HIT: 'hit', STALE: 'stale', COALESCED: 'joined' } as const

export interface ModelRouteOptions extends ModelOptions {
  readonly dashboard: Pick<Dashboard, 'recordRequest'>
  readonly tenantHeader?: string | undefined
}

/** Adds `POST /process/stream`, which answers with the words of a model while they arrive. */
export async function modelRoutes(
  app: FastifyInstance,
  { dashboard, tenantHeader, ...model }: ModelRouteOptions,
): Promise<void> {
  const operations = new ModelOperations(app.cache, model)
  // oxlint-disable-next-line no-async-endpoint-handlers -- the rule is for Express; Fastify awaits handlers
  app.post('/process/stream', async (request, reply) => {
    const startedAt = performance.now()
    const tenant = tenantHeader === undefined ? undefined : tenantOf(request.raw, tenantHeader)
    const { text, task } = parseProcessRequest(request.body)
    const signal = AbortSignal.any([clientLeft(reply), AbortSignal.timeout(MODEL_TIMEOUT_MS)])
    const answer = await operations.ask(text, task, { tenant, signal }).catch((cause: unknown) => {
      if (signal.aborted) throw cause
      request.log.error(`The model failed: ${describeBug(cause)}`)
      throw new RequestError(502, 'MODEL_FAILED', 'the model did not answer')
    })
    const status = answer.headers.get('x-cache') ?? 'BYPASS'
    const key = answer.headers.get('x-cache-key') ?? ''
    const recorded = {
      key,
      operation: task.operation,
      outcome: OUTCOMES[status as keyof typeof OUTCOMES] ?? ('miss' as const),
      reason: operations.whyMissed(key),
    }
    const words = Readable.from(
      untilTheEnd(answer, () => {
        dashboard.recordRequest({ ...recorded, durationMs: performance.now() - startedAt })
      }),
    )
    const age = answer.headers.get('age')
    void reply.headers({ 'x-cache': status, 'x-cache-key': key, ...(age !== null && { age }) })
    return reply.type('text/plain; charset=utf-8').send(words)
  })
}

async function* untilTheEnd({ words }: ModelAnswer, ended: () => void): AsyncIterable<string> {
  yield* words
  ended()
}

function clientLeft({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}
