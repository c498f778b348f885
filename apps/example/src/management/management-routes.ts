import fastifyRateLimit from '@fastify/rate-limit'
import type { AIResponseCache } from '@verbatim/cache-ai'
import type { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { ApiKey } from '@verbatim/cache-monitoring/dashboard'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { backendOf, type CacheBackend } from '../create-cache.js'
import { RequestError } from '../request-error.js'
import { tenantOf } from '../tenant.js'
import { openApiDocument } from './openapi.js'
import { openApiPage } from './openapi-page.js'
import { invalidationSchema } from './schemas.js'

/** The page of the routes has a style sheet and an icon of this site, and nothing else. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The most requests of one client in a minute. */
const REQUESTS_PER_MINUTE = 300

export interface ManagementOptions {
  readonly monitor: CachePerformanceMonitor
  readonly apiKey?: string | undefined
  readonly tenantHeader?: string | undefined
}

/** Adds the routes for operators of the cache. Register it with the prefix `/internal/cache`. */
export async function managementRoutes(
  app: FastifyInstance,
  { monitor, apiKey, tenantHeader }: ManagementOptions,
): Promise<void> {
  await app.register(fastifyRateLimit, {
    max: REQUESTS_PER_MINUTE,
    timeWindow: '1 minute',
    errorResponseBuilder: () =>
      new RequestError(429, 'TOO_MANY_REQUESTS', 'wait a minute before the next request'),
  })
  app.get('/status', () => statusOf(monitor, backendOf(app.cache)))
  app.get('/metrics', () => monitor.exportMetrics())
  app.get('/invalidation-stats', () => monitor.getInvalidationFrequencyStats())
  app.get('/invalidation-recommendations', () => ({
    recommendations: monitor.getInvalidationRecommendations(),
  }))
  app.get('/openapi.json', () => openApiDocument())
  // The links of the page are relative, so its address ends with a slash.
  app.get('/', { prefixTrailingSlash: 'no-slash' }, (_request, reply) =>
    reply.redirect('./cache/', 308),
  )
  app.get('/', { prefixTrailingSlash: 'slash' }, (_request, reply) => {
    void reply.header('content-security-policy', CONTENT_SECURITY_POLICY)
    return reply.type('text/html; charset=utf-8').send(openApiPage(openApiDocument()))
  })

  const key = new ApiKey(apiKey)
  const onRequest = async ({ headers }: FastifyRequest): Promise<void> => {
    assertKey(key, headers.authorization)
  }
  app.post('/invalidate', { onRequest }, (request) => invalidate(app.cache, request, tenantHeader))
  app.post('/forget', { onRequest }, (request) => forget(app.cache, request, tenantHeader))
}

async function invalidate(
  cache: AIResponseCache,
  { raw, body }: FastifyRequest,
  tenantHeader: string | undefined,
): Promise<object> {
  const { pattern, operation, operation_context } = parseInvalidation(body)
  const tenant = tenantOf(raw, tenantHeader)
  if (operation !== undefined) {
    const options = { tenant, operationContext: operation_context }
    return invalidated(await cache.invalidateByOperation(operation, options))
  }
  // A pattern matches keys of every tenant.
  if (tenant !== undefined) {
    throw new RequestError(403, 'TENANT_ONLY', 'with tenants, invalidate by operation', 'pattern')
  }
  return invalidated(
    await cache.invalidatePattern(pattern ?? '', { operationContext: operation_context }),
  )
}

async function forget(
  cache: AIResponseCache,
  { raw }: FastifyRequest,
  tenantHeader: string | undefined,
): Promise<object> {
  if (tenantHeader === undefined) {
    throw new RequestError(
      403,
      'NO_TENANTS',
      'the service has no tenants: TENANT_HEADER is not set',
    )
  }
  return invalidated(await cache.forget(tenantOf(raw, tenantHeader)))
}

function assertKey(key: ApiKey, authorization: string | undefined): void {
  const check = key.check(authorization)
  if (check === 'accepted') return
  if (check === 'wrong') {
    throw new RequestError(401, 'WRONG_KEY', 'send the API key as authorization: Bearer <key>')
  }
  throw new RequestError(403, 'NO_KEY_CONFIGURED', 'set API_KEY to permit this request')
}

function parseInvalidation(body: unknown): ReturnType<typeof invalidationSchema.parse> {
  const parsed = invalidationSchema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const [field] = issue?.path ?? []
  const isField = typeof field === 'string'
  throw new RequestError(
    400,
    'INVALID_REQUEST',
    isField ? `${field} is not valid` : 'the body must have either pattern or operation',
    isField ? field : undefined,
  )
}

function invalidated(keys: number): object {
  return { message: `${keys} entries were removed`, keys_invalidated: keys }
}

function statusOf(monitor: CachePerformanceMonitor, { mode, redis, memory }: CacheBackend): object {
  const performance = monitor.getPerformanceStats()
  return {
    mode,
    redis: { status: redis },
    memory: {
      memory_cache_entries: memory.activeEntries,
      memory_cache_size_limit: memory.maxSize,
      memory_cache_utilization: `${memory.activeEntries}/${memory.maxSize}`,
    },
    performance: {
      cache_hit_rate: performance.cacheHitRate,
      total_cache_operations: performance.totalCacheOperations,
      cache_hits: performance.cacheHits,
      cache_misses: performance.cacheMisses,
    },
  }
}
