import type { AIResponseCache } from '@verbatim/cache-ai'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** The cache of this service, in memory or in Redis. Only the start-up code knows which. */
    readonly cache: AIResponseCache
  }
}

interface CachePluginOptions {
  readonly cache: AIResponseCache
}

/** Hands a cache to the routes, and closes it with the service. */
export const cachePlugin: (app: FastifyInstance, options: CachePluginOptions) => Promise<void> =
  fastifyPlugin(
    async (app: FastifyInstance, { cache }: CachePluginOptions) => {
      app.decorate('cache', cache)
      app.addHook('onClose', () => cache.close())
    },
    { name: 'cache', fastify: '5.x' },
  )
