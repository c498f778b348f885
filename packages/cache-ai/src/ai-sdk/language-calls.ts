import { isPlainObject, onAbort } from '@verbatim/cache-core/implement'
import type { Found } from '../model-calls/answer-store.js'
import type { CachedCall } from '../model-calls/call-control.js'
import type { CallReport, RefusalReason } from '../model-calls/call-status.js'
import { refusalOf } from '../model-calls/commit-rule.js'
import { type Flight, type Flights, untilAborted } from '../model-calls/flights.js'
import type { ModelAnswer } from '../model-calls/model-answer.js'
import type { ResolvedModelCacheOptions } from '../model-calls/model-cache-options.js'
import { ModelCalls, sharedFlights } from '../model-calls/model-calls.js'
import { PartLog } from '../model-calls/part-log.js'
import { untilLeft } from '../model-calls/until-left.js'
import { AnswerCollector, type Collected, collectResult } from './answer-collector.js'
import { isReadable, resultOf } from './answer-parts.js'
import { firstReader, joinedReader, withReport } from './live-parts.js'
import { type ReplayPace, streamOf } from './replay.js'
import { CONTROL_NAME, requestDocument } from './request-document.js'
import {
  type SdkCallOptions,
  type SdkGenerateResult,
  type SdkLanguageModel,
  type SdkPart,
  type SdkStreamResult,
  type SpecVersion,
  specVersionOf,
} from './sdk-types.js'

/** Largest answer that is shared and stored, in UTF-16 units of its texts. */
const MOST_ANSWER_UNITS = 16 * 2 ** 20

/** A call of a language model. */
export interface LanguageCall {
  readonly model: SdkLanguageModel
  readonly params: SdkCallOptions
}

/** The end of a running call. */
type Outcome =
  | { readonly kind: 'result'; readonly result: SdkGenerateResult; readonly collected: Collected }
  | { readonly kind: 'stream'; readonly collected: Collected }

/** The parts that a running stream has received from the model. */
class StreamLog {
  readonly parts = new PartLog<SdkPart>(MOST_ANSWER_UNITS, unitsOf)
  /** The result of the model without its stream. */
  readonly result: Promise<Omit<SdkStreamResult, 'stream'>>
  open!: (result: Omit<SdkStreamResult, 'stream'>) => void
  #fail!: (error: unknown) => void

  constructor() {
    this.result = new Promise((resolve, reject) => {
      this.open = resolve
      this.#fail = reject
    })
    // Each caller handles the rejection; without callers, it is ignored.
    this.result.catch(() => undefined)
  }

  fail(error: unknown): void {
    this.#fail(error)
    this.parts.end(error)
  }
}

type LanguageFlight = Flight<StreamLog | undefined, Outcome>

export interface LanguageCallsOptions {
  readonly replay: ReplayPace
  readonly shouldStore: ((answer: ModelAnswer) => boolean) | undefined
}

/** Serves calls of language models from the cache, from calls that are running, or by the model. */
export class LanguageCalls {
  readonly calls: ModelCalls<ModelAnswer>
  readonly #options: ResolvedModelCacheOptions & LanguageCallsOptions
  readonly #flights: Flights<StreamLog | undefined, Outcome>

  constructor(options: ResolvedModelCacheOptions & LanguageCallsOptions) {
    this.#options = options
    this.calls = new ModelCalls(options)
    this.#flights = sharedFlights(options.cache, 'language')
  }

