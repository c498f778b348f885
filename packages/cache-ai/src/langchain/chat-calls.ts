/* oxlint-disable no-underscore-dangle -- LangChain begins the names of methods for subclasses with one */
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { BaseMessage } from '@langchain/core/messages'
import type { ChatGenerationChunk, ChatResult } from '@langchain/core/outputs'
import type { CachedCall } from '../model-calls/call-control.js'
import type { CallReport, RefusalReason } from '../model-calls/call-status.js'
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
  type StoredAnswer,
} from '../model-calls/shared-calls.js'
import { freshIds } from '../model-calls/tool-call-ids.js'
import { chatRequest } from './chat-request.js'
import {
  answerOf,
  chunkFrom,
  fromStored,
  type StoredChat,
  type StoredGeneration,
  toStored,
  usageOf,
} from './messages.js'

/** A call of a chat model. */
export interface ChatCall {
  readonly model: BaseChatModel
  readonly messages: BaseMessage[]
  readonly options: object
  readonly run: CallbackManagerForLLMRun | undefined
}

type Collected = { readonly chat: StoredChat } | { readonly refusal: RefusalReason }

interface Outcome {
  readonly collected: Collected
  /** The result of the model; absent for a stream. */
  readonly result?: ChatResult
}

/** The parts of a stream; `undefined` when the call does not stream. */
type ChatLog = PartLog<StoredGeneration> | undefined

type ChatFlight = Flight<StoredChat, ChatLog, Outcome>
type ChatStart = CallStart<StoredChat, ChatLog, Outcome>

/** Serves calls of chat models from the cache, from calls that are running, or by the model. */
export class ChatCalls {
  readonly calls: ModelCalls<StoredChat>
  readonly #options: ResolvedModelCacheOptions
  readonly #shared: SharedCalls<StoredChat, ChatLog, Outcome>

  constructor(options: ResolvedModelCacheOptions) {
    this.#options = options
    this.calls = new ModelCalls(options, usageOf)
    this.#shared = new SharedCalls(this.calls, options, 'langchain')
  }

  async generate(call: ChatCall): Promise<ChatResult> {
    const { model, messages, run } = call
    const planned = this.#plan(call)
    if ('bypass' in planned) {
      this.calls.counters.count(planned.bypass)
      return reported(await model._generate(messages, modelOptions(call), run), planned.bypass)
    }
    const served = await this.#serve(call, planned, this.#generation(call))
    if ('answer' in served) return resultOf(served.answer, served.report)
    const { flight, report, leave } = served
    try {
      const { result, collected } = await untilAborted(flight.outcome, signalOf(call))
      if (report.status !== 'COALESCED' && result !== undefined) return reported(result, report)
      if ('chat' in collected) return resultOf(collected.chat, report)
    } finally {
      leave()
    }
    return reported(await model._generate(messages, modelOptions(call), run), report)
  }

  async *stream(call: ChatCall): AsyncGenerator<ChatGenerationChunk> {
    const { model, messages, run } = call
    const planned = this.#plan(call)
    if ('bypass' in planned) {
      this.calls.counters.count(planned.bypass)
      yield* model._streamResponseChunks(messages, modelOptions(call), run)
      return
    }
    const served = await this.#serve(call, planned, this.#streaming(call))
    const ids = freshIds()
    if ('answer' in served) {
      const { generation, chunks = [generation] } = served.answer
      for (const chunk of chunks) yield* announced(chunkFrom(chunk, ids, served.report), run)
      return
    }
    const { flight, report, leave } = served
    const isFirst = report.status !== 'COALESCED'
    try {
      const reader = (flight.log as PartLog<StoredGeneration>)
        .stream((part) => part, leave)
        .getReader()
      try {
        for (;;) {
          const { done, value } = await untilAborted(reader.read(), signalOf(call))
          if (done) return
          yield* announced(isFirst ? ownChunk(value, report) : chunkFrom(value, ids, report), run)
        }
      } finally {
        reader.cancel().catch(() => undefined)
      }
    } finally {
      leave()
    }
  }

  #plan(call: ChatCall): CachedCall | { readonly bypass: CallReport } {
    const { model, messages, options } = call
    const request = (): unknown => chatRequest(model, messages, options, this.#options)
    const { verbatim } = options as { readonly verbatim?: unknown }
    const identity = {
      surface: 'langchain',
      provider: model.constructor.name,
      model: modelNameOf(model),
    } as const
    return this.calls.plan({ ...identity, request }, verbatim)
  }

