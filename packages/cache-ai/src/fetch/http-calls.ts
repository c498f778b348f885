import type { CachedCall } from '../model-calls/call-control.js'
import { BypassError, type CallReport } from '../model-calls/call-status.js'
import { refusalOf } from '../model-calls/commit-rule.js'
import { type Flight, untilAborted } from '../model-calls/flights.js'
import type { ResolvedModelCacheOptions } from '../model-calls/model-cache-options.js'
import { type Decision, ModelCalls } from '../model-calls/model-calls.js'
import { PartLog } from '../model-calls/part-log.js'
import {
  type CallStart,
  type JoinedCall,
  MAX_STREAM_UNITS,
  SharedCalls,
} from '../model-calls/shared-calls.js'
import type { Tenant } from '../model-calls/tenant.js'
import { untilLeft } from '../model-calls/until-left.js'
import type { HttpAnswerInfo } from './caching-fetch.js'
import { type Endpoint, endpointOf } from './endpoints.js'
import { EventReader } from './event-reader.js'
import {
  controlIn,
  type HeaderReader,
  parseBody,
  reportedHeaders,
  reportHeaders,
} from './http-control.js'
import { requestInKey } from './http-request.js'
import type { Json, Protocol, StreamEvent } from './protocols/protocol.js'
import { bodyText, eventsOf, eventText, type HttpAnswer } from './replayed-body.js'
import { usageIn } from './usage.js'

/** A request before it is known whether the cache can serve it. */
export interface HttpRequest {
  readonly method: string
  /** `undefined` for an address that is not absolute. */
  readonly url: URL | undefined
  readonly headers: HeaderReader
  /** Returns the body. It may throw a {@link BypassError}. */
  readonly text: () => string | Promise<string>
  readonly signal: AbortSignal | undefined
  /** The owner of the answer. Default: the option of the adapter. */
  readonly tenant?: Tenant | undefined
  /** Sends the request as it is, without the headers for the cache. */
  readonly passThrough: () => Promise<Response>
  /** Sends the request with this body for all its callers, until the signal is aborted. */
  readonly send: (text: string, signal: AbortSignal) => Promise<Response>
}

/** A response. */
export interface HttpReply {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers | Readonly<Record<string, string>>
  readonly body: string | ReadableStream<Uint8Array> | null
}

/** A request of a known protocol. */
interface HttpCall {
  readonly request: HttpRequest
  readonly text: string
  readonly body: Json
  readonly endpoint: Endpoint
  readonly signal: AbortSignal | undefined
}

/** The beginning of a response: all of it, or the bytes of a stream. */
type Head = { readonly status: number; readonly statusText: string; readonly headers: Headers } & (
  | { readonly text: string }
  | { readonly bytes: PartLog<Uint8Array> }
)

type HttpDecision = Decision<HttpAnswer>

/** A running request. */
class HttpLog {
  readonly head: Promise<Head>
  open!: (head: Head) => void
  fail!: (error: unknown) => void

  constructor() {
    this.head = new Promise((resolve, reject) => {
      this.open = resolve
      this.fail = reject
    })
    // Each caller handles the rejection; without callers, it is ignored.
    this.head.catch(() => undefined)
  }
}

type HttpFlight = Flight<HttpAnswer, HttpLog, HttpDecision>
type HttpStart = CallStart<HttpAnswer, HttpLog, HttpDecision>

export interface HttpCallsOptions extends ResolvedModelCacheOptions {
  readonly shouldStore: ((answer: HttpAnswerInfo) => boolean) | undefined
}

/** Serves requests from the cache, from requests that are running, or by the provider. */
export class HttpCalls {
  readonly calls: ModelCalls<HttpAnswer>
  readonly #options: HttpCallsOptions
  readonly #shared: SharedCalls<HttpAnswer, HttpLog, HttpDecision>

  constructor(options: HttpCallsOptions) {
    this.#options = options
    this.calls = new ModelCalls(options, ({ body }) => usageIn(body))
    this.#shared = new SharedCalls(this.calls, options, 'http')
  }