  /** Serves a call that does not stream. */
  async generate(call: LanguageCall): Promise<SdkGenerateResult> {
    const planned = this.#plan(call)
    if ('bypass' in planned) {
      const result = await call.model.doGenerate(withoutControl(call.params))
      return withReport(result, this.#counted(planned.bypass))
    }
    const spec = specVersionOf(call.model)
    const served = await this.#serve(call, planned, spec, () => this.#startGenerate(call, planned))
    if ('answer' in served) return resultOf(served.answer, spec, served.report)
    const { flight, report, leave } = served
    try {
      const outcome = await untilAborted(flight.outcome, call.params.abortSignal)
      if (outcome.kind === 'result' && report.status !== 'COALESCED')
        return withReport(outcome.result, report)
      if ('answer' in outcome.collected) return resultOf(outcome.collected.answer, spec, report)
      if (outcome.collected.error !== undefined) throw outcome.collected.error as Error
    } finally {
      leave()
    }
    // The call that was joined has no answer that can be copied.
    return withReport(await call.model.doGenerate(withoutControl(call.params)), report)
  }

  /** Serves a call that streams. */
  async stream(call: LanguageCall): Promise<SdkStreamResult> {
    const planned = this.#plan(call)
    if ('bypass' in planned) {
      const report = this.#counted(planned.bypass)
      const result = await call.model.doStream(withoutControl(call.params))
      return { ...result, stream: result.stream.pipeThrough(mapped(firstReader(report))) }
    }
    const spec = specVersionOf(call.model)
    const { abortSignal: signal } = call.params
    const pace = this.#options.replay
    const served = await this.#serve(call, planned, spec, () => this.#startStream(call, planned))
    if ('answer' in served)
      return { stream: streamOf(served.answer, spec, served.report, { pace, signal }) }
    const { flight, report, leave } = served
    const isFirst = report.status !== 'COALESCED'
    try {
      if (flight.log !== undefined) {
        const result = await untilAborted(flight.log.result, signal)
        const read = isFirst ? firstReader(report) : joinedReader(report, spec)
        const stream = untilLeft(flight.log.parts.stream(read, leave), signal)
        return isFirst ? { ...result, stream } : { stream }
      }
      const { collected } = await untilAborted(flight.outcome, signal)
      leave()
      if ('answer' in collected)
        return { stream: streamOf(collected.answer, spec, report, { pace, signal }) }
    } catch (error) {
      leave()
      throw error
    }
    return call.model.doStream(withoutControl(call.params))
  }

  #plan(call: LanguageCall): CachedCall | { readonly bypass: CallReport } {
    const { model, params } = call
    const request = (): unknown => {
      const { request: fields, headers } = requestDocument(params, this.#options)
      return { fields, headers }
    }
    const identity = {
      surface: 'language',
      provider: model.provider,
      model: model.modelId,
    } as const
    return this.calls.plan({ ...identity, request }, params.providerOptions?.[CONTROL_NAME])
  }

  /** Returns a stored answer, or the running call that this call waits for. */
  async #serve(
    call: LanguageCall,
    planned: CachedCall,
    spec: SpecVersion,
    start: () => LanguageFlight,
  ): Promise<
    | { readonly answer: ModelAnswer; readonly report: CallReport }
    | { readonly flight: LanguageFlight; readonly report: CallReport; readonly leave: () => void }
  > {
    const id = flightId(planned, spec)
    const key = planned.key.digest
    let found: Found<ModelAnswer> = { state: 'absent' }
    if (this.#flights.get(id) === undefined) {
      const { ended } = this.#flights
      const find = (): Promise<Found<ModelAnswer>> =>
        this.calls.find(planned, (answer) => isReadable(answer, spec))
      found = await find()
      // A call that ended during the lookup has stored its answer after the lookup began.
      if (found.state === 'absent' && ended !== this.#flights.ended) found = await find()
    }
    call.params.abortSignal?.throwIfAborted()
    if ('answer' in found) {
      const status = found.state === 'stale' ? 'STALE' : 'HIT'
      if (status === 'STALE') this.#revalidate(call, planned, spec)
      const report: CallReport = { status, key, ageMs: Math.round(found.ageMs) }
      return { answer: found.answer, report: this.#counted(report) }
    }
    const running = this.#flights.get(id)
    const flight = running ?? start()
    flight.addStoring(planned)
    const leave = flight.enter()
    const report = this.#counted(startReport(planned, found, running !== undefined))
    return { flight, report, leave }
  }

  #revalidate(call: LanguageCall, planned: CachedCall, spec: SpecVersion): void {
    const { abortSignal: _, ...params } = call.params
    const refresh = { ...planned, plan: { ...planned.plan, refresh: true } }
    if (this.#flights.get(flightId(refresh, spec)) !== undefined) return
    const flight = this.#startGenerate({ ...call, params }, refresh)
    flight.addStoring(refresh)
    flight.enter()
  }

  #startGenerate({ model, params }: LanguageCall, planned: CachedCall): LanguageFlight {
    const id = flightId(planned, specVersionOf(model))
    return this.#flights.start(id, undefined, this.#options.whenAbandoned, async (flight) => {
      const startedAt = this.calls.clock.now()
      const result = await model.doGenerate(ofFlight(params, flight))
      const collected = collectSafely(() => collectResult(result))
      await this.#commit(flight, collected, params, this.calls.clock.now() - startedAt)
      return { kind: 'result', result, collected }
    })
  }

  #startStream({ model, params }: LanguageCall, planned: CachedCall): LanguageFlight {
    const id = flightId(planned, specVersionOf(model))
    const log = new StreamLog()
    const { parts } = log
    return this.#flights.start(id, log, this.#options.whenAbandoned, async (flight) => {
      const startedAt = this.calls.clock.now()
      try {
        const { stream, ...result } = await model.doStream(ofFlight(params, flight))
        log.open(result)
        const collector = new AnswerCollector(() => this.calls.clock.now())
        for await (const part of untilCancelled(stream, flight.signal)) {
          collectPart(collector, part)
          if (part.type === 'error') flight.close()
          await parts.add(part)
        }
        const collected = parts.isComplete ? collectSafely(() => collector.end()) : TOO_LARGE
        await this.#commit(flight, collected, params, this.calls.clock.now() - startedAt)
        parts.end()
        return { kind: 'stream', collected }
      } catch (error) {
        this.calls.counters.countRefusal(flight.signal.aborted ? 'incomplete' : 'error')
        log.fail(error)
        throw error
      }
    })
  }

  async #commit(
    flight: LanguageFlight,
    collected: Collected,
    params: SdkCallOptions,
    durationMs: number,
  ): Promise<void> {
    const { storing } = flight
    if (storing === undefined) return
    const decide = (): { answer: ModelAnswer } | { refusal: RefusalReason } => {
      if ('refusal' in collected) return { refusal: collected.refusal }
      const { answer } = collected
      const refusal = refusalOf(answer, { json: wantsJson(params) })
      if (refusal !== undefined) return { refusal }
      const isWanted: unknown = this.#options.shouldStore?.(answer) ?? true
      return isWanted === true ? { answer } : { refusal: 'rejected' }
    }
    await this.calls.commit(storing, decide, durationMs)
  }

  #counted(report: CallReport): CallReport {
    this.calls.counters.count(report)
    return report
  }
}

