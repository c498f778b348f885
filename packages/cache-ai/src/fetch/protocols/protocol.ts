import type { RefusalReason } from '../../model-calls/call-status.js'
import type { AnswerPart, FinishReason, ModelAnswer } from '../../model-calls/model-answer.js'

/** The body of a request or a response. */
export type Json = Readonly<Record<string, unknown>>

/** The bodies of one kind of request to a provider. */
export interface Protocol {
  readonly name: string
  /** Returns whether the answer depends on what the provider has stored, or on its own tools. */
  dependsOnProvider(body: Json): 'provider_state' | 'provider_tool' | undefined
  /** Returns whether the text of the answer must be JSON. */
  wantsJson(body: Json): boolean
  /** Returns the answers in a body, for the rule for storing. A body may hold several. */
  answersOf(body: Json, request: Json): readonly ModelAnswer[] | RefusalReason
  /**
   * Returns the body that a stream would have been without streaming, if the stream is complete.
   *
   * @param events - none of them reports an error
   */
  assemble?(events: readonly StreamEvent[]): Json | RefusalReason
  /** Returns a body as a stream, or `undefined` if a stream cannot hold it. */
  toEvents?(body: Json, request: Json): readonly StreamEvent[] | undefined
  /** Returns the ids of tool calls in a body. */
  toolCallIds?(body: Json): readonly string[]
}

/** An event of a stream. */
export interface StreamEvent {
  readonly event?: string | undefined
  /** JSON, or the end marker of OpenAI. */
  readonly data: Json | '[DONE]'
}

export const FUNCTION_TOOLS: ReadonlySet<unknown> = new Set(['function', 'custom', undefined])

/** Returns an answer with what the rule for storing reads. */
export function answer(content: readonly AnswerPart[], unified: FinishReason): ModelAnswer {
  const usage = { inputTokens: {}, outputTokens: {} }
  return { content, finishReason: { unified }, usage, warnings: [], response: {} }
}

export function text(value: unknown): AnswerPart {
  return { type: 'text', text: typeof value === 'string' ? value : '' }
}

/** Returns a tool call with an input of JSON, or with any text if the tool takes texts. */
export function toolCall(id: unknown, name: unknown, input: unknown): AnswerPart {
  return {
    type: 'tool-call',
    toolCallId: String(id),
    toolName: String(name),
    input: typeof input === 'string' ? input : JSON.stringify(input ?? {}),
  }
}

export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}
