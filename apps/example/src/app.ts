import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import fastify, { type FastifyInstance } from 'fastify'
import { cachePlugin } from './cache-plugin.js'
import type { CacheSetup } from './create-cache.js'
import {
  answerError,
  answerMalformedRequest,
  BODY_LIMIT_BYTES,
  handleErrors,
} from './error-handler.js'
import { cacheMetricsRoute } from './routes/cache-metrics.js'
import { cacheStatusRoute } from './routes/cache-status.js'
import { type Analyzer, processRoute } from './routes/process.js'

export interface AppOptions extends CacheSetup {
  /** The work behind `POST /process`. */
  readonly analyzer: Analyzer
  /** The request header that names the tenant. Default: none. */
  readonly tenantHeader?: string | undefined
  /** How long a request may wait for its answer, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number | undefined
}

const PAGE_FOLDER = fileURLToPath(new URL('../page/', import.meta.url))
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const SAMPLES_FOLDER = fileURLToPath(new URL('../samples/', import.meta.url))

/** Puts the service together; it listens nowhere yet. Closing it closes the cache. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    // A request on a connection that was open already gets an answer of ours.
    return503OnClosing: false,
    // A client that sends its request drop by drop does not keep a connection.
    requestTimeout: 30_000,
    // For what fails before there is a route, such as an address that is not one.
    frameworkErrors: answerError,
    clientErrorHandler: answerMalformedRequest,
  })
  // Fastify would hand a text/plain body on as it is; only JSON is spoken here.
  app.removeContentTypeParser('text/plain')
  handleErrors(app)
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    void reply.header('x-content-type-options', 'nosniff')
    // A connection that stays open after the last answer would keep the process from ending.
    if (isClosing) void reply.header('connection', 'close')
  })
  await app.register(cachePlugin, { cache: options.cache })
  await app.register(processRoute, options)
  await app.register(cacheStatusRoute, options)
  await app.register(cacheMetricsRoute, options)
  await app.register(fastifyStatic, {
    root: PAGE_FOLDER,
    // The page loads nothing from elsewhere, so a browser need not let it.
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
