import type { Found } from '../model-calls/answer-store.js'
import type { CachedCall, CallControl } from '../model-calls/call-control.js'
import { BypassError, type CallReport, type RefusalReason } from '../model-calls/call-status.js'
import { refusalOf } from '../model-calls/commit-rule.js'
import { type Flight, type Flights, untilAborted } from '../model-calls/flights.js'
import type { ResolvedModelCacheOptions } from '../model-calls/model-cache-options.js'
import { ModelCalls, sharedFlights } from '../model-calls/model-calls.js'
import { PartLog } from '../model-calls/part-log.js'
import { untilLeft } from '../model-calls/until-left.js'
import type { HttpAnswerInfo } from './caching-fetch.js'
import type { Endpoint } from './endpoints.js'
import { EventReader } from './event-reader.js'
import { reportHeaders } from './http-control.js'
import { requestInKey } from './http-request.js'
import type { Json, Protocol, StreamEvent } from './protocols/protocol.js'
import { bodyText, eventTexts, type HttpAnswer } from './replayed-body.js'

/** Largest stream that is shared and stored, in bytes. */
const MOST_BYTES = 16 * 2 ** 20

/** A request of a known protocol. */
export interface HttpCall {
  readonly url: string
  readonly init: RequestInit
  readonly headers: Headers
  readonly body: Json
  readonly endpoint: Endpoint
  readonly control: CallControl
  readonly signal: AbortSignal | undefined
}

/** The beginning of a response: all of it, or the bytes of a stream. */
type Head = { readonly status: number; readonly statusText: string; readonly headers: Headers } & (
  | { readonly text: string }
  | { readonly bytes: PartLog<Uint8Array> }
)

type Decision = { readonly answer: HttpAnswer } | { readonly refusal: RefusalReason }

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

type HttpFlight = Flight<HttpLog, Decision>

export interface HttpCallsOptions extends ResolvedModelCacheOptions {
  readonly send: typeof globalThis.fetch
  readonly shouldStore: ((answer: HttpAnswerInfo) => boolean) | undefined
}

/** Serves requests from the cache, from requests that are running, or by the provider. */
export class HttpCalls {
  readonly calls: ModelCalls<HttpAnswer>
  readonly #options: HttpCallsOptions
  readonly #flights: Flights<HttpLog, Decision>

  constructor(options: HttpCallsOptions) {
    this.#options = options
    this.calls = new ModelCalls(options)
    this.#flights = sharedFlights(options.cache, 'http')
  }

  /** @throws BypassError for a request that must not use the cache */
  async serve(call: HttpCall): Promise<Response> {
    const planned = this.#plan(call)
    const id = flightId(planned, call)
    let found: Found<HttpAnswer> = { state: 'absent' }
    if (this.#flights.get(id) === undefined) {
      const { ended } = this.#flights
      found = await this.#find(planned, call)
      // A call that ended during the lookup has stored its answer after the lookup began.
      if (found.state === 'absent' && ended !== this.#flights.ended)
        found = await this.#find(planned, call)
    }
    call.signal?.throwIfAborted()
    if ('answer' in found) {
      const status = found.state === 'stale' ? 'STALE' : 'HIT'
      if (status === 'STALE') this.#revalidate(call, planned)
      const report = { status, key: planned.key.digest, ageMs: found.ageMs } as const
      return responseOf(call, found.answer, this.#counted(report))
    }
    if (planned.plan.onlyIfCached) return this.#notCached(planned)
    const running = this.#flights.get(id)
    const flight = running ?? this.#start(call, planned)
    flight.addStoring(planned)
    const report = this.#counted(startReport(planned, found, running !== undefined))
    return this.#follow(call, flight, report)
  }

  /** Returns the response of a running request. */
  async #follow(call: HttpCall, flight: HttpFlight, report: CallReport): Promise<Response> {
    const leave = flight.enter()
    try {
      const head = await untilAborted(flight.log.head, call.signal)
      const { status, statusText } = head
      const headers = headersOf(head.headers, report)
      if ('text' in head) {
        leave()
        return new Response(head.text, { status, statusText, headers })
      }
      const stream = untilLeft(
        head.bytes.stream((bytes) => bytes.slice(), leave),
        call.signal,
      )
      return new Response(stream, { status, statusText, headers })
    } catch (error) {
      leave()
      throw error
    }
  }

  #plan({ endpoint, body, headers, control }: HttpCall): CachedCall {
    const { protocol, address } = endpoint
    const reason = protocol.dependsOnProvider(body)
    if (reason !== undefined && !this.#options.cacheStatefulCalls) throw new BypassError(reason)
    const model = typeof body['model'] === 'string' ? body['model'] : ''
    const request = (): unknown => requestInKey(body, headers)
    const planned = this.calls.plan({ surface: 'http', provider: address, model, request }, control)
    if ('bypass' in planned)
      throw new BypassError(planned.bypass.reason ?? 'unknown_request', planned.bypass.path)
    return planned
  }

  async #find(planned: CachedCall, call: HttpCall): Promise<Found<HttpAnswer>> {
    const { protocol, isStream } = call.endpoint
    // A request that must not be sent gets status 504 instead of an error.
    const plan = { ...planned.plan, onlyIfCached: false }
    return this.calls.find({ ...planned, plan }, (answer) =>
      isStream ? eventTexts(protocol, answer, call.body) !== undefined : !lacksUsage(answer),
    )
  }

