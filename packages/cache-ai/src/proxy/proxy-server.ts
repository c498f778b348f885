import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CACHING_FETCH_FIELDS, type CachingFetchOptions } from '../fetch/caching-fetch.js'
import { HttpCalls, type HttpReply, type HttpRequest } from '../fetch/http-calls.js'
import { forProvider } from '../fetch/http-control.js'
import { BypassError } from '../model-calls/call-status.js'
import { metricsText } from '../model-calls/metrics.js'
import { resolveModelCacheOptions } from '../model-calls/model-cache-options.js'
import { SHARED, type Tenant } from '../model-calls/tenant.js'

/** Headers of one connection, which a proxy does not pass on, and those that the next request sets itself. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'host', 'content-length', 'accept-encoding', 'expect'],
])
/** Names of headers that hold credentials of a caller, such as `authorization`, `x-api-key` and `cookie`. */
const CREDENTIALS = /auth|cookie|token|secret|credential|(?<!idempotency)-key$/
/** The path at which the proxy explains a miss. The digest of the request follows. */
export const EXPLAIN_PATH = '/explain/'
/** Largest body of a request, in bytes. */
const MOST_BYTES = 64 * 2 ** 20

/** The body of a request is larger than {@link MOST_BYTES}. */
class TooLargeError extends Error {}

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
  readonly #calls: HttpCalls
  readonly #server: Server

  /** @throws ConfigurationError or ValidationError that names the option and its rule */
  constructor({ upstream, isShared, ...options }: ProxyOptions) {
    this.#upstream = upstream
    this.#isShared = isShared
    // Each request names its tenant.
    const resolved = resolveModelCacheOptions({ ...options, tenant: '-' }, CACHING_FETCH_FIELDS)
    this.#calls = new HttpCalls({ ...resolved, shouldStore: options.shouldStore })
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => fail(response, error))
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
    const isRead = method === 'GET' || method === 'HEAD'
    if (isRead && url === '/healthz') return sendText(response, 'ok\n')
    if (isRead && url === '/metrics')
      return sendText(response, metricsText(this.#calls.calls.stats()))
    if (method === 'GET' && url.startsWith(EXPLAIN_PATH)) return this.#explain(response, url)
    const abort = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) abort.abort()
    })
    const body = isRead ? undefined : await bodyOf(request)
    const asked = this.#requestOf(request, targetOf(this.#upstream, url), body, abort.signal)
    await sendReply(response, await this.#calls.serve(asked))
  }

  /** Sends why a request was not served from the cache. It contains digests and names of fields only. */
  #explain(response: ServerResponse, path: string): void {
    const explanation = this.#calls.calls.explain(path.slice(EXPLAIN_PATH.length))
    response.statusCode = explanation === undefined ? 404 : 200
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(explanation ?? { error: { type: 'unknown_key' } }))
  }

  #requestOf(
    { method = 'GET', headers: given }: IncomingMessage,
    url: URL,
    body: Buffer<ArrayBuffer> | undefined,
    signal: AbortSignal,
  ): HttpRequest {
    const get = (name: string): string | null => given[name]?.toString() ?? null
    const init = (): RequestInit => ({
      ...{ method, redirect: 'manual', headers: forProvider(headersOf(given)) },
      // As bytes, because `fetch` would add a content type to a text.
      ...(body !== undefined && body.length > 0 && { body }),
    })
    return {
      ...{ method, url, signal, headers: { get } },
      tenant: this.#isShared ? SHARED : tenantOf(given, url),
      text: () => {
        if (body === undefined || !isUtf8(body)) throw new BypassError('unknown_request')
        return body.toString('utf8')
      },
      passThrough: () => fetch(url, { ...init(), signal }),
      send: (untilLeft) => fetch(url, { ...init(), signal: untilLeft }),
    }
  }
}

/** Returns the address at the provider for the path of a request. */
function targetOf(upstream: URL, path: string): URL {
  // A path that begins with two slashes would name a host.
  const asked = new URL(path.startsWith('/') ? `http://localhost${path}` : path, 'http://localhost')
  const target = new URL(upstream)
  target.pathname = `${upstream.pathname.replace(/\/$/, '')}${asked.pathname}`
  target.search = asked.search
  return target
}

function headersOf(given: IncomingMessage['headers']): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || NOT_FORWARDED.has(name)) continue
    for (const one of [value].flat()) headers.append(name, one)
  }
  return headers
}

/** Returns the tenant of a caller: the digest of its credentials, or one tenant for callers without any. */
function tenantOf(headers: IncomingMessage['headers'], { searchParams }: URL): Tenant {
  const credentials = Object.entries(headers)
    .filter(([name]) => CREDENTIALS.test(name))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  return hash('sha256', JSON.stringify([credentials, searchParams.get('key')]), 'base64url')
}

/** @throws TooLargeError after the whole body has arrived, because a client may read no response before */
async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length <= MOST_BYTES) chunks.push(chunk)
  }
  if (length > MOST_BYTES) throw new TooLargeError()
  return Buffer.concat(chunks)
}

async function sendReply(
  response: ServerResponse,
  { status, headers, body }: HttpReply,
): Promise<void> {
  // Each `set-cookie` is a header of its own.
  const all = headers instanceof Headers ? [...headers] : Object.entries(headers)
  const given = all.filter(([name]) => !NOT_FORWARDED.has(name)).flat()
  if (body !== null && typeof body !== 'string') {
    response.writeHead(status, given)
    return pipeline(Readable.fromWeb(body as never), response)
  }
  // Statuses that must not have a body have no length either.
  const length = body === null ? [] : ['content-length', String(Buffer.byteLength(body))]
  response.writeHead(status, [...given, ...length]).end(body ?? undefined)
}

function sendText(response: ServerResponse, text: string): void {
  response.setHeader('content-type', 'text/plain; charset=utf-8').end(text)
}

/** Ends a response after an error of the provider, of the request or of the connection. It shows no detail. */
function fail(response: ServerResponse, cause: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const isTooLarge = cause instanceof TooLargeError
  const error = isTooLarge
    ? { message: `the body must have at most ${MOST_BYTES} bytes`, type: 'request_too_large' }
    : { message: 'the provider could not be reached', type: 'bad_gateway' }
  const headers = { 'content-type': 'application/json', 'cache-status': 'verbatim; fwd=miss' }
  response.writeHead(isTooLarge ? 413 : 502, headers).end(JSON.stringify({ error }))
}
