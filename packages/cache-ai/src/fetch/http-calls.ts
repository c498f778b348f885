import type { CachedCall, CallControl } from '../model-calls/call-control.js'
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
import {
  controlIn,
  type HeaderReader,
  parseBody,
  reportedHeaders,
  reportHeaders,
} from './http-control.js'
import { requestInKey } from './http-request.js'
import type { Json } from './protocols/protocol.js'
import { bodyText, eventsOf, eventText, type HttpAnswer } from './replayed-body.js'
import { StreamCollector } from './stream-collector.js'
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
  /** Sends the request for all its callers, until the signal is aborted. */
  readonly send: (signal: AbortSignal) => Promise<Response>
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
    const control = controlIn(request.headers)
    try {
      return await this.#serve(await readCall(request), control)
    } catch (error) {
      if (!(error instanceof BypassError)) throw error
      if (control.onlyIfCached === true) return this.#notCached({ status: 'MISS' })
      const { reason, path } = error
      this.calls.assertMayBypass(reason)
      const report: CallReport = { status: 'BYPASS', reason, ...(path !== undefined && { path }) }
      this.calls.counters.count(report)
      const { status, statusText, headers, body } = await request.passThrough()
      return { status, statusText, headers: reportedHeaders(headers, report), body }
    }
  }

  /** Serves a known request. With `onlyIfCached`, the reply to a miss has the status 504. */
  async #serve(call: HttpCall, { onlyIfCached, ...control }: CallControl): Promise<HttpReply> {
    const planned = this.#plan(call, control)
    const steps = {
      ...this.#sending(call),
      signal: call.signal,
      renewal: this.#sending({ ...call, signal: undefined }),
    }
    const found = await this.#shared.lookUp(planned, steps)
    if ('answer' in found) return replyOf(call, found.answer, found.report)
    if (onlyIfCached === true) return this.#notCached({ status: 'MISS', key: planned.key.digest })
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

  #plan(
    { endpoint, body, request: { headers, tenant } }: HttpCall,
    control: CallControl,
  ): CachedCall {
    const { protocol, address } = endpoint
    const reason = protocol.dependsOnProvider(body)
    if (reason !== undefined && !this.#options.cacheStatefulCalls) throw new BypassError(reason)
    const model = modelNameOf(body, address)
    const request = (): unknown => requestInKey(body, headers)
    const identity = { surface: 'http', provider: address, model, request, tenant } as const
    const planned = this.calls.plan(identity, control)
    if ('bypass' in planned)
      throw new BypassError(planned.bypass.reason ?? 'unknown_request', planned.bypass.path)
    return planned
  }

  async #send(call: HttpCall, flight: HttpFlight): Promise<HttpDecision> {
    const { log } = flight
    const startedAt = this.calls.clock.now()
    let bytes: PartLog<Uint8Array> | undefined
    let decision: HttpDecision | undefined
    const commit = async (decided: HttpDecision): Promise<HttpDecision> => {
      await this.#commit(flight, call, decided, startedAt)
      return decided
    }
    try {
      const response = await call.request.send(flight.signal)
      const { status, statusText, headers, body } = response
      if (isEventStream(response, call.endpoint) && body !== null) {
        bytes = new PartLog<Uint8Array>(MAX_STREAM_UNITS, ({ length }) => length)
        log.open({ status, statusText, headers, bytes })
        const collector = new StreamCollector(call.endpoint.protocol)
        for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
          collector.add(chunk)
          if (collector.hasFailed) flight.close()
          // A client may leave as soon as it has the last event.
          if (collector.hasEnded) decision ??= await commit(collector.end())
          await bytes.add(chunk)
        }
        decision ??= await commit(bytes.isComplete ? collector.end() : { refusal: 'too_large' })
        bytes.end()
      } else {
        const text = await response.text()
        decision = await commit(status === 200 ? wholeAnswer(text) : { refusal: 'error' })
        log.open({ status, statusText, headers, text })
      }
      return decision
    } catch (error) {
      if (decision === undefined) this.#shared.countFailure(flight)
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

  #notCached(report: CallReport): HttpReply {
    this.calls.counters.count(report)
    const headers = { ...reportHeaders(report), 'content-type': 'application/json' }
    const error = { message: 'no answer is stored for this request', type: 'not_cached' }
    return { status: 504, statusText: 'Gateway Timeout', headers, body: JSON.stringify({ error }) }
  }
}

/** Returns the name of the model, which Google has in the path. Azure has the name of its deployment there. */
function modelNameOf({ model }: Json, address: string): string {
  const [, name = ''] = /\/(?:models|deployments)\/([^/:]+)[/:]/.exec(address) ?? []
  return typeof model === 'string' ? model : name
}

/** @throws BypassError (`unknown_request`) for a request that this cache does not know */
async function readCall(request: HttpRequest): Promise<HttpCall> {
  const { method, url } = request
  if (method.toUpperCase() !== 'POST' || url === undefined) throw new BypassError('unknown_request')
  const body = parseBody(await request.text())
  const endpoint = endpointOf(url, body)
  if (endpoint === undefined) throw new BypassError('unknown_request')
  return { request, body, endpoint, signal: request.signal }
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

function wholeAnswer(text: string): HttpDecision {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // The client gets the text as it is.
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return { refusal: 'incomplete' }
  return (body as Json)['error'] ? { refusal: 'error' } : { answer: { body: body as Json } }
}

/** Returns whether a stream was stored without the tokens that a body always has. */
function lacksUsage({ body, events }: HttpAnswer): boolean {
  return events !== undefined && Array.isArray(body['choices']) && body['usage'] === undefined
}

/** Returns whether a response is a stream of events. Some servers send events as another type of text. */
function isEventStream({ status, headers }: Response, { isStream }: Endpoint): boolean {
  const type = (headers.get('content-type') ?? '').toLowerCase()
  return (
    status === 200 && (type.startsWith('text/event-stream') || (isStream && !type.includes('json')))
  )
}

/** Requests join only a request of the same form, because a stream and a body are different responses. */
function formOf({ endpoint, body }: HttpCall): string {
  return endpoint.isStream ? `stream ${JSON.stringify(body['stream_options'] ?? null)}` : 'whole'
}
