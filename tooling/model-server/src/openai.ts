import { type Answered, type Ending, TOKENS } from './reply.js'
import type { Wire } from './wire.js'

const FINISH_REASONS: Readonly<Record<Ending, string>> = {
  stop: 'stop',
  tools: 'tool_calls',
  cut: 'length',
  filtered: 'content_filter',
}
const USAGE = {
  prompt_tokens: TOKENS.input,
  completion_tokens: TOKENS.output,
  total_tokens: TOKENS.input + TOKENS.output,
}
const CREATED = 1_760_000_000

export const chatCompletions: Wire = {
  whole(answered) {
    const message = {
      role: 'assistant',
      content: answered.toolCalls.length > 0 ? null : answered.text.join(''),
      refusal: null,
      ...(answered.toolCalls.length > 0 && { tool_calls: toolCalls(answered) }),
    }
    const finish_reason = FINISH_REASONS[answered.ending]
    return {
      ...head(answered, 'chatcmpl', 'chat.completion'),
      choices: [{ index: 0, message, logprobs: null, finish_reason }],
      usage: USAGE,
    }
  },
  events(answered, body) {
    const chunk = (delta: object, finish_reason: string | null = null): object => ({
      ...head(answered, 'chatcmpl', 'chat.completion.chunk'),
      choices: [{ index: 0, delta, finish_reason }],
    })
    const calls = toolCalls(answered).map((call, index) => Object.assign({ index }, call))
    const wantsUsage = Object(body['stream_options']).include_usage === true
    return [
      { data: chunk({ role: 'assistant', content: '' }) },
      ...answered.text.map((content) => ({ data: chunk({ content }) })),
      ...calls.map((call) => ({ data: chunk({ tool_calls: [call] }) })),
      { data: chunk({}, FINISH_REASONS[answered.ending]) },
      ...(wantsUsage
        ? [
            {
              data: {
                ...head(answered, 'chatcmpl', 'chat.completion.chunk'),
                choices: [],
                usage: USAGE,
              },
            },
          ]
        : []),
      { data: '[DONE]' },
    ]
  },
  error: { data: { error: { message: 'overloaded', type: 'server_error', code: null } } },
}

export const completions: Wire = {
  whole(answered) {
    const choice = { index: 0, text: answered.text.join(''), logprobs: null }
    const finish_reason = FINISH_REASONS[answered.ending]
    return {
      ...head(answered, 'cmpl', 'text_completion'),
      choices: [{ ...choice, finish_reason }],
      usage: USAGE,
    }
  },
  events(answered) {
    const chunk = (text: string, finish_reason: string | null): object => ({
      ...head(answered, 'cmpl', 'text_completion'),
      choices: [{ index: 0, text, logprobs: null, finish_reason }],
    })
    return [
      ...answered.text.map((text) => ({ data: chunk(text, null) })),
      { data: chunk('', FINISH_REASONS[answered.ending]) },
      { data: '[DONE]' },
    ]
  },
  error: chatCompletions.error,
}

export const responses: Wire = {
  whole: (answered) => response(answered, outputOf(answered)),
  events(answered) {
    const [item] = outputOf(answered)
    const id = (item as { id: string }).id
    const at = { item_id: id, output_index: 0 }
    const isCall = answered.toolCalls.length > 0
    const deltas = isCall
      ? answered.toolCalls.map(({ input }) => ({
          type: 'response.function_call_arguments.delta',
          ...at,
          delta: input,
        }))
      : answered.text.map((delta) => ({
          type: 'response.output_text.delta',
          ...at,
          content_index: 0,
          delta,
        }))
    const isIncomplete = answered.ending === 'cut' || answered.ending === 'filtered'
    const started = { ...response(answered, []), status: 'in_progress', usage: null }
    const events = [
      { type: 'response.created', response: started },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress', ...(isCall ? { arguments: '' } : { content: [] }) },
      },
      ...deltas,
      { type: 'response.output_item.done', output_index: 0, item },
      {
        type: isIncomplete ? 'response.incomplete' : 'response.completed',
        response: response(answered, outputOf(answered)),
      },
    ]
    return events.map((data, sequence_number) => ({
      event: data.type,
      data: { ...data, sequence_number },
    }))
  },
  error: {
    event: 'error',
    data: {
      type: 'error',
      code: 'server_error',
      message: 'overloaded',
      param: null,
      sequence_number: 99,
    },
  },
}

function outputOf(answered: Answered): object[] {
  const calls = answered.toolCalls.map(({ name, input }, index) => ({
    type: 'function_call',
    id: `fc_${answered.number}_${index}`,
    call_id: callId(answered, index),
    name,
    arguments: input,
    status: 'completed',
  }))
  if (calls.length > 0) return calls
  const content = [{ type: 'output_text', text: answered.text.join(''), annotations: [] }]
  const status = answered.ending === 'stop' ? 'completed' : 'incomplete'
  return [{ type: 'message', id: `msg_${answered.number}`, role: 'assistant', status, content }]
}

function response(answered: Answered, output: readonly object[]): object {
  const { ending } = answered
  const isIncomplete = ending === 'cut' || ending === 'filtered'
  const reason = ending === 'cut' ? 'max_output_tokens' : 'content_filter'
  return {
    id: `resp_${answered.number}`,
    object: 'response',
    created_at: CREATED,
    status: isIncomplete ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: isIncomplete ? { reason } : null,
    model: answered.model,
    output,
    parallel_tool_calls: true,
    tools: [],
    usage: {
      input_tokens: TOKENS.input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: TOKENS.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: TOKENS.input + TOKENS.output,
    },
  }
}

function toolCalls(answered: Answered): object[] {
  return answered.toolCalls.map(({ name, input }, index) => ({
    id: callId(answered, index),
    type: 'function',
    function: { name, arguments: input },
  }))
}

function callId({ number }: Answered, index: number): string {
  return `call_server_${number}_${index}`
}

function head(answered: Answered, prefix: string, object: string): object {
  const { number, model } = answered
  return { id: `${prefix}-${number}`, object, created: CREATED, model }
}
