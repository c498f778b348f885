import { invalidOption } from '@verbatim/cache-core/implement'
import type { ModelCallStats } from '../model-calls/call-counters.js'
import { BypassError } from '../model-calls/call-status.js'
import {
  MODEL_CACHE_FIELDS,
  type ModelCacheOptions,
  resolveModelCacheOptions,
} from '../model-calls/model-cache-options.js'
import type { MissExplanation } from '../model-calls/recent-requests.js'
import { HttpCalls, type HttpRequest } from './http-calls.js'
import { forProvider } from './http-control.js'

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

export const CACHING_FETCH_FIELDS: ReadonlySet<string> = new Set<keyof CachingFetchOptions>([
  ...MODEL_CACHE_FIELDS,
  ...(['fetch', 'shouldStore'] as const),
])

/** A `fetch` that caches answers of models. */
export interface CachingFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Returns the counts of all requests since the function was created. */
  getStats(): ModelCallStats
  /**
   * Returns why a recent call was not served from the cache: the most similar recent request, and the first place
   * where it differs.
   *
   * @param key - the header `x-cache-key` of the response
   * @returns `undefined` for a call that was served from the cache, and after 100 further misses
   */
  explain(key: string): MissExplanation | undefined
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
  const resolved = resolveModelCacheOptions(options, CACHING_FETCH_FIELDS)
  const { fetch: send = globalThis.fetch, shouldStore } = options
  if (typeof send !== 'function') throw invalidOption('fetch', 'a function', send)
  if (shouldStore !== undefined && typeof shouldStore !== 'function')
    throw invalidOption('shouldStore', 'a function', shouldStore)
  const calls = new HttpCalls({ ...resolved, shouldStore })
  const cachingFetch = async (
    input: string | URL | Request,
    init?: RequestInit,
  ): Promise<Response> => {
    const { status, statusText, headers, body } = await calls.serve(requestOf(send, input, init))
    // Statuses that must not have a body.
    const isEmpty = status === 204 || status === 205 || status === 304
    return new Response(isEmpty ? null : body, { status, statusText, headers })
  }
  return Object.assign(cachingFetch, {
    getStats: () => calls.calls.stats(),
    explain: (key: string) => calls.calls.explain(key),
  })
}

function requestOf(
  send: typeof globalThis.fetch,
  input: string | URL | Request,
  init: RequestInit | undefined,
): HttpRequest {
  // A request of another implementation of `fetch` has the same members.
  const request = typeof input === 'object' && 'url' in input ? input : undefined
  const address = request?.url ?? (input as string | URL).toString()
  const method = init?.method ?? request?.method ?? 'GET'
  const headers = new Headers(init?.headers ?? request?.headers)
  return {
    ...{ method, headers },
    url: URL.canParse(address) ? new URL(address) : undefined,
    text: () => bodyText(request, init),
    signal: init?.signal ?? request?.signal ?? undefined,
    passThrough: () => send(input, { ...init, headers: forProvider(headers) }),
    send: (signal) => send(input, { ...init, headers: forProvider(headers), signal }),
  }
}

/** @throws BypassError (`unknown_request`) for a body that is not text in UTF-8 */
async function bodyText(
  request: Request | undefined,
  init: RequestInit | undefined,
): Promise<string> {
  const body: unknown = init?.body ?? undefined
  if (typeof body === 'string') return body
  const source = body === undefined ? request?.clone() : body
  const { arrayBuffer } = Object(source) as Partial<Blob>
  try {
    const bytes = typeof arrayBuffer === 'function' ? await arrayBuffer.call(source) : source
    // The decoder rejects streams and forms.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes as Uint8Array)
  } catch {
    throw new BypassError('unknown_request')
  }
}
