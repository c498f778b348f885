import {
  AIMessageChunk,
  type BaseMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  type StoredMessage,
} from '@langchain/core/messages'
import { type ChatGeneration, ChatGenerationChunk } from '@langchain/core/outputs'
import { isPlainObject } from '@verbatim/cache-core/implement'
import type { CallReport, RefusalReason } from '../model-calls/call-status.js'
import {
  type AnswerPart,
  COMPLETE_REASONS,
  type FinishReason,
  type ModelAnswer,
  type TokenUsage,
} from '../model-calls/model-answer.js'
import type { IdNames } from '../model-calls/tool-call-ids.js'

/** A generation as it is stored. */
export interface StoredGeneration {
  readonly text: string
  readonly message: StoredMessage
  readonly generationInfo?: Readonly<Record<string, unknown>> | undefined
}

/** The answer of a chat model as it is stored. */
export interface StoredChat {
  readonly generation: StoredGeneration
  /** The chunks of the stream; absent for an answer that was not streamed. */
  readonly chunks?: readonly StoredGeneration[] | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** @throws an error for a message that is not plain data */
export function toStored({ text, message, generationInfo }: ChatGeneration): StoredGeneration {
  const [stored] = mapChatMessagesToStoredMessages([message])
  return structuredClone({ text, message: stored, generationInfo }) as StoredGeneration
}

/** Returns a stored generation for one caller: with new ids of tool calls, and without tokens. */
export function fromStored(
  stored: StoredGeneration,
  ids: IdNames,
  report: CallReport,
): ChatGeneration {
  const { text, message, generationInfo } = replayed(stored, ids, report)
  const [revived] = mapStoredMessagesToChatMessages([message]) as [BaseMessage]
  return {
    text,
    message: revived,
    ...(generationInfo && { generationInfo: { ...generationInfo } }),
  }
}

/** Returns a stored generation as a chunk of a stream. */
export function chunkFrom(
  stored: StoredGeneration,
  ids: IdNames,
  report: CallReport,
): ChatGenerationChunk {
  const { text, message, generationInfo } = replayed(stored, ids, report)
  const { tool_calls, ...data } = message.data as unknown as Fields
  const chunks = data['tool_call_chunks'] ?? toolCallChunks(tool_calls)
  const fields = { ...data, tool_call_chunks: chunks } as unknown as ConstructorParameters<
    typeof AIMessageChunk
  >[0]
  const chunk = { text, message: new AIMessageChunk(fields) }
  return new ChatGenerationChunk({
    ...chunk,
    ...(generationInfo && { generationInfo: { ...generationInfo } }),
  })
}

function toolCallChunks(calls: unknown): readonly object[] {
  if (!Array.isArray(calls)) return []
  return (calls as readonly Fields[]).map(({ id, name, args }, index) => {
    return { type: 'tool_call_chunk', id, name, index, args: JSON.stringify(args ?? {}) }
  })
}

function replayed(stored: StoredGeneration, ids: IdNames, report: CallReport): StoredGeneration {
  const copy = structuredClone(stored)
  const data = copy.message.data as unknown as Record<string, unknown>
  renameToolCalls(data, ids)
  const { tokenUsage: _, usage: __, ...metadata } = Object(data['response_metadata']) as Fields
  const usage = data['usage_metadata']
  if (usage !== undefined)
    data['usage_metadata'] = { input_tokens: 0, output_tokens: 0, total_tokens: 0 }
  data['response_metadata'] = {
    ...metadata,
    verbatim: { ...report, ...(usage !== undefined && { usage }) },
  }
  return copy
}

/** Renames the ids of tool calls in the fields of a message. */
export function renameToolCalls(data: Record<string, unknown>, ids: IdNames): void {
  for (const name of ['tool_calls', 'tool_call_chunks', 'invalid_tool_calls'])
    data[name] &&= renamed(data[name], ids)
  const kwargs = data['additional_kwargs']
  if (isPlainObject(kwargs) && kwargs['tool_calls'] !== undefined)
    data['additional_kwargs'] = { ...kwargs, tool_calls: renamed(kwargs['tool_calls'], ids) }
  if (typeof data['tool_call_id'] === 'string')
    data['tool_call_id'] = ids.rename(data['tool_call_id'])
  const { content } = data
  if (Array.isArray(content))
    data['content'] = content.map((block: unknown) =>
      isPlainObject(block) && block['type'] === 'tool_use' && typeof block['id'] === 'string'
        ? Object.assign({}, block, { id: ids.rename(block['id']) })
        : block,
    )
}

function renamed(calls: unknown, ids: IdNames): unknown {
  if (!Array.isArray(calls)) return calls
  return (calls as readonly Fields[]).map((call) =>
    typeof call['id'] === 'string' ? Object.assign({}, call, { id: ids.rename(call['id']) }) : call,
  )
}

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  ...COMPLETE_REASONS,
  STOP: 'stop',
  completed: 'stop',
  COMPLETE: 'stop',
  tool_use: 'tool-calls',
}
/** The fields in which integrations report why the model stopped. */
const FINISH_FIELDS = [
  ...['finish_reason', 'stop_reason', 'finishReason', 'stopReason', 'done_reason', 'status'],
]

