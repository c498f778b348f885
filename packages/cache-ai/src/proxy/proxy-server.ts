import { AsyncLocalStorage } from 'node:async_hooks'
import { hash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  type CachingFetch,
  type CachingFetchOptions,
  createCachingFetch,
} from '../fetch/caching-fetch.js'
import { SHARED, type Tenant } from '../model-calls/tenant.js'
import { metricsText } from './metrics-text.js'

/** Headers of one connection, which a proxy does not pass on, and those that the next request sets itself. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'host', 'content-length', 'accept-encoding', 'expect'],
])
/** Headers and parameters that hold the credentials of a caller. */
const CREDENTIALS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie'] as const
/** Largest body of a request, in bytes. */
const MOST_BYTES = 64 * 2 ** 20

/** Options of {@link ProxyServer}. */
export interface ProxyOptions extends Omit<CachingFetchOptions, 'tenant' | 'fetch'> {
  /** The address of the provider. Paths of requests are added to it. */
  readonly upstream: URL
  /** Whether callers with different credentials share answers. */
  readonly isShared: boolean
}

/**
 * An HTTP server that caches the requests of any client to one provider. Callers share answers only if they have
 * the same credentials, unless `isShared` is true.
 */
export class ProxyServer {
  readonly #upstream: URL
  readonly #isShared: boolean
  readonly #tenants = new AsyncLocalStorage<Tenant>()
  readonly #fetch: CachingFetch
  readonly #server: Server

  /** @throws ConfigurationError or ValidationError that names the option and its rule */
  constructor({ upstream, isShared, ...options }: ProxyOptions) {
    this.#upstream = upstream
    this.#isShared = isShared
    // A call without a caller has no tenant, and bypasses the cache.
    const tenant = (): Tenant => this.#tenants.getStore() ?? ''
    this.#fetch = createCachingFetch({ ...options, tenant })
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => fail(response))
    })
  }

  /**
   * Starts the server.
   *
   * @returns its address
   */
  async listen(port: number, host: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
    const { address, family, port: used } = this.#server.address() as AddressInfo
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${used}`
  }

  /** Accepts no more requests, and waits for the running ones. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeIdleConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request
    if (method === 'GET' && url === '/healthz') return sendText(response, 'ok\n')
    if (method === 'GET' && url === '/metrics')
      return sendText(response, metricsText(this.#fetch.getStats()))
    const target = targetOf(this.#upstream, url)
    const headers = headersOf(request)
    const body = method === 'GET' || method === 'HEAD' ? undefined : await bodyOf(request)
    const abort = new AbortController()
    response.on('close', () => abort.abort())
    const init = { method, headers, signal: abort.signal, redirect: 'manual' as const }
    const tenant = this.#isShared ? SHARED : tenantOf(headers, target)
    const answer = await this.#tenants.run(tenant, () =>
      this.#fetch(target, body === undefined ? init : { ...init, body }),
    )
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    if (answer.body === null) response.end()
    else await pipeline(Readable.fromWeb(answer.body as never), response)
  }
}

/** Returns the address at the provider for the path of a request. */
function targetOf(upstream: URL, path: string): URL {
  const asked = new URL(path, 'http://localhost')
  const target = new URL(upstream)
  target.pathname = `${upstream.pathname.replace(/\/$/, '')}${asked.pathname}`
  target.search = asked.search
  return target
}

function headersOf({ headers: given }: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || NOT_FORWARDED.has(name)) continue
    for (const one of [value].flat()) headers.append(name, one)
  }
  return headers
}

/** Returns the tenant of a caller: the digest of its credentials, or one tenant for callers without any. */
function tenantOf(headers: Headers, { searchParams }: URL): Tenant {
  const credentials = [...CREDENTIALS.map((name) => headers.get(name)), searchParams.get('key')]
  return hash('sha256', JSON.stringify(credentials), 'base64url')
}

/** Returns the body of a request as text, if it is text in UTF-8. Other bodies are passed on as bytes. */
async function bodyOf(request: IncomingMessage): Promise<string | Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > MOST_BYTES) throw new RangeError('the body is too large')
    chunks.push(chunk)
  }
  const bytes = Uint8Array.from(Buffer.concat(chunks))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
}

function sendText(response: ServerResponse, text: string): void {
  response.setHeader('content-type', 'text/plain; charset=utf-8').end(text)
}

/** Ends a response after an error of the provider or of the connection. It shows no detail. */
function fail(response: ServerResponse): void {
  if (response.headersSent) response.destroy()
  else {
    const error = { message: 'the provider could not be reached', type: 'bad_gateway' }
    response.writeHead(502, {
      'content-type': 'application/json',
      'cache-status': 'verbatim; fwd=miss',
    })
    response.end(JSON.stringify({ error }))
  }
}
