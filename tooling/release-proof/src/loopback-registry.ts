import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Manifest } from './repository.js'

/** A package version in the format of the npm registry. */
export interface PublishedVersion extends Manifest {
  readonly dist: { readonly tarball: string }
}

interface Packument {
  readonly name: string
  readonly 'dist-tags': Record<string, string>
  readonly versions: Record<string, PublishedVersion>
}

/** Request body of `npm publish`: a packument with one version, and its tarball. */
interface Publication extends Packument {
  readonly _attachments: Readonly<Record<string, { readonly data: string }>>
}

/**
 * A minimal npm registry in memory, on a free loopback port and without authentication. It contains
 * only packages that were published to it.
 */
export class LoopbackRegistry implements AsyncDisposable {
  readonly #server: Server
  readonly #packuments = new Map<string, Packument>()
  /** Tarballs by the path of their URL. */
  readonly #tarballs = new Map<string, Buffer>()

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#respond(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error))
      })
    })
  }

  static async start(): Promise<LoopbackRegistry> {
    const registry = new LoopbackRegistry()
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve))
    return registry
  }

  /** URL without the scheme and with a slash at the end, as in the npm settings of a registry. */
  get location(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    return `//127.0.0.1:${address.port}/`
  }

  get url(): string {
    return `http:${this.location}`
  }

  /** Returns the latest version of every package. */
  published(): PublishedVersion[] {
    return [...this.#packuments.values()].flatMap(
      (packument) => packument.versions[packument['dist-tags']['latest'] ?? ''] ?? [],
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.url)
    const tarball = this.#tarballs.get(pathname)
    if (request.method === 'PUT') {
      const accepted = this.#publish((await json(request)) as Publication)
      response.writeHead(accepted ? 201 : 409).end('{}')
    } else if (tarball !== undefined) {
      response.end(tarball)
    } else {
      const packument = this.#packuments.get(decodeURIComponent(pathname.slice(1)))
      response.writeHead(packument === undefined ? 404 : 200, {
        'content-type': 'application/json',
      })
      response.end(JSON.stringify(packument ?? { error: 'not found' }))
    }
  }

  /** Adds a version. Returns false for an existing version, which the npm registry does not replace. */
  #publish({ _attachments, ...publication }: Publication): boolean {
    const known = this.#packuments.get(publication.name)
    const [attachment] = Object.values(_attachments)
    const [published] = Object.values(publication.versions)
    if (attachment === undefined || published === undefined) return false
    if (known?.versions[published.version] !== undefined) return false
    this.#tarballs.set(
      new URL(published.dist.tarball).pathname,
      Buffer.from(attachment.data, 'base64'),
    )
    this.#packuments.set(publication.name, {
      name: publication.name,
      'dist-tags': { ...known?.['dist-tags'], ...publication['dist-tags'] },
      versions: { ...known?.versions, ...publication.versions },
    })
    return true
  }
}
