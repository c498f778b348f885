import { type Answered, type Ending, TOKENS } from './reply.js'
import type { Wire, WireEvent } from './wire.js'

const STOP_REASONS: Readonly<Record<Ending, string>> = {
  stop: 'end_turn',
  tools: 'tool_use',
  cut: 'max_tokens',
  filtered: 'refusal',
}

export const messages: Wire = {
  whole: (answered) => message(answered, blocksOf(answered), STOP_REASONS[answered.ending]),
  events(answered) {
    const blocks = blocksOf(answered).flatMap((block, index) => blockEvents(answered, block, index))
    const stop = { stop_reason: STOP_REASONS[answered.ending], stop_sequence: null }
    const start = {
      ...message(answered, [], null),
      usage: { input_tokens: TOKENS.input, output_tokens: 1 },
    }
    return [
      { type: 'message_start', message: start },
      ...blocks,
      { type: 'message_delta', delta: stop, usage: { output_tokens: TOKENS.output } },
      { type: 'message_stop' },
    ].map(toEvent)
  },
  error: toEvent({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
}

interface Block {
  readonly type: string
  readonly [field: string]: unknown
}

function blocksOf(answered: Answered): Block[] {
  const { reasoning, number } = answered
  const text = answered.text.join('')
  return [
    ...(reasoning === undefined
      ? []
      : [{ type: 'thinking', thinking: reasoning, signature: `signature-${number}` }]),
    ...(answered.toolCalls.length > 0 ? [] : [{ type: 'text', text }]),
    ...answered.toolCalls.map(({ name, input }, index) => ({
      type: 'tool_use',
      id: `toolu_server_${number}_${index}`,
      name,
      input: JSON.parse(input) as unknown,
    })),
  ]
}

function blockEvents(answered: Answered, block: Block, index: number): { type: string }[] {
  const empty = {
    thinking: { type: 'thinking', thinking: '', signature: '' },
    text: { type: 'text', text: '' },
  }[block.type] ?? { ...block, input: {} }
  const deltas =
    block.type === 'text'
      ? answered.text.map((text) => ({ type: 'text_delta', text }))
      : block.type === 'thinking'
        ? [
            { type: 'thinking_delta', thinking: block['thinking'] },
            { type: 'signature_delta', signature: block['signature'] },
          ]
        : [{ type: 'input_json_delta', partial_json: JSON.stringify(block['input']) }]
  return [
    { type: 'content_block_start', index, content_block: empty } as { type: string },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index } as { type: string },
  ]
}

function message(
  { number, model }: Answered,
  content: readonly Block[],
  stop_reason: string | null,
): object {
  return {
    id: `msg_${number}`,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason,
    stop_sequence: null,
    usage: { input_tokens: TOKENS.input, output_tokens: TOKENS.output },
  }
}

function toEvent(data: { readonly type: string; readonly [field: string]: unknown }): WireEvent {
  return { event: data.type, data }
}
