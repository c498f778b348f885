import type { ExportedInvalidation } from '../export/metrics-export.js'
import type { ApiKey } from './api-key.js'
import { type Explorer, REASON } from './explorer.js'
import { type Overview, RANGES, type Range } from './overview.js'
import { pageResponse } from './page-response.js'
import type { ListedRequest } from './request-log.js'
import { errorResponse, RouteError, wrongMethod } from './route-error.js'

const LONGEST_BODY_BYTES = 16_384

/** The parts of a dashboard that its routes use. */
interface DashboardParts {
  readonly apiKey: ApiKey
  readonly explorer: Explorer
  readonly requests: () => readonly ListedRequest[]
  readonly overview: (range: Range) => Overview
  readonly live: (range: Range) => ReadableStream<Uint8Array> | undefined
  readonly settings: () => Promise<object>
  readonly invalidations: () => readonly ExportedInvalidation[]
  /** Called with the path of a route and an error that the route does not expect. */
  readonly failed: (path: string, error: unknown) => void
}

interface Route {
  readonly method: 'GET' | 'POST'
  /** Whether the route works without the API key. It must then show no keys, no values and no settings. */
  readonly isOpen?: true
  readonly answer: (request: RouteRequest, parts: DashboardParts) => Promise<object> | object
}

interface RouteRequest {
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

const ROUTES: Readonly<Record<string, Route>> = {
  'api/overview': {
    method: 'GET',
    isOpen: true,
    answer: ({ query }, { overview }) => overview(rangeOf(query)),
  },
  'api/live': {
    method: 'GET',
    isOpen: true,
    answer: ({ query }, { live }) => eventStream(live(rangeOf(query))),
  },
  'api/requests': {
    method: 'GET',
    answer: (_request, { requests }) => ({ requests: requests() }),
  },
  'api/entries': {
    method: 'GET',
    answer: ({ query }, { explorer }) =>
      explorer.list(textOf(query, 'cache'), query.get('pattern') || '*'),
  },
  'api/pattern': {
    method: 'GET',
    answer: ({ query }, { explorer }) =>
      explorer.pattern(textOf(query, 'cache'), {
        operation: query.get('operation') || undefined,
        tenant: query.get('tenant') || undefined,
      }),
  },
  'api/entry': {
    method: 'GET',
    answer: ({ query }, { explorer }) =>
      explorer.open(textOf(query, 'cache'), textOf(query, 'key'), query.get('reveal') === 'true'),
  },
  'api/count': {
    method: 'GET',
    answer: ({ query }, { explorer }) =>
      explorer.count(textOf(query, 'cache'), textOf(query, 'pattern')),
  },
  'api/delete': {
    method: 'POST',
    answer: async ({ body }, { explorer }) => {
      const wasRemoved = await explorer.delete(fieldOf(body, 'cache'), fieldOf(body, 'key'))
      return { removed: wasRemoved ? 1 : 0 }
    },
  },
  'api/invalidate': {
    method: 'POST',
    answer: async ({ body }, { explorer }) => {
      const cache = fieldOf(body, 'cache')
      if (body['tag'] === undefined) {
        return { removed: await explorer.invalidatePattern(cache, fieldOf(body, 'pattern')) }
      }
      await explorer.invalidateTag(cache, fieldOf(body, 'tag'))
      return {}
    },
  },
  'api/invalidations': {
    method: 'GET',
    answer: (_request, { explorer, invalidations }) => ({
      dashboard: explorer.invalidations,
      // The dashboard lists its own invalidations with their patterns.
      others: invalidations()
        .filter(({ operation_context }) => operation_context !== REASON)
        .toReversed()
        .slice(0, 200),
    }),
  },
  'api/settings': { method: 'GET', answer: (_request, { settings }) => settings() },
}

/** Handles a request. Never rejects. */
export async function route(request: Request, parts: DashboardParts): Promise<Response> {
  const { pathname, searchParams: query } = new URL(request.url)
  const path = pathname.replace(/^\/+/, '')
  const found = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
  try {
    if (found === undefined) return await secured(pageResponse(path, request), request)
    assertMethod(request, found.method)
    if (found.isOpen !== true) assertKey(parts.apiKey, request.headers)
    const body = found.method === 'POST' ? await bodyOf(request) : {}
    const answer = await found.answer({ query, body }, parts)
    const response =
      answer instanceof Response
        ? answer
        : Response.json(answer, { headers: { 'cache-control': 'no-store' } })
    return await secured(response, request)
  } catch (error) {
    return secured(
      errorResponse(error, (bug) => parts.failed(path, bug)),
      request,
    )
  }
}

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** Adds the security headers. The response to HEAD has no body, which ends a live stream at once. */
async function secured(response: Response, { method }: Request): Promise<Response> {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value)
  if (method !== 'HEAD') return response
  await response.body?.cancel()
  return new Response(null, { status: response.status, headers: response.headers })
}

function assertMethod({ method }: Request, allowed: Route['method']): void {
  if (method === allowed || (method === 'HEAD' && allowed === 'GET')) return
  throw wrongMethod(allowed)
}

function assertKey(apiKey: ApiKey, headers: Headers): void {
  const check = apiKey.check(headers.get('authorization'))
  if (check === 'accepted') return
  if (check === 'wrong') {
    const message = 'send the API key as authorization: Bearer <key>'
    throw new RouteError(401, 'WRONG_KEY', message, { 'www-authenticate': 'Bearer' })
  }
  throw new RouteError(
    403,
    'NO_KEY_CONFIGURED',
    'this part shows or changes cached data: pass the option apiKey to the Dashboard to open it',
  )
}

async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';')
  if (type.trim() !== 'application/json') {
    throw new RouteError(415, 'UNSUPPORTED_MEDIA_TYPE', 'send the body as application/json')
  }
  if (Number(request.headers.get('content-length')) > LONGEST_BODY_BYTES) throw tooLong()
  const text = await request.text()
  if (text.length > LONGEST_BODY_BYTES) throw tooLong()
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>
  } catch {
    // The same error as for JSON of another type.
  }
  throw new RouteError(400, 'INVALID_JSON', 'the body must be a JSON object')
}

function tooLong(): RouteError {
  return new RouteError(
    413,
    'BODY_TOO_LARGE',
    `the body must be at most ${LONGEST_BODY_BYTES} bytes`,
  )
}

function rangeOf(query: URLSearchParams): Range {
  const name = query.get('range') ?? '5m'
  const range = RANGES.find((each) => each === name)
  if (range !== undefined) return range
  throw new RouteError(400, 'INVALID_RANGE', `range must be one of ${RANGES.join(', ')}`)
}

function textOf(query: URLSearchParams, name: string): string {
  const value = query.get(name)
  if (value) return value
  throw new RouteError(400, 'INVALID_ARGUMENT', `${name} must be a text that is not empty`)
}

function fieldOf(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name]
  if (typeof value === 'string' && value !== '') return value
  throw new RouteError(400, 'INVALID_ARGUMENT', `${name} must be a text that is not empty`)
}

function eventStream(stream: ReadableStream<Uint8Array> | undefined): Response {
  if (stream === undefined) {
    throw new RouteError(503, 'TOO_MANY_PAGES', 'too many pages are open; close one and try again')
  }
  // Proxies such as nginx would otherwise collect the events before they pass them on.
  const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
  return new Response(stream, { headers: { 'content-type': 'text/event-stream', ...headers } })
}
