import type { RefusalReason } from '../model-calls/call-status.js'
import {
  type AnswerPart,
  type ModelAnswer,
  type ProviderMetadata,
  TRACK,
} from '../model-calls/model-answer.js'
import type { SdkGenerateResult, SdkPart } from './sdk-types.js'
import { toFileData, toFinishReason, toUsage, toWarning, withoutUndefined } from './spec-forms.js'

/** A complete answer, or the reason why there is none. */
export type Collected =
  | { readonly answer: ModelAnswer }
  | { readonly refusal: RefusalReason; readonly error?: unknown }

/** Returns the answer in the result of a call that did not stream. */
export function collectResult(result: SdkGenerateResult): Collected {
  const collector = new AnswerCollector()
  for (const part of result.content) collector.addWhole(part)
  return collector.finish({ ...result, type: 'finish' }, result.warnings, result.response)
}

interface OpenPart {
  readonly index: number
  text: string
  providerMetadata: unknown
}

/** Collects the parts of a stream into an answer. */
export class AnswerCollector {
  readonly #content: (AnswerPart | undefined)[] = []
  readonly #open = new Map<string, OpenPart>()
  /** The inputs of tools that were streamed before their call. */
  readonly #inputs = new Map<string, OpenPart>()
  readonly #track: number[] = []
  readonly #now: () => number
  readonly #startedAt: number
  #warnings: readonly unknown[] | undefined
  #response: Readonly<Record<string, unknown>> | undefined
  #finish: SdkPart | undefined
  #refusal: { refusal: RefusalReason; error?: unknown } | undefined
  /** Whether the deltas of a tool input are those of its call. */
  #isTrackFaithful = true

  /** @param now - returns milliseconds, for the times of deltas */
  constructor(now: () => number = () => 0) {
    this.#now = now
    this.#startedAt = now()
  }

  /** Adds an event of a stream. */
  add(part: SdkPart): void {
    switch (part.type) {
      case 'stream-start':
        this.#warnings = part['warnings'] as readonly unknown[] | undefined
        break
      case 'response-metadata':
        this.#response = { ...this.#response, ...withoutUndefined(part) }
        break
      case 'text-start':
      case 'reasoning-start':
        this.#start(this.#open, part)
        break
      case 'text-delta':
      case 'reasoning-delta':
        this.#delta(this.#open, part)
        break
      case 'text-end':
      case 'reasoning-end':
        this.#end(part)
        break
      case 'tool-input-start':
        this.#start(this.#inputs, part)
        break
      case 'tool-input-delta':
        this.#delta(this.#inputs, part)
        break
      case 'tool-input-end':
        this.#record(this.#inputs.get(String(part['id']))?.index, TRACK.end)
        break
      case 'finish':
        this.#finish = part
        break
      case 'error':
        this.#refuse('error', part['error'])
        break
      case 'raw':
        break
      default:
        this.#record(this.addWhole(part), TRACK.whole)
    }
  }

  /**
   * Adds a part that comes at once.
   *
   * @returns its index in the answer
   */
  addWhole(part: SdkPart): number {
    const input =
      part.type === 'tool-call' ? this.#inputs.get(String(part['toolCallId'])) : undefined
    const index = input?.index ?? this.#content.length
    if (input !== undefined && input.text !== part['input']) this.#isTrackFaithful = false
    try {
      const whole = toAnswerPart(part)
      if (whole === undefined) this.#refuse('unsupported_part')
      this.#content[index] = whole
    } catch (error) {
      this.#refuse('unrepresentable_value', error)
      this.#content[index] = undefined
    }
    return index
  }