  /** Serves a request. One that the cache cannot serve is passed through. */
  async serve(request: HttpRequest): Promise<HttpReply> {
    try {
      return await this.#serve(await readCall(request))
    } catch (error) {
      if (!(error instanceof BypassError)) throw error
      const { reason, path } = error
      this.calls.assertMayBypass(reason)
      const report: CallReport = { status: 'BYPASS', reason, ...(path !== undefined && { path }) }
      this.calls.counters.count(report)
      const { status, statusText, headers, body } = await request.passThrough()
      return { status, statusText, headers: reportedHeaders(headers, report), body }
    }
  }

  async #serve(call: HttpCall): Promise<HttpReply> {
    const planned = this.#plan(call)
    const { plan } = planned
    const steps = {
      ...this.#sending(call),
      signal: call.signal,
      renewal: this.#sending({ ...call, signal: undefined }),
    }
    // A request that must not be sent gets status 504 instead of an error.
    const lookup = { ...planned, plan: { ...plan, onlyIfCached: false } }
    const found = await this.#shared.lookUp(lookup, steps)
    if ('answer' in found) return replyOf(call, found.answer, found.report)
    if (plan.onlyIfCached) return this.#notCached(planned)
    const served = await this.#shared.join(planned, found, steps)
    if ('answer' in served) return replyOf(call, served.answer, served.report)
    return this.#follow(call, served)
  }

  #sending(call: HttpCall): HttpStart {
    const { protocol, isStream } = call.endpoint
    return {
      form: formOf(call),
      isReadable: (answer) =>
        isStream ? eventsOf(protocol, answer, call.body) !== undefined : !lacksUsage(answer),
      log: () => new HttpLog(),
      ask: (flight) => this.#send(call, flight),
    }
  }

  /** Returns the response of a running request. */
  async #follow(
    call: HttpCall,
    { flight, report, leave }: JoinedCall<HttpAnswer, HttpLog, HttpDecision>,
  ): Promise<HttpReply> {
    try {
      const head = await untilAborted(flight.log.head, call.signal)
      const { status, statusText } = head
      const headers = reportedHeaders(head.headers, report)
      if ('text' in head) {
        leave()
        return { status, statusText, headers, body: head.text }
      }
      const body = untilLeft(
        head.bytes.stream((bytes) => bytes.slice(), leave),
        call.signal,
      )
      return { status, statusText, headers, body }
    } catch (error) {
      leave()
      throw error
    }
  }

  #plan({ endpoint, body, request: { headers, tenant } }: HttpCall): CachedCall {
    const { protocol, address } = endpoint
    const reason = protocol.dependsOnProvider(body)
    if (reason !== undefined && !this.#options.cacheStatefulCalls) throw new BypassError(reason)
    const model = modelNameOf(body, address)
    const request = (): unknown => requestInKey(body, headers)
    const identity = { surface: 'http', provider: address, model, request, tenant } as const
    const planned = this.calls.plan(identity, controlIn(headers))
    if ('bypass' in planned)
      throw new BypassError(planned.bypass.reason ?? 'unknown_request', planned.bypass.path)
    return planned
  }

  async #send(call: HttpCall, flight: HttpFlight): Promise<HttpDecision> {
    const { log } = flight
    const startedAt = this.calls.clock.now()
    let bytes: PartLog<Uint8Array> | undefined
    try {
      const response = await call.request.send(call.text, flight.signal)
      const { status, statusText, headers } = response
      let decision: HttpDecision
      if (isEventStream(response) && response.body !== null) {
        bytes = new PartLog<Uint8Array>(MAX_STREAM_UNITS, ({ length }) => length)
        log.open({ status, statusText, headers, bytes })
        const { protocol } = call.endpoint
        decision = await collect(protocol, response.body, bytes, () => flight.close())
        await this.#commit(flight, call, decision, startedAt)
        bytes.end()
      } else {
        const text = await response.text()
        decision = status === 200 ? wholeAnswer(text) : { refusal: 'error' }
        await this.#commit(flight, call, decision, startedAt)
        log.open({ status, statusText, headers, text })
      }
      return decision
    } catch (error) {
      this.#shared.countFailure(flight)
      log.fail(error)
      bytes?.end(error)
      throw error
    }
  }

  #commit(
    flight: HttpFlight,
    { endpoint: { protocol }, body: request }: HttpCall,
    decision: HttpDecision,
    startedAt: number,
  ): Promise<void> {
    const decide = (): HttpDecision => {
      if ('refusal' in decision) return decision
      const { body } = decision.answer
      const answers = protocol.answersOf(body, request)
      if (typeof answers === 'string') return { refusal: answers }
      const json = protocol.wantsJson(request)
      const refusals = answers.map((answer) => refusalOf(answer, { json }))
      const refusal =
        answers.length === 0 ? 'empty' : refusals.find((reason) => reason !== undefined)
      if (refusal !== undefined) return { refusal }
      const isWanted: unknown =
        this.#options.shouldStore?.({ protocol: protocol.name, body }) ?? true
      return isWanted === true ? decision : { refusal: 'rejected' }
    }
    return this.#shared.commit(flight, decide, startedAt)
  }

  #notCached({ key }: CachedCall): HttpReply {
    const report: CallReport = { status: 'MISS', key: key.digest }
    this.calls.counters.count(report)
    const headers = { ...reportHeaders(report), 'content-type': 'application/json' }
    const error = { message: 'no answer is stored for this request', type: 'not_cached' }
    return { status: 504, statusText: 'Gateway Timeout', headers, body: JSON.stringify({ error }) }
  }
}

