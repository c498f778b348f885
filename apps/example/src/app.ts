import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import { cachePlugin } from '@verbatim/cache-ai/fastify'
import { Dashboard } from '@verbatim/cache-monitoring/dashboard'
import fastify, { type FastifyInstance } from 'fastify'
import type { CacheSetup } from './create-cache.js'
import {
  answerError,
  answerMalformedRequest,
  BODY_LIMIT_BYTES,
  handleErrors,
} from './error-handler.js'
import { managementRoutes } from './management/management-routes.js'
import type { ModelOptions } from './model/model-operations.js'
import { modelRoutes } from './model/model-routes.js'
import type { OwnRedis } from './playground/own-redis.js'
import { playgroundRoutes } from './playground/playground-routes.js'
import { metricsRoutes } from './routes/metrics.js'
import { type Analyzer, processRoute } from './routes/process.js'

export interface AppOptions extends CacheSetup {
  /** The work behind `POST /process`. */
  readonly analyzer: Analyzer
  /** The request header that names the tenant. Default: none. */
  readonly tenantHeader?: string | undefined
  /** The secret of operators. Default: none, and no request can change or see cached data. */
  readonly apiKey?: string | undefined
  /** The least level of the lines of the log, which are JSON. Default: `'error'`. */
  readonly log?: 'info' | 'warn' | 'error' | undefined
  /** Receives the lines of the log. Default: standard output. */
  readonly logStream?: { write(line: string): void } | undefined
  /** The longest time until the response, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number | undefined
  /** Whether the page can expire results and stop Redis, without a key. Default: false. */
  readonly hasControls?: boolean | undefined
  /** The Redis that the service has started. Default: none. */
  readonly ownRedis?: OwnRedis | undefined
  /** The model that performs the operations. Default: none, and they are performed offline. */
  readonly model?: ModelOptions | undefined
  /** Addresses of other pages by their title, for the dashboard. Default: none. */
  readonly links?: Readonly<Record<string, string>> | undefined
}

const PAGE_FOLDER = fileURLToPath(new URL('../page/', import.meta.url))
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const SAMPLES_FOLDER = fileURLToPath(new URL('../samples/', import.meta.url))

/** Builds the service without starting to listen. Closing the service closes the cache. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: {
      level: options.log ?? 'error',
      ...(options.logStream && { stream: options.logStream }),
    },
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    // The service answers late requests on open connections itself.
    return503OnClosing: false,
    // Ends the connection of a client that sends its request very slowly.
    requestTimeout: 30_000,
    // For requests that fail before routing, such as those with an invalid address.
    frameworkErrors: answerError,
    clientErrorHandler: answerMalformedRequest,
  })
  // Fastify would accept a text/plain body. The service accepts only JSON.
  app.removeContentTypeParser('text/plain')
  handleErrors(app)
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    void reply.headers(SECURITY_HEADERS)
    // A connection that stays open after the last response would keep the process running.
    if (isClosing) void reply.header('connection', 'close')
  })
  const dashboard = dashboardOf(app, options)
  // An open page of the dashboard would otherwise keep its connection, and the service running.
  app.addHook('preClose', async () => dashboard.close())
  await app.register(dashboard.fastify, { prefix: '/internal/dashboard' })
  await app.register(cachePlugin, { cache: options.cache, dashboard })
  await app.register(processRoute, options)
  await app.register(metricsRoutes, options)
  await app.register(managementRoutes, { ...options, prefix: '/internal/cache' })
  await app.register(playgroundRoutes, { ...options, prefix: '/playground' })
  if (options.model !== undefined) {
    await app.register(modelRoutes, { ...options, ...options.model, dashboard })
  }
  await app.register(fastifyStatic, {
    root: PAGE_FOLDER,
    // The page loads nothing from other sites, so the browser can forbid it.
    setHeaders: (reply) => {
      void reply.header('content-security-policy', CONTENT_SECURITY_POLICY)
    },
  })
  await app.register(fastifyStatic, {
    root: SAMPLES_FOLDER,
    prefix: '/samples/',
    decorateReply: false,
  })
  return app
}

function dashboardOf(
  app: FastifyInstance,
  { monitor, tracer, cache, apiKey, links = {} }: AppOptions,
): Dashboard {
  return new Dashboard({
    ...{ monitor, tracer, apiKey, logger: app.log },
    caches: { results: cache },
    // Relative, so that they stay right behind a proxy that changes the path.
    links: { 'Metrics for Prometheus': '../../metrics', 'Management API': '../cache/', ...links },
  })
}