  #serve(
    call: ChatCall,
    planned: CachedCall,
    start: ChatStart,
  ): Promise<StoredAnswer<StoredChat> | JoinedCall<StoredChat, ChatLog, Outcome>> {
    const renewal = this.#generation({ ...call, run: undefined })
    return this.#shared.serve(planned, { ...start, signal: signalOf(call), renewal })
  }

  #generation(call: ChatCall): ChatStart {
    return {
      form: 'call',
      isReadable: isStoredChat,
      log: () => undefined,
      ask: async (flight) => {
        const startedAt = this.calls.clock.now()
        const options = modelOptions(call, flight.signal)
        const result = await call.model._generate(call.messages, options, call.run)
        const collected = collect(result)
        await this.#commit(flight, call, collected, startedAt)
        return { result, collected }
      },
    }
  }

  #streaming(call: ChatCall): ChatStart {
    return {
      form: 'stream',
      isReadable: isStoredChat,
      log: () => new PartLog<StoredGeneration>(MAX_STREAM_UNITS, ({ text }) => text.length + 256),
      ask: (flight) => this.#askForStream(call, flight, flight.log as PartLog<StoredGeneration>),
    }
  }

  async #askForStream(
    call: ChatCall,
    flight: ChatFlight,
    log: PartLog<StoredGeneration>,
  ): Promise<Outcome> {
    const startedAt = this.calls.clock.now()
    try {
      const options = modelOptions(call, flight.signal)
      const chunks: StoredGeneration[] = []
      let whole: ChatGenerationChunk | undefined
      // Without the callbacks of this caller, because each caller calls its own.
      for await (const chunk of call.model._streamResponseChunks(call.messages, options)) {
        const stored = toStored(chunk)
        chunks.push(stored)
        whole = whole === undefined ? chunk : whole.concat(chunk)
        await log.add(stored)
      }
      const isAborted = flight.signal.aborted || !log.isComplete || whole === undefined
      const collected: Collected = isAborted
        ? { refusal: 'incomplete' }
        : { chat: { generation: toStored(whole as ChatGenerationChunk), chunks } }
      await this.#commit(flight, call, collected, startedAt)
      log.end()
      return { collected }
    } catch (error) {
      this.#shared.countFailure(flight)
      log.end(error)
      throw error
    }
  }

  #commit(
    flight: ChatFlight,
    { options }: ChatCall,
    collected: Collected,
    startedAt: number,
  ): Promise<void> {
    const decide = (): Decision<StoredChat> => {
      if ('refusal' in collected) return collected
      const answer = answerOf(collected.chat.generation)
      if (typeof answer === 'string') return { refusal: answer }
      const refusal = refusalOf(answer, { json: wantsJson(options) })
      return refusal === undefined ? { answer: collected.chat } : { refusal }
    }
    return this.#shared.commit(flight, decide, startedAt)
  }
}

/** Returns the name of a model for the savings. The key also contains what the model says of itself. */
function modelNameOf(model: BaseChatModel): string {
  const { model: name, modelName } = model as unknown as Record<string, unknown>
  const known = [name, modelName].find((value) => typeof value === 'string')
  return known ?? ''
}

function collect(result: ChatResult): Collected {
  // Several candidates look like several answers.
  const [generation, ...others] = result.generations
  if (generation === undefined || others.length > 0) return { refusal: 'unsupported_part' }
  try {
    return { chat: { generation: toStored(generation) } }
  } catch {
    return { refusal: 'unrepresentable_value' }
  }
}

function resultOf({ generation }: StoredChat, report: CallReport): ChatResult {
  return { generations: [fromStored(generation, freshIds(), report)], llmOutput: {} }
}

/** Returns the result of the model with the status of the call in its messages. */
function reported(result: ChatResult, report: CallReport): ChatResult {
  for (const { message } of result.generations)
    message.response_metadata = { ...message.response_metadata, verbatim: { ...report } }
  return result
}

/** Returns a chunk for the caller that asked the model, with its tokens and ids. */
function ownChunk(stored: StoredGeneration, report: CallReport): ChatGenerationChunk {
  const chunk = chunkFrom(
    stored,
    { rename: (id: string) => id } as ReturnType<typeof freshIds>,
    report,
  )
  const { usage_metadata } = stored.message.data as unknown as { usage_metadata?: never }
  if (usage_metadata !== undefined)
    Object.assign(chunk.message, { usage_metadata: structuredClone(usage_metadata) })
  return chunk
}

/** Yields a chunk, and passes its text to the callbacks of the caller. */
async function* announced(
  chunk: ChatGenerationChunk,
  run: CallbackManagerForLLMRun | undefined,
): AsyncGenerator<ChatGenerationChunk> {
  yield chunk
  await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk })
}

function isStoredChat({ generation }: StoredChat): boolean {
  return typeof Object(Object(generation).message).data === 'object'
}

function signalOf({ options }: ChatCall): AbortSignal | undefined {
  return (options as { readonly signal?: AbortSignal }).signal
}

function wantsJson(options: object): boolean {
  const { response_format } = options as { readonly response_format?: unknown }
  return String(Object(response_format).type).startsWith('json')
}

/** Returns the options for the model, without those of this cache. */
function modelOptions(
  { options }: ChatCall,
  signal?: AbortSignal,
): BaseChatModel['ParsedCallOptions'] {
  const { verbatim: _, ...others } = options as Record<string, unknown>
  return signal === undefined ? others : { ...others, signal }
}
