import type { AnswerPart, FinishReason } from '../../model-calls/model-answer.js'
import {
  answer,
  FUNCTION_TOOLS,
  type Json,
  listOf,
  objectOf,
  type Protocol,
  type StreamEvent,
  text,
  toolCall,
} from './protocol.js'

const STOP_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  refusal: 'content-filter',
}

/** The Messages API of Anthropic. */
export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',
  dependsOnProvider(body) {
    if (body['container'] !== undefined && body['container'] !== null) return 'provider_state'
    const isProviderTool = ({ type }: Json): boolean => !FUNCTION_TOOLS.has(type)
    const usesServers = listOf(body['mcp_servers']).length > 0
    return usesServers || listOf(body['tools']).some(isProviderTool) ? 'provider_tool' : undefined
  },
  wantsJson: ({ output_format, output_config }) =>
    output_format !== undefined || objectOf(output_config)['format'] !== undefined,
  answersOf: ({ content, stop_reason }) => [
    answer(listOf(content).map(partOf), STOP_REASONS[String(stop_reason)] ?? 'other'),
  ],
  assemble(events) {
    const assembly = new MessageAssembly()
    for (const { event, data } of events) {
      if (data === '[DONE]') continue
      const type = typeof data['type'] === 'string' ? data['type'] : event
      if (!assembly.add(type, data)) return 'incomplete'
    }
    return assembly.message ?? 'incomplete'
  },
  toEvents(body) {
    const { content, stop_reason, stop_sequence, usage } = body
    const blocks = listOf(content).map(blockEvents)
    if (blocks.includes(undefined)) return undefined
    const start = { ...body, content: [], stop_reason: null, stop_sequence: null }
    const events: Json[] = [
      { type: 'message_start', message: start },
      ...blocks.flatMap((block) => block ?? []),
      { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage },
      { type: 'message_stop' },
    ]
    return events.map((data): StreamEvent => ({ event: String(data['type']), data }))
  },
  toolCallIds: ({ content }) =>
    listOf(content)
      .filter(({ type }) => type === 'tool_use')
      .map(({ id }) => String(id)),
}

function partOf(block: Json): AnswerPart {
  switch (block['type']) {
    case 'text':
      return text(block['text'])
    case 'tool_use':
      return toolCall(block['id'], block['name'], block['input'])
    case 'thinking':
    case 'redacted_thinking':
      return { type: 'reasoning', text: '' }
    default:
      return { type: 'custom' }
  }
}

/** Returns the events of a block, or `undefined` for a block that a stream cannot hold unchanged. */
function blockEvents(block: Json, index: number): Json[] | undefined {
  const events = (content_block: Json, ...deltas: Json[]): Json[] => [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
  switch (block['type']) {
    case 'text':
      if (listOf(block['citations']).length > 0) return undefined
      return events({ ...block, text: '' }, { type: 'text_delta', text: block['text'] })
    case 'thinking':
      return events(
        { ...block, thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: block['thinking'] },
        { type: 'signature_delta', signature: block['signature'] },
      )
    case 'tool_use': {
      const partial_json = JSON.stringify(block['input'])
      return events({ ...block, input: {} }, { type: 'input_json_delta', partial_json })
    }
    case 'redacted_thinking':
      return events(block)
    default:
      return undefined
  }
}

/** Joins the events of a message. */
class MessageAssembly {
  #message: Record<string, unknown> | undefined
  readonly #blocks: Record<string, unknown>[] = []
  readonly #inputs = new Map<unknown, string>()
  #open = 0
  #isStopped = false

  /** The message, if it is complete. */
  get message(): Json | undefined {
    const isComplete = this.#isStopped && this.#open === 0 && this.#message !== undefined
    return isComplete ? { ...this.#message, content: this.#blocks } : undefined
  }

  /** Returns whether the event fits. */
  add(type: string | undefined, data: Json): boolean {
    switch (type) {
      case 'message_start':
        this.#message = { ...objectOf(data['message']) }
        return true
      case 'content_block_start':
        this.#blocks[Number(data['index'])] = { ...objectOf(data['content_block']) }
        this.#open++
        return true
      case 'content_block_delta':
        return this.#addDelta(data['index'], objectOf(data['delta']))
      case 'content_block_stop':
        this.#open--
        return this.#endInput(data['index'])
      case 'message_delta': {
        const usage = { ...objectOf(this.#message?.['usage']), ...objectOf(data['usage']) }
        Object.assign(this.#message ?? {}, objectOf(data['delta']), { usage })
        return true
      }
      case 'message_stop':
        this.#isStopped = true
        return true
      default:
        // Such as `ping`.
        return true
    }
  }

  #addDelta(index: unknown, delta: Json): boolean {
    const block = this.#blocks[Number(index)]
    if (block === undefined) return false
    switch (delta['type']) {
      case 'input_json_delta':
        this.#inputs.set(index, `${this.#inputs.get(index) ?? ''}${String(delta['partial_json'])}`)
        return true
      case 'citations_delta':
        block['citations'] = [...listOf(block['citations']), delta['citation']]
        return true
      case 'text_delta':
        block['text'] = `${String(block['text'])}${String(delta['text'])}`
        return true
      case 'thinking_delta':
        block['thinking'] = `${String(block['thinking'])}${String(delta['thinking'])}`
        return true
      case 'signature_delta':
        block['signature'] = delta['signature']
        return true
      default:
        return false
    }
  }

  #endInput(index: unknown): boolean {
    const input = this.#inputs.get(index)
    const block = this.#blocks[Number(index)]
    if (input === undefined || block === undefined) return true
    try {
      block['input'] = JSON.parse(input === '' ? '{}' : input) as unknown
      return true
    } catch {
      return false
    }
  }
}
