import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NodeListener } from './node-mount.js'

/** The part of a Fastify instance that the mount uses. */
export interface FastifyScope {
  readonly prefix: string
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(
    type: string,
    parser: (request: never, payload: never, done: (error: Error | null) => void) => void,
  ): unknown
  all(
    path: string,
    handler: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse; hijack(): unknown },
    ) => void,
  ): unknown
}

/** Returns a plugin of Fastify that answers every request below its prefix. */
export function mountOnFastify(listener: NodeListener): (scope: FastifyScope) => Promise<void> {
  return async (scope) => {
    // The dashboard reads bodies itself.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    const { prefix } = scope
    for (const path of ['/', '/*']) {
      scope.all(path, ({ raw }, reply) => {
        reply.hijack()
        const { url = '/' } = raw
        listener(
          Object.assign(raw, { originalUrl: url, url: url.slice(prefix.length) || '/' }),
          reply.raw,
        )
      })
    }
  }
}