/** Returns the name of the model, which Google has in the path. */
function modelNameOf({ model }: Json, address: string): string {
  return typeof model === 'string' ? model : (/\/models\/([^/:]+):/.exec(address)?.[1] ?? '')
}

/** @throws BypassError (`unknown_request`) for a request that this cache does not know */
async function readCall(request: HttpRequest): Promise<HttpCall> {
  const { method, url } = request
  if (method.toUpperCase() !== 'POST' || url === undefined) throw new BypassError('unknown_request')
  const text = await request.text()
  const body = parseBody(text)
  const endpoint = endpointOf(url, body)
  if (endpoint === undefined) throw new BypassError('unknown_request')
  return { request, text, body, endpoint, signal: request.signal }
}

/** Returns a stored answer as a response, in the form that the request asks for. */
function replyOf({ endpoint, body }: HttpCall, answer: HttpAnswer, report: CallReport): HttpReply {
  const { protocol, isStream } = endpoint
  const type = isStream ? 'text/event-stream; charset=utf-8' : 'application/json'
  return {
    status: 200,
    statusText: '',
    headers: { ...reportHeaders(report), 'content-type': type },
    body: isStream
      ? eventText(protocol, answer, eventsOf(protocol, answer, body) ?? [])
      : bodyText(protocol, answer),
  }
}

/** Reads a stream to its end, and passes its bytes on. */
async function collect(
  protocol: Protocol,
  body: ReadableStream<Uint8Array>,
  bytes: PartLog<Uint8Array>,
  onError: () => void,
): Promise<HttpDecision> {
  const reader = new EventReader()
  const events: StreamEvent[] = []
  let isReadable = true
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    try {
      const more = isReadable ? reader.read(chunk) : []
      if (more.some(isError)) onError()
      events.push(...more)
    } catch {
      isReadable = false
    }
    await bytes.add(chunk)
  }
  if (!bytes.isComplete) return { refusal: 'too_large' }
  if (!isReadable || !reader.isBetweenEvents) return { refusal: 'incomplete' }
  const assembled = protocol.assemble?.(events) ?? 'unsupported_part'
  return typeof assembled === 'string'
    ? { refusal: assembled }
    : { answer: { body: assembled, events } }
}

function isError({ event, data }: StreamEvent): boolean {
  return event === 'error' || (data !== '[DONE]' && Boolean(data['error']))
}

function wholeAnswer(text: string): HttpDecision {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return { answer: { body: body as Json } }
  } catch {
    // The client gets the text as it is.
  }
  return { refusal: 'incomplete' }
}

/** Returns whether a stream was stored without the tokens that a body always has. */
function lacksUsage({ body, events }: HttpAnswer): boolean {
  return events !== undefined && Array.isArray(body['choices']) && body['usage'] === undefined
}

function isEventStream(response: Response): boolean {
  const type = response.headers.get('content-type') ?? ''
  return response.status === 200 && type.startsWith('text/event-stream')
}

/** Requests join only a request of the same form, because a stream and a body are different responses. */
function formOf({ endpoint, body }: HttpCall): string {
  return endpoint.isStream ? `stream ${JSON.stringify(body['stream_options'] ?? null)}` : 'whole'
}
