import { invalidOption } from '@verbatim/cache-core/implement'
import type { ModelCallStats } from '../model-calls/call-counters.js'
import { BypassError, type CallReport } from '../model-calls/call-status.js'
import {
  MODEL_CACHE_FIELDS,
  type ModelCacheOptions,
  resolveModelCacheOptions,
} from '../model-calls/model-cache-options.js'
import { endpointOf } from './endpoints.js'
import { HttpCalls } from './http-calls.js'
import { parseBody, reportedHeaders, takeControl } from './http-control.js'

/** A complete answer, for {@link CachingFetchOptions.shouldStore}. */
export interface HttpAnswerInfo {
  /** The protocol, such as `'openai-chat'`. */
  readonly protocol: string
  /** The body of the answer, as without streaming. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Options of {@link createCachingFetch}. */
export interface CachingFetchOptions extends ModelCacheOptions {
  /** The function that sends requests. Default: the `fetch` of this process. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /**
   * Returns whether to store a complete answer. It is not called for answers that are never stored, such as
   * answers that were cut. Default: every complete answer is stored.
   */
  readonly shouldStore?: ((answer: HttpAnswerInfo) => boolean) | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof CachingFetchOptions>([
  ...MODEL_CACHE_FIELDS,
  ...(['fetch', 'shouldStore'] as const),
])

/** A `fetch` that caches answers of models. */
export interface CachingFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Returns the counts of all requests since the function was created. */
  getStats(): ModelCallStats
}

/**
 * Returns a `fetch` that caches the answers of OpenAI, Anthropic, Google and compatible servers. Pass it to the
 * client of the provider.
 *
 * Only complete answers are stored. Identical requests share one request, also while it streams. Each response
 * says in the headers `x-cache` and `Cache-Status` how it was served. The request headers `Cache-Control`
 * (`no-store`, `no-cache`, `max-age`, `only-if-cached`, `stale-while-revalidate`), `x-cache-ttl`, `x-cache-tags`
 * and `x-cache-variant` control the cache, and never reach the provider. Other requests are passed through.
 *
 * @throws ConfigurationError or ValidationError that names the option and its rule
 * @example
 * ```ts
 * const openai = new OpenAI({ fetch: createCachingFetch({ cache: new InMemoryCache(), tenant: SHARED }) })
 * ```
 */
export function createCachingFetch(options: CachingFetchOptions): CachingFetch {
  const resolved = resolveModelCacheOptions(options, FIELDS)
  const { fetch: send = globalThis.fetch, shouldStore } = options
  if (typeof send !== 'function') throw invalidOption('fetch', 'a function', send)
  if (shouldStore !== undefined && typeof shouldStore !== 'function')
    throw invalidOption('shouldStore', 'a function', shouldStore)
  const calls = new HttpCalls({ ...resolved, send, shouldStore })
  const cachingFetch = async (
    input: string | URL | Request,
    init?: RequestInit,
  ): Promise<Response> => {
    try {
      const request = await readRequest(input, init)
      return await calls.serve(request)
    } catch (error) {
      if (!(error instanceof BypassError)) throw error
      const { reason, path } = error
      return passThrough(input, init, {
        status: 'BYPASS',
        reason,
        ...(path !== undefined && { path }),
      })
    }
  }
  const passThrough = async (
    input: string | URL | Request,
    init: RequestInit | undefined,
    report: CallReport,
  ): Promise<Response> => {
    calls.calls.counters.count(report)
    const { headers } = takeControl(headersOf(input, init))
    return withHeaders(await send(input, { ...init, headers }), report)
  }
  return Object.assign(cachingFetch, { getStats: () => calls.calls.counters.snapshot() })
}

/** @throws BypassError (`unknown_request`) for a request that this cache does not know */
async function readRequest(input: string | URL | Request, init: RequestInit | undefined) {
  const request = input instanceof Request ? input : undefined
  const method = init?.method ?? request?.method ?? 'GET'
  if (method.toUpperCase() !== 'POST') throw new BypassError('unknown_request')
  const url = new URL(input instanceof Request ? input.url : input)
  const text = await bodyText(request, init)
  const body = parseBody(text)
  const endpoint = endpointOf(url, body)
  if (endpoint === undefined) throw new BypassError('unknown_request')
  const { control, headers } = takeControl(headersOf(input, init))
  const signal = init?.signal ?? request?.signal ?? undefined
  return {
    url: url.href,
    init: { ...init, method, headers, body: text },
    body,
    endpoint,
    control,
    headers,
    signal,
  }
}

async function bodyText(
  request: Request | undefined,
  init: RequestInit | undefined,
): Promise<string> {
  const body: unknown = init?.body
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return new TextDecoder().decode(body)
  if (body !== undefined && body !== null) throw new BypassError('unknown_request')
  if (request === undefined) throw new BypassError('unknown_request')
  return request.clone().text()
}

function headersOf(input: string | URL | Request, init: RequestInit | undefined): Headers {
  return new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
}

/** Returns a response with the status of the call in its headers. */
function withHeaders(response: Response, report: CallReport): Response {
  const headers = reportedHeaders(response.headers, report)
  const { status, statusText } = response
  // Statuses that must not have a body.
  const isEmpty = status === 204 || status === 205 || status === 304
  return new Response(isEmpty ? null : response.body, { status, statusText, headers })
}
