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

const STATE_FIELDS = [
  'previous_response_id',
  'conversation',
  'prompt',
  'context_management',
] as const

/** The Responses API of OpenAI. The provider stores every response, unless `store` is false. */
export const openaiResponses: Protocol = {
  name: 'openai-responses',
  dependsOnProvider(body) {
    const usesState = STATE_FIELDS.some((name) => body[name] !== undefined && body[name] !== null)
    if (body['store'] !== false || body['background'] === true || usesState) return 'provider_state'
    const isProviderTool = ({ type }: Json): boolean => !FUNCTION_TOOLS.has(type)
    return listOf(body['tools']).some(isProviderTool) ? 'provider_tool' : undefined
  },
  wantsJson: (body) =>
    String(objectOf(objectOf(body['text'])['format'])['type']).startsWith('json'),
  answersOf: (body) => {
    const parts = listOf(body['output']).flatMap(partsOf)
    return [answer(parts, finishOf(body, parts))]
  },
  assemble(events) {
    for (const { event, data } of events) {
      if (data === '[DONE]') continue
      const type = data['type'] ?? event
      if (type === 'response.failed') return 'error'
      if (type === 'response.completed' || type === 'response.incomplete')
        return objectOf(data['response'])
    }
    return 'incomplete'
  },
  toEvents(body) {
    const events: Json[] = [
      {
        type: 'response.created',
        response: { ...body, status: 'in_progress', output: [], usage: null },
      },
      ...listOf(body['output']).flatMap(itemEvents),
      { type: 'response.completed', response: body },
    ]
    return events.map(
      (data, sequence_number): StreamEvent => ({
        event: String(data['type']),
        data: { ...data, sequence_number },
      }),
    )
  },
  toolCallIds: ({ output }) =>
    listOf(output)
      .map(({ call_id }) => call_id)
      .filter((id) => typeof id === 'string'),
}

function partsOf(item: Json): AnswerPart[] {
  const { type, call_id, name } = item
  switch (type) {
    case 'message':
      return listOf(item['content']).map((part) =>
        part['type'] === 'output_text' ? text(part['text']) : text(''),
      )
    case 'function_call':
      return [toolCall(call_id, name, item['arguments'])]
    case 'custom_tool_call':
      return [toolCall(call_id, name, JSON.stringify(item['input'] ?? ''))]
    case 'reasoning':
      return [{ type: 'reasoning', text: '' }]
    default:
      return [{ type: 'custom' }]
  }
}

function finishOf(body: Json, parts: readonly AnswerPart[]): FinishReason {
  if (body['status'] !== 'completed') return 'length'
  const content = listOf(body['output']).flatMap((item) => listOf(item['content']))
  if (content.some(({ type }) => type === 'refusal')) return 'content-filter'
  return parts.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
}

/** Returns the events of an item of a response. */
function itemEvents(item: Json, output_index: number): Json[] {
  const at = { item_id: item['id'], output_index }
  const added = (fields: Json): Json => {
    return { type: 'response.output_item.added', output_index, item: { ...item, ...fields } }
  }
  const done: Json = { type: 'response.output_item.done', output_index, item }
  if (item['type'] === 'function_call') {
    const input = item['arguments']
    return [
      added({ arguments: '', status: 'in_progress' }),
      { type: 'response.function_call_arguments.delta', ...at, delta: input },
      { type: 'response.function_call_arguments.done', ...at, arguments: input },
      done,
    ]
  }
  if (item['type'] !== 'message') return [added({}), done]
  const contents = listOf(item['content']).flatMap((part, content_index): Json[] => {
    const place = { ...at, content_index }
    return [
      { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
      { type: 'response.output_text.delta', ...place, delta: part['text'], logprobs: [] },
      { type: 'response.output_text.done', ...place, text: part['text'], logprobs: [] },
      { type: 'response.content_part.done', ...place, part },
    ]
  })
  return [added({ content: [], status: 'in_progress' }), ...contents, done]
}
