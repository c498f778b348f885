import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A listener of `node:http`, and middleware of Express and Connect. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void

/** The fields that Express adds to a request below a mounted path. */
interface MountedRequest extends IncomingMessage {
  readonly originalUrl?: string
  /** Set by Express when a parser has read the body. */
  readonly body?: unknown
}

/**
 * Returns a listener that answers with web-standard responses.
 *
 * @param failed - called with an error after which no response could be sent
 */
export function nodeListener(
  fetch: (request: Request) => Promise<Response>,
  failed: (error: unknown) => void,
): NodeListener {
  return (request, response) => {
    answer(request, response, fetch).catch((error: unknown) => {
      // The client has left, and nothing failed.
      if (response.destroyed) return
      failed(error)
      response.destroy()
    })
  }
}

async function answer(
  request: MountedRequest,
  response: ServerResponse,
  fetch: (request: Request) => Promise<Response>,
): Promise<void> {
  const folder = missingSlash(request)
  if (folder !== undefined) {
    response.writeHead(308, { location: folder }).end()
    return
  }
  // Web-standard requests cannot have this method.
  if (request.method === 'TRACE') {
    response.writeHead(405, { allow: 'GET, HEAD, POST' }).end()
    return
  }
  const { status, headers, body } = await fetch(webRequest(request))
  response.writeHead(status, Object.fromEntries(headers))
  if (body === null) response.end()
  else await send(body, response)
}

/** Writes a stream to a response. Reads on only when the client has taken what was written. */
async function send(body: ReadableStream<Uint8Array>, response: ServerResponse): Promise<void> {
  const reader = body.getReader()
  const closing = new AbortController()
  const { signal } = closing
  response.once('close', () => {
    closing.abort()
    // A stream that has failed rejects with its error, which is reported where it is read.
    reader.cancel().catch(() => undefined)
  })
  while (!response.destroyed) {
    const { done, value } = await reader.read()
    if (done) break
    if (!response.write(value)) await once(response, 'drain', { signal }).catch(() => undefined)
  }
  // The client may have left before this function began to listen.
  if (response.destroyed) await reader.cancel()
  response.end()
}

/** Returns the address with a slash at its end, if the mounted path was requested without one. */
function missingSlash({ originalUrl, url = '/' }: MountedRequest): string | undefined {
  if (originalUrl === undefined || !/^\/?(?:\?|$)/.test(url)) return undefined
  const [path = '', ...query] = originalUrl.split('?')
  if (path.endsWith('/')) return undefined
  // Relative, so that the address stays right behind a proxy that changes the path.
  const name = path.slice(path.lastIndexOf('/') + 1)
  return [`./${name}/`, ...query].join('?')
}

function webRequest(request: MountedRequest): Request {
  const { method = 'GET', url = '/' } = request
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(':')) headers.set(name, String(value))
  }
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? bodyOf(request) : null
  // The host is unknown behind a proxy, and no route needs it.
  return new Request(new URL(`http://dashboard${url.startsWith('/') ? url : `/${url}`}`), {
    method,
    headers,
    ...(body !== null && { body, duplex: 'half' as const }),
  })
}

function bodyOf(request: MountedRequest): NonNullable<RequestInit['body']> {
  if (request.body !== undefined && request.readableEnded) return JSON.stringify(request.body)
  return request as AsyncIterable<Uint8Array>
}
