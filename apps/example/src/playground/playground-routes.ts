import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { parseProcessRequest } from '../process-request.js'
import { RequestError } from '../request-error.js'
import { tenantOf } from '../tenant.js'
import type { OwnRedis } from './own-redis.js'

/** The time after its end during which an expired result can be served. */
const GRACE = '1h'

export interface PlaygroundOptions {
  readonly hasControls?: boolean | undefined
  readonly ownRedis?: OwnRedis | undefined
  readonly model?: { readonly model: string } | undefined
  readonly tenantHeader?: string | undefined
}

const redisSchema = z.strictObject({ running: z.boolean() })

/**
 * Adds the routes of the buttons of the page. Register it with the prefix `/playground`.
 *
 * The buttons need no key, so they exist only where the service runs on the machine of its developer.
 */
export async function playgroundRoutes(
  app: FastifyInstance,
  { hasControls = false, ownRedis, model, tenantHeader }: PlaygroundOptions,
): Promise<void> {
  app.get('/', () => ({
    controls: hasControls,
    ...(hasControls && ownRedis && { redis: ownRedis.isRunning ? 'running' : 'stopped' }),
    ...(model && { model: model.model }),
  }))
  if (!hasControls) return

  // oxlint-disable-next-line no-async-endpoint-handlers -- the rule is for Express; Fastify awaits handlers
  app.post('/expire', async (request) => {
    const tenant = tenantHeader === undefined ? undefined : tenantOf(request.raw, tenantHeader)
    const { text, task } = parseProcessRequest(request.body)
    const { operation, options } = task
    const question = task.operation === 'qa' ? task.question : undefined
    const asked = { text, operation, options, question, tenant }
    const found = await app.cache.getCachedResponse(asked)
    if (found === undefined) {
      throw new RequestError(404, 'NOT_CACHED', 'the cache has no fresh result of this request')
    }
    // The result is stored again with a TTL that has ended when the next request comes.
    await app.cache.getOrCompute(asked, () => found.response, {
      refresh: true,
      ttl: '1ms',
      staleWhileRevalidate: GRACE,
    })
    return { expired: true }
  })
  // oxlint-disable-next-line no-async-endpoint-handlers -- the rule is for Express; Fastify awaits handlers
  app.post('/redis', async (request) => {
    if (ownRedis === undefined) {
      throw new RequestError(404, 'NOT_FOUND', 'the service has started no Redis')
    }
    const { success, data } = redisSchema.safeParse(request.body)
    if (!success) {
      throw new RequestError(400, 'INVALID_REQUEST', 'running must be true or false', 'running')
    }
    await (data.running ? ownRedis.start() : ownRedis.stop())
    return { redis: ownRedis.isRunning ? 'running' : 'stopped' }
  })
}