/** Returns the answer in a generation, for the rule for storing. */
export function answerOf({
  message,
  generationInfo,
}: StoredGeneration): ModelAnswer | RefusalReason {
  const data = message.data as unknown as Fields
  if (Array.isArray(data['invalid_tool_calls']) && data['invalid_tool_calls'].length > 0)
    return 'invalid_tool_input'
  const calls = Array.isArray(data['tool_calls']) ? (data['tool_calls'] as readonly Fields[]) : []
  const content: AnswerPart[] = [...partsOf(data['content']), ...calls.map(toolCallOf)]
  const metadata = Object(data['response_metadata']) as Fields
  // Streams of Bedrock report the reason in `messageStop`.
  const holders = [generationInfo, metadata, metadata['messageStop'], data['additional_kwargs']]
  const reasons = holders.flatMap((fields) =>
    FINISH_FIELDS.map((name) => (Object(fields) as Fields)[name]),
  )
  const reason = reasons.find((value) => typeof value === 'string')
  if (reason === undefined) return 'incomplete'
  const unified = FINISH_REASONS[reason] ?? 'other'
  // Some integrations report `stop` for tool calls, and Google does always.
  const finishReason = {
    unified: unified === 'stop' && calls.length > 0 ? 'tool-calls' : unified,
  } as const
  const usage = { inputTokens: {}, outputTokens: {} }
  return { content, finishReason, usage, warnings: [], response: {} }
}

/** Returns the tokens of an answer; `undefined` if the integration did not report them. */
export function usageOf({ generation }: StoredChat): TokenUsage | undefined {
  const { usage_metadata: usage } = generation.message.data as unknown as Fields
  if (!isPlainObject(usage)) return undefined
  const { cache_read, cache_creation } = Object(usage['input_token_details']) as Fields
  return {
    inputTokens: {
      total: countIn(usage['input_tokens']),
      cacheRead: countIn(cache_read),
      cacheWrite: countIn(cache_creation),
    },
    outputTokens: { total: countIn(usage['output_tokens']) },
  }
}

function countIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function toolCallOf({ id, name, args }: Fields): AnswerPart {
  const input = JSON.stringify(args ?? {})
  return { type: 'tool-call', toolCallId: String(id), toolName: String(name), input }
}

function partsOf(content: unknown): AnswerPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) return []
  return (content as readonly Fields[]).map((block): AnswerPart => {
    if (typeof block['text'] === 'string') return { type: 'text', text: block['text'] }
    const isThought = /thinking|reasoning/.test(String(block['type']))
    return isThought ? { type: 'reasoning', text: '' } : { type: 'custom' }
  })
}
