import { isPlainObject, onAbort } from '@verbatim/cache-core/implement'
import type { CachedCall } from '../model-calls/call-control.js'
import type { CallReport } from '../model-calls/call-status.js'
import { refusalOf } from '../model-calls/commit-rule.js'
import { type Flight, untilAborted } from '../model-calls/flights.js'
import type { ModelAnswer } from '../model-calls/model-answer.js'
import type { ResolvedModelCacheOptions } from '../model-calls/model-cache-options.js'
import { type Decision, ModelCalls } from '../model-calls/model-calls.js'
import { PartLog } from '../model-calls/part-log.js'
import {
  type CallStart,
  type JoinedCall,
  MAX_STREAM_UNITS,
  SharedCalls,
  type StoredAnswer,
} from '../model-calls/shared-calls.js'
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
  specVersionOf,
} from './sdk-types.js'

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
  readonly parts = new PartLog<SdkPart>(MAX_STREAM_UNITS, unitsOf)
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

type LanguageFlight = Flight<ModelAnswer, StreamLog | undefined, Outcome>
type LanguageStart = CallStart<ModelAnswer, StreamLog | undefined, Outcome>

export interface LanguageCallsOptions {
  readonly replay: ReplayPace
  readonly shouldStore: ((answer: ModelAnswer) => boolean) | undefined
}

/** Serves calls of language models from the cache, from calls that are running, or by the model. */
export class LanguageCalls {
  readonly calls: ModelCalls<ModelAnswer>
  readonly #options: ResolvedModelCacheOptions & LanguageCallsOptions
  readonly #shared: SharedCalls<ModelAnswer, StreamLog | undefined, Outcome>

  constructor(options: ResolvedModelCacheOptions & LanguageCallsOptions) {
    this.#options = options
    this.calls = new ModelCalls(options, ({ usage }) => usage)
    this.#shared = new SharedCalls(this.calls, options, 'language')
  }

  /** Serves a call that does not stream. */
  async generate(call: LanguageCall): Promise<SdkGenerateResult> {
    const planned = this.#plan(call)
    if ('bypass' in planned) {
      const result = await call.model.doGenerate(withoutControl(call.params))
      return withReport(result, this.#counted(planned.bypass))
    }
    const spec = specVersionOf(call.model)
    const served = await this.#serve(call, planned, this.#generation(call))
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
    const served = await this.#serve(call, planned, this.#streaming(call))
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

  #serve(
    call: LanguageCall,
    planned: CachedCall,
    start: LanguageStart,
  ): Promise<StoredAnswer<ModelAnswer> | JoinedCall<ModelAnswer, StreamLog | undefined, Outcome>> {
    const { abortSignal: signal, ...params } = call.params
    const renewal = this.#generation({ ...call, params })
    return this.#shared.serve(planned, { ...start, signal, renewal })
  }

  #generation(call: LanguageCall): LanguageStart {
    const { model, params } = call
    return {
      ...formOf(call),
      log: () => undefined,
      ask: async (flight) => {
        const startedAt = this.calls.clock.now()
        const result = await model.doGenerate(ofFlight(params, flight))
        const collected = collectSafely(() => collectResult(result))
        await this.#commit(flight, collected, params, startedAt)
        return { kind: 'result', result, collected }
      },
    }
  }

  #streaming(call: LanguageCall): LanguageStart {
    return {
      ...formOf(call),
      log: () => new StreamLog(),
      ask: (flight) => this.#askForStream(call, flight, flight.log as StreamLog),
    }
  }

  async #askForStream(
    { model, params }: LanguageCall,
    flight: LanguageFlight,
    log: StreamLog,
  ): Promise<Outcome> {
    const { parts } = log
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
      await this.#commit(flight, collected, params, startedAt)
      parts.end()
      return { kind: 'stream', collected }
    } catch (error) {
      this.#shared.countFailure(flight)
      log.fail(error)
      throw error
    }
  }

  #commit(
    flight: LanguageFlight,
    collected: Collected,
    params: SdkCallOptions,
    startedAt: number,
  ): Promise<void> {
    const decide = (): Decision<ModelAnswer> => {
      if ('refusal' in collected) return { refusal: collected.refusal }
      const { answer } = collected
      const refusal = refusalOf(answer, { json: wantsJson(params) })
      if (refusal !== undefined) return { refusal }
      const isWanted: unknown = this.#options.shouldStore?.(answer) ?? true
      return isWanted === true ? { answer } : { refusal: 'rejected' }
    }
    return this.#shared.commit(flight, decide, startedAt)
  }

  #counted(report: CallReport): CallReport {
    this.calls.counters.count(report)
    return report
  }
}

/** Returns the form of a call: streams and other calls share answers within one version of the AI SDK. */
function formOf({ model }: LanguageCall): Pick<LanguageStart, 'form' | 'isReadable'> {
  const spec = specVersionOf(model)
  return { form: String(spec), isReadable: (answer) => isReadable(answer, spec) }
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
