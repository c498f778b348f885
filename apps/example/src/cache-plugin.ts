import type { AIResponseCache } from '@verbatim/cache-ai'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** The cache of the service, in memory or in Redis. */
    readonly cache: AIResponseCache
  }
}

interface CachePluginOptions {
  readonly cache: AIResponseCache
}

/** Adds a cache to the service, and closes the cache with it. */
export const cachePlugin: (app: FastifyInstance, options: CachePluginOptions) => Promise<void> =
  fastifyPlugin(
    async (app: FastifyInstance, { cache }: CachePluginOptions) => {
      app.decorate('cache', cache)
      app.addHook('onClose', () => cache.close())
    },
    { name: 'cache', fastify: '5.x' },
  )
