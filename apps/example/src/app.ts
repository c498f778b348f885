import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import fastify, { type FastifyInstance } from 'fastify'
import { cachePlugin } from './cache-plugin.js'
import type { CacheSetup } from './create-cache.js'
import { answerError, BODY_LIMIT_BYTES, handleErrors } from './error-handler.js'
import { cacheMetricsRoute } from './routes/cache-metrics.js'
import { cacheStatusRoute } from './routes/cache-status.js'
import { type Analyzer, processRoute } from './routes/process.js'

export interface AppOptions extends CacheSetup {
  /** The work behind `POST /process`. Default: the five operations of `analysis/`. */
  readonly analyzer?: Analyzer | undefined
}

const PAGE_FOLDER = fileURLToPath(new URL('../page/', import.meta.url))
const SAMPLES_FOLDER = fileURLToPath(new URL('../samples/', import.meta.url))

/** Puts the service together; it listens nowhere yet. Closing it closes the cache. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    // For what fails before there is a route, such as an address that is not one.
    frameworkErrors: answerError,
  })
  // Fastify would hand a text/plain body on as it is; only JSON is spoken here.
  app.removeContentTypeParser('text/plain')
  handleErrors(app)
  await app.register(cachePlugin, { cache: options.cache })
  await app.register(processRoute, options)
  await app.register(cacheStatusRoute, options)
  await app.register(cacheMetricsRoute, options)
  await app.register(fastifyStatic, {
    root: PAGE_FOLDER,
    // The page loads nothing from elsewhere, so a browser need not let it.
    setHeaders: (reply) => {
      void reply.header('content-security-policy', "default-src 'self'")
    },
  })
  await app.register(fastifyStatic, {
    root: SAMPLES_FOLDER,
    prefix: '/samples/',
    decorateReply: false,
  })
  return app
}
