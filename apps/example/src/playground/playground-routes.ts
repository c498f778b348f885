import type { AIResponseCache } from '@verbatim/cache-ai'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { cacheRequest, parseProcessRequest } from '../process-request.js'
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
    ...(hasControls && ownRedis && { redis: stateOf(ownRedis) }),
    ...(model && { model: model.model }),
  }))
  if (!hasControls) return

  app.post('/expire', (request) => expire(app.cache, request, tenantHeader))
  app.post('/redis', (request) => switchRedis(ownRedis, request))
}

/** Stores the result of a request again, with a TTL that has ended when the next request comes. */
async function expire(
  cache: AIResponseCache,
  { raw, body }: FastifyRequest,
  tenantHeader: string | undefined,
): Promise<object> {
  const tenant = tenantOf(raw, tenantHeader)
  const asked = cacheRequest(parseProcessRequest(body), tenant)
  const found = await cache.getCachedResponse(asked)
  if (found === undefined) {
    throw new RequestError(404, 'NOT_CACHED', 'the cache has no fresh result of this request')
  }
  await cache.getOrCompute(asked, () => found.response, {
    refresh: true,
    ttl: '1ms',
    staleWhileRevalidate: GRACE,
  })
  return { expired: true }
}

async function switchRedis(
  ownRedis: OwnRedis | undefined,
  { body }: FastifyRequest,
): Promise<object> {
  if (ownRedis === undefined) {
    throw new RequestError(404, 'NOT_FOUND', 'the service has started no Redis')
  }
  const { success, data } = redisSchema.safeParse(body)
  if (!success) {
    throw new RequestError(400, 'INVALID_REQUEST', 'running must be true or false', 'running')
  }
  await (data.running ? ownRedis.start() : ownRedis.stop())
  return { redis: stateOf(ownRedis) }
}

function stateOf({ isRunning }: OwnRedis): 'running' | 'stopped' {
  return isRunning ? 'running' : 'stopped'
}