const TOO_LARGE: Collected = { refusal: 'too_large' }

function collectSafely(collect: () => Collected): Collected {
  try {
    return collect()
  } catch (error) {
    return { refusal: 'unsupported_part', error }
  }
}

function collectPart(collector: AnswerCollector, part: SdkPart): void {
  try {
    collector.add(part)
  } catch (error) {
    collector.add({ type: 'error', error })
  }
}

function startReport(
  { key, plan }: CachedCall,
  found: Found<ModelAnswer>,
  isJoined: boolean,
): CallReport {
  if (isJoined) return { status: 'COALESCED', key: key.digest }
  if (found.state === 'unavailable')
    return { status: 'BYPASS', reason: 'store_unavailable', key: key.digest }
  return { status: plan.refresh ? 'REFRESH' : 'MISS', key: key.digest }
}

/** Calls that want a new answer do not join a call that began before they wanted it. */
function flightId({ key, plan }: CachedCall, spec: SpecVersion): string {
  return `${spec}:${plan.refresh ? 'refresh' : 'call'}:${key.key}`
}

function wantsJson({ responseFormat }: SdkCallOptions): boolean {
  return isPlainObject(responseFormat) && responseFormat.type === 'json'
}

/** Returns the options for the provider. The call is aborted when the last caller leaves. */
function ofFlight(params: SdkCallOptions, flight: LanguageFlight): SdkCallOptions {
  return { ...withoutControl(params), abortSignal: flight.signal }
}

/** Returns the options of a call without those of this cache. */
export function withoutControl(params: SdkCallOptions): SdkCallOptions {
  const { providerOptions } = params
  if (providerOptions === undefined || !(CONTROL_NAME in providerOptions)) return params
  const { [CONTROL_NAME]: _, ...others } = providerOptions
  return { ...params, providerOptions: others }
}

function unitsOf(part: SdkPart): number {
  let units = 64
  for (const value of Object.values(part)) {
    if (typeof value === 'string') units += value.length
    else if (value instanceof Uint8Array) units += value.length
  }
  return units
}

function mapped(map: (part: SdkPart) => SdkPart): TransformStream<SdkPart, SdkPart> {
  return new TransformStream({
    transform: (part, controller) => controller.enqueue(map(part)),
  })
}

/** Yields the parts of a stream, and cancels it when the signal is aborted. */
async function* untilCancelled(
  stream: ReadableStream<SdkPart>,
  signal: AbortSignal,
): AsyncGenerator<SdkPart, void> {
  const reader = stream.getReader()
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined)
  const stop = onAbort(signal, cancel)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    stop()
  }
}
