import { CacheInterface, ConfigurationError, type Loader } from '@verbatim/cache-core'
import { assertKnownFields, hasMethod, invalidOption } from '@verbatim/cache-core/implement'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AIRequest, CachedResponse } from '../ai-request.js'
import { AIResponseCache } from '../ai-response-cache.js'
import type { ComputeOptions } from '../call-options.js'
import type { AIResponseCacheConfig } from '../config/ai-response-cache-config.js'
import type { AIResponseCacheOptions } from '../options.js'
import { type ReplyGetOrCompute, type RequestList, replyGetOrCompute } from './get-or-compute.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The cache of the application. */
    readonly cache: AIResponseCache
  }
  interface FastifyReply {
    /** Returns a response from the cache of the application, or computes and stores it. */
    readonly getOrCompute: ReplyGetOrCompute
  }
}

/** Options of {@link cachePlugin}. */
export interface CachePluginOptions {
  /** The cache, or the options or the configuration to create one. Default: a cache in memory. */
  readonly cache?: AIResponseCache | AIResponseCacheOptions | AIResponseCacheConfig | undefined
  /** Lists the requests that `reply.getOrCompute` has served. Default: none. */
  readonly dashboard?: RequestList | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof CachePluginOptions>(['cache', 'dashboard'])

/** Fastify passes the options of `register` to the plugin, too. */
const FIELDS_OF_REGISTER = new Set(['prefix', 'logLevel', 'logSerializers'])

/**
 * A plugin of Fastify 5 that adds a cache of AI responses as `app.cache`, and `reply.getOrCompute` for handlers.
 *
 * The cache connects to Redis before the application is ready, and is closed after its last response. The
 * application also starts while Redis is unavailable.
 *
 * @throws ConfigurationError or ValidationError that names the wrong or unknown option, when it is registered
 * @example
 * ```ts
 * await app.register(cachePlugin, { cache: { redisUrl: process.env.REDIS_URL } })
 * app.post('/summaries', async ({ body }, reply) => {
 *   const request = { text: body.text, operation: 'summarize' }
 *   const { response } = await reply.getOrCompute(request, ({ signal }) => summarize(body.text, signal))
 *   return { summary: response }
 * })
 * ```
 */
export const cachePlugin: (app: FastifyInstance, options: CachePluginOptions) => Promise<void> =
  Object.assign(addCache, {
    // With these fields, which Fastify documents, `app.cache` exists beyond the scope of the plugin.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@verbatim/cache-ai',
    [Symbol.for('plugin-meta')]: { name: '@verbatim/cache-ai', fastify: '5.x' },
  })

async function addCache(app: FastifyInstance, options: CachePluginOptions): Promise<void> {
  assertOptions(options)
  const { cache: given = {}, dashboard } = options
  const cache = given instanceof AIResponseCache ? given : new AIResponseCache(given)
  app.decorate('cache', cache)
  app.decorateReply('getOrCompute', function <
    T,
  >(this: FastifyReply, request: AIRequest, compute: Loader<T>, callOptions?: ComputeOptions<NoInfer<T>>): Promise<
    CachedResponse<T>
  > {
    return replyGetOrCompute({ reply: this, cache, dashboard }, request, compute, callOptions)
  })
  app.addHook('onClose', () => cache.close())
  if (cache.getStats().mode !== 'memory') await cache.connect()
}

function assertOptions(options: CachePluginOptions): void {
  const own = Object.entries(options).filter(([name]) => !FIELDS_OF_REGISTER.has(name))
  assertKnownFields(
    Object.fromEntries(own),
    FIELDS,
    'options',
    ConfigurationError,
    'INVALID_OPTION',
  )
  const { cache, dashboard } = options
  if (cache instanceof CacheInterface && !(cache instanceof AIResponseCache)) {
    throw invalidOption('cache', 'an AIResponseCache, or options to create one', cache)
  }
  if (dashboard !== undefined && !hasMethod(dashboard, 'recordRequest')) {
    throw invalidOption('dashboard', 'a Dashboard', dashboard)
  }
}