  #start(call: HttpCall, planned: CachedCall): HttpFlight {
    const log = new HttpLog()
    const { whenAbandoned } = this.#options
    return this.#flights.start(flightId(planned, call), log, whenAbandoned, async (flight) => {
      const startedAt = this.calls.clock.now()
      let bytes: PartLog<Uint8Array> | undefined
      try {
        const response = await this.#options.send(call.url, { ...call.init, signal: flight.signal })
        const { status, statusText, headers } = response
        let decision: Decision
        if (isEventStream(response) && response.body !== null) {
          bytes = new PartLog<Uint8Array>(MOST_BYTES, ({ length }) => length)
          log.open({ status, statusText, headers, bytes })
          decision = await collect(call.endpoint.protocol, response.body, bytes, () =>
            flight.close(),
          )
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
        this.calls.counters.countRefusal(flight.signal.aborted ? 'incomplete' : 'error')
        log.fail(error)
        bytes?.end(error)
        throw error
      }
    })
  }

  async #commit(
    flight: HttpFlight,
    { endpoint: { protocol }, body: request }: HttpCall,
    decision: Decision,
    startedAt: number,
  ): Promise<void> {
    const { storing } = flight
    if (storing === undefined) return
    const decide = (): Decision => {
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
    await this.calls.commit(storing, decide, this.calls.clock.now() - startedAt)
  }

  #revalidate(call: HttpCall, planned: CachedCall): void {
    const refresh = { ...planned, plan: { ...planned.plan, refresh: true } }
    if (this.#flights.get(flightId(refresh, call)) !== undefined) return
    const flight = this.#start({ ...call, signal: undefined }, refresh)
    flight.addStoring(refresh)
    flight.enter()
  }

  #notCached({ key }: CachedCall): Response {
    const report = this.#counted({ status: 'MISS', key: key.digest })
    const headers = { ...reportHeaders(report), 'content-type': 'application/json' }
    const error = { message: 'no answer is stored for this request', type: 'not_cached' }
    return new Response(JSON.stringify({ error }), { status: 504, headers })
  }

  #counted(report: CallReport): CallReport {
    this.calls.counters.count(report)
    return report
  }
}

/** Returns a stored answer as a response, in the form that the request asks for. */
function responseOf(call: HttpCall, answer: HttpAnswer, report: CallReport): Response {
  const { protocol, isStream } = call.endpoint
  const type = isStream ? 'text/event-stream; charset=utf-8' : 'application/json'
  const headers = { ...reportHeaders(report), 'content-type': type }
  if (!isStream) return new Response(bodyText(protocol, answer), { headers })
  const events = eventTexts(protocol, answer, call.body) ?? []
  return new Response(events.join(''), { headers })
}

/** Reads a stream to its end, and passes its bytes on. */
async function collect(
  protocol: Protocol,
  body: ReadableStream<Uint8Array>,
  bytes: PartLog<Uint8Array>,
  onError: () => void,
): Promise<Decision> {
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

function wholeAnswer(text: string): Decision {
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

function headersOf(given: Headers, report: CallReport): Headers {
  const headers = new Headers(given)
  // The body is already decoded.
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding'])
    headers.delete(name)
  for (const [name, value] of Object.entries(reportHeaders(report))) headers.set(name, value)
  return headers
}

function startReport(
  { key, plan }: CachedCall,
  found: Found<HttpAnswer>,
  isJoined: boolean,
): CallReport {
  if (isJoined) return { status: 'COALESCED', key: key.digest }
  if (found.state === 'unavailable')
    return { status: 'BYPASS', reason: 'store_unavailable', key: key.digest }
  return { status: plan.refresh ? 'REFRESH' : 'MISS', key: key.digest }
}

/** Requests join only a request of the same form, because a stream and a body are different responses. */
function flightId({ key, plan }: CachedCall, { endpoint, body }: HttpCall): string {
  const form = endpoint.isStream
    ? `stream ${JSON.stringify(body['stream_options'] ?? null)}`
    : 'whole'
  return `${form}:${plan.refresh ? 'refresh' : 'call'}:${key.key}`
}
