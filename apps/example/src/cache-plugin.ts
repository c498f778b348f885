import type { CacheInterface } from '@verbatim/cache-core'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** The cache of this service. Which one it is, only the start-up code knows. */
    readonly cache: CacheInterface
  }
}

interface CachePluginOptions {
  readonly cache: CacheInterface
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
