import { Readable } from 'node:stream'
import { type Dashboard, describeBug } from '@verbatim/cache-monitoring/dashboard'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
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
  app.post('/process/stream', (request, reply) =>
    answer(request, reply, { operations, dashboard, tenantHeader }),
  )
}

interface AnswerParts extends Pick<ModelRouteOptions, 'dashboard' | 'tenantHeader'> {
  readonly operations: ModelOperations
}

async function answer(
  { raw, body, log }: FastifyRequest,
  reply: FastifyReply,
  { operations, dashboard, tenantHeader }: AnswerParts,
): Promise<FastifyReply> {
  const startedAt = performance.now()
  const tenant = tenantOf(raw, tenantHeader)
  const { text, task } = parseProcessRequest(body)
  const signal = AbortSignal.any([clientLeft(reply), AbortSignal.timeout(MODEL_TIMEOUT_MS)])
  const found = await operations.ask(text, task, { tenant, signal }).catch((cause: unknown) => {
    if (signal.aborted) throw cause
    log.error(`The model failed: ${describeBug(cause)}`)
    throw new RequestError(502, 'MODEL_FAILED', 'the model did not answer')
  })
  const status = found.headers.get('x-cache') ?? 'BYPASS'
  const key = found.headers.get('x-cache-key') ?? ''
  const recorded = {
    key,
    operation: task.operation,
    outcome: OUTCOMES[status as keyof typeof OUTCOMES] ?? ('miss' as const),
    reason: operations.whyMissed(key),
  }
  const words = Readable.from(
    untilTheEnd(found, () => {
      dashboard.recordRequest({ ...recorded, durationMs: performance.now() - startedAt })
    }),
  )
  const age = found.headers.get('age')
  void reply.headers({ 'x-cache': status, 'x-cache-key': key, ...(age !== null && { age }) })
  return reply.type('text/plain; charset=utf-8').send(words)
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