  /** Returns the answer after the end of the stream. */
  end(): Collected {
    if (this.#finish === undefined) this.#refuse('incomplete')
    return this.finish(this.#finish ?? { type: 'finish' }, this.#warnings, this.#response)
  }

  finish(
    { finishReason, usage, providerMetadata }: SdkPart,
    warnings: readonly unknown[] | undefined,
    response: Readonly<Record<string, unknown>> | undefined,
  ): Collected {
    if (this.#open.size > 0 || this.#content.includes(undefined)) this.#refuse('incomplete')
    if (this.#refusal !== undefined) return this.#refusal
    try {
      const answer: ModelAnswer = {
        content: this.#content as AnswerPart[],
        finishReason: toFinishReason(finishReason),
        usage: toUsage(usage),
        warnings: (warnings ?? []).map(toWarning),
        providerMetadata: structuredClone(providerMetadata) as ProviderMetadata | undefined,
        response: responseOf(response),
        ...(this.#isTrackFaithful && this.#track.length > 0 && { track: this.#track }),
      }
      return { answer }
    } catch (error) {
      return { refusal: 'unrepresentable_value', error }
    }
  }

  #start(open: Map<string, OpenPart>, { id, providerMetadata }: SdkPart): void {
    const index = this.#content.length
    this.#content.push(undefined)
    open.set(String(id), { index, text: '', providerMetadata })
    this.#record(index, TRACK.start)
  }

  #delta(open: Map<string, OpenPart>, { id, delta, providerMetadata }: SdkPart): void {
    const part = open.get(String(id))
    if (part === undefined || typeof delta !== 'string') return this.#refuse('incomplete')
    part.text += delta
    part.providerMetadata = providerMetadata ?? part.providerMetadata
    this.#record(part.index, delta.length)
  }

  #end({ type, id, providerMetadata }: SdkPart): void {
    const part = this.#open.get(String(id))
    if (part === undefined) return this.#refuse('incomplete')
    this.#open.delete(String(id))
    const kind = type === 'text-end' ? 'text' : 'reasoning'
    const whole = {
      type: kind,
      text: part.text,
      providerMetadata: providerMetadata ?? part.providerMetadata,
    }
    this.#content[part.index] = toAnswerPart(whole)
    this.#record(part.index, TRACK.end)
  }

  #record(index: number | undefined, event: number): void {
    if (index !== undefined)
      this.#track.push(index, event, Math.round(this.#now() - this.#startedAt))
  }

  #refuse(refusal: RefusalReason, error?: unknown): void {
    this.#refusal ??= { refusal, error }
  }
}

/** Fields of parts that are stored; other parts are stored with all of their fields. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  reasoning: ['text'],
  'tool-call': ['toolCallId', 'toolName', 'input', 'providerExecuted', 'dynamic'],
  'tool-result': ['toolCallId', 'toolName', 'result', 'isError', 'dynamic', 'providerExecuted'],
  file: ['mediaType', 'data'],
  'reasoning-file': ['mediaType', 'data'],
}

/** Fields that must be texts. */
const TEXT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  reasoning: ['text'],
  'tool-call': ['toolCallId', 'toolName', 'input'],
  'tool-result': ['toolCallId', 'toolName'],
}

/** Returns the stored form of a part, or `undefined` for a part that cannot be repeated. */
function toAnswerPart(part: SdkPart): AnswerPart | undefined {
  const { type, providerMetadata } = part
  const metadata = providerMetadata === undefined ? {} : { providerMetadata }
  if (type === 'source' || type === 'custom') return structuredClone(part) as AnswerPart
  const names = FIELDS[type]
  if (names === undefined || part['preliminary'] === true) return undefined
  if (type === 'file' || type === 'reasoning-file') {
    const data = toFileData(part['data'])
    if (data === undefined) return undefined
    const file = { type, mediaType: String(part['mediaType']), data }
    return { ...file, ...structuredClone(metadata) } as AnswerPart
  }
  const stored: Record<string, unknown> = { type }
  for (const name of names) if (part[name] !== undefined) stored[name] = part[name]
  if (!TEXT_FIELDS[type]?.every((name) => typeof stored[name] === 'string')) return undefined
  // Texts need no copy.
  if (type !== 'tool-result' && providerMetadata === undefined)
    return stored as unknown as AnswerPart
  return structuredClone({ ...stored, ...metadata }) as unknown as AnswerPart
}

function responseOf(
  response: Readonly<Record<string, unknown>> | undefined,
): ModelAnswer['response'] {
  const { id, modelId, timestamp } = response ?? {}
  return {
    ...(typeof id === 'string' && { id }),
    ...(typeof modelId === 'string' && { modelId }),
    ...(timestamp instanceof Date && { timestamp: timestamp.getTime() }),
  }
}
