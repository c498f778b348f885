import {
  type AnswerPart,
  COMPLETE_REASONS,
  type FinishReason,
} from '../../model-calls/model-answer.js'
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

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  ...COMPLETE_REASONS,
  length: 'length',
  content_filter: 'content-filter',
}

/** Fields by which providers and compatible servers search the web, so that the answer changes. */
const SEARCH_FIELDS = [
  'web_search_options',
  'search_parameters',
  'enable_search',
  'plugins',
] as const

/** Chat completions of OpenAI and of compatible servers. */
export const openaiChat: Protocol = {
  name: 'openai-chat',
  dependsOnProvider: (body) => {
    if (body['store'] === true) return 'provider_state'
    const isProviderTool = ({ type }: Json): boolean => !FUNCTION_TOOLS.has(type)
    const usesWeb = SEARCH_FIELDS.some((name) => Boolean(body[name]))
    return usesWeb || listOf(body['tools']).some(isProviderTool) ? 'provider_tool' : undefined
  },
  wantsJson: ({ response_format }) => String(objectOf(response_format)['type']).startsWith('json'),
  answersOf: ({ choices }) => listOf(choices).map(answerOf),
  assemble,
  toEvents(body, request) {
    const { choices, usage, ...head } = body
    const chunk = (fields: Json): StreamEvent => {
      return { data: { ...head, object: 'chat.completion.chunk', ...fields } }
    }
    const events = listOf(choices).flatMap(({ index, message, finish_reason, ...more }) => {
      const { tool_calls, ...delta } = objectOf(message)
      const calls = listOf(tool_calls).map((call, place) => Object.assign({ index: place }, call))
      const whole = calls.length === 0 ? delta : { ...delta, tool_calls: calls }
      return [
        chunk({ choices: [{ index, delta: whole, finish_reason: null, ...more }] }),
        chunk({ choices: [{ index, delta: {}, finish_reason }] }),
      ]
    })
    const wantsUsage = objectOf(request['stream_options'])['include_usage'] === true
    if (wantsUsage && usage === undefined) return undefined
    if (wantsUsage) events.push(chunk({ choices: [], usage }))
    return [...events, { data: '[DONE]' }]
  },
  toolCallIds: ({ choices }) =>
    listOf(choices).flatMap(({ message }) =>
      listOf(objectOf(message)['tool_calls']).map(({ id }) => String(id)),
    ),
}

/** Text completions of OpenAI and of compatible servers. */
export const openaiCompletions: Protocol = {
  name: 'openai-completions',
  dependsOnProvider: () => undefined,
  wantsJson: () => false,
  answersOf: ({ choices }) =>
    listOf(choices).map((choice) => answer([text(choice['text'])], finishOf(choice))),
  assemble,
  toEvents: ({ choices, usage, ...head }, request) => {
    const wantsUsage = objectOf(request['stream_options'])['include_usage'] === true
    if (wantsUsage && usage === undefined) return undefined
    return [
      { data: { ...head, choices: listOf(choices) } },
      ...(wantsUsage ? [{ data: { ...head, choices: [], usage } }] : []),
      { data: '[DONE]' },
    ]
  },
}

function answerOf(choice: Json) {
  const { content, refusal, tool_calls, function_call, audio } = objectOf(choice['message'])
  const parts: AnswerPart[] = content === null || content === undefined ? [] : [text(content)]
  for (const call of listOf(tool_calls)) {
    const { name, arguments: input } = objectOf(call['function'])
    const custom = objectOf(call['custom'])
    const isCustom = call['type'] === 'custom'
    // The input of a custom tool is any text.
    const given = isCustom ? JSON.stringify(custom['input'] ?? '') : input
    parts.push(toolCall(call['id'], isCustom ? custom['name'] : name, given))
  }
  const called = objectOf(function_call)
  if (called['name'] !== undefined) parts.push(toolCall('', called['name'], called['arguments']))
  const { data } = objectOf(audio)
  if (typeof data === 'string')
    parts.push({ type: 'file', mediaType: 'audio', data: { type: 'data', data } })
  const isRefused = typeof refusal === 'string' && refusal !== ''
  return answer(parts, isRefused ? 'content-filter' : finishOf(choice))
}

function finishOf({ finish_reason }: Json): FinishReason {
  return FINISH_REASONS[String(finish_reason)] ?? 'other'
}

/** Joins the chunks of chat completions and of text completions. */
function assemble(events: readonly StreamEvent[]) {
  const head: Record<string, unknown> = {}
  let usage: unknown
  let isDone = false
  const choices = new Map<unknown, Record<string, unknown>>()
  for (const { data } of events) {
    if (data === '[DONE]') {
      isDone = true
      continue
    }
    const { choices: more, usage: used, ...fields } = data
    usage = used ?? usage
    // Azure also sends chunks whose id, model and time are empty.
    for (const [name, value] of Object.entries(fields))
      if (Boolean(value) || !(name in head)) head[name] = value
    for (const choice of listOf(more)) addChoice(choices, choice)
  }
  const all = [...choices.values()].toSorted(
    (one, other) => Number(one['index']) - Number(other['index']),
  )
  const isFinished = all.every(({ finish_reason }) => typeof finish_reason === 'string')
  if (!isDone || all.length === 0 || !isFinished) return 'incomplete'
  const isChat = head['object'] === 'chat.completion.chunk'
  return {
    ...head,
    ...(isChat && { object: 'chat.completion' }),
    choices: all,
    ...(usage !== undefined && usage !== null && { usage }),
  }
}

function addChoice(choices: Map<unknown, Record<string, unknown>>, choice: Json): void {
  const { index = 0, delta, text: more, logprobs, ...fields } = choice
  const known = choices.get(index) ?? { index }
  choices.set(index, known)
  for (const [name, value] of Object.entries(fields)) known[name] = value ?? known[name] ?? null
  if (logprobs !== undefined) known['logprobs'] = withMoreTokens(known['logprobs'], logprobs)
  if (typeof more === 'string') known['text'] = `${textOf(known['text'])}${more}`
  if (delta === undefined) return
  const message = (known['message'] ?? { role: 'assistant', content: null }) as Record<
    string,
    unknown
  >
  known['message'] = message
  mergeDelta(message, objectOf(delta))
}

/** Adds the lists of a chunk, with an item for each token, to those of the chunks before it. */
function withMoreTokens(known: unknown, more: unknown): unknown {
  if (typeof more !== 'object' || more === null) return known ?? more
  const whole = (known ?? {}) as Record<string, unknown>
  for (const [name, value] of Object.entries(more)) {
    const list = whole[name]
    if (!Array.isArray(value)) whole[name] = value ?? list ?? null
    else if (Array.isArray(list)) for (const item of value) list.push(item)
    else whole[name] = [...value]
  }
  return whole
}

/** Fields that are not continued. Some servers repeat them in each chunk, and some repeat them empty. */
const WHOLE_FIELDS: ReadonlySet<string> = new Set(['role', 'id', 'type', 'name'])

/** Adds the fields of a delta: texts are continued, and lists are joined by the index of their items. */
function mergeDelta(whole: Record<string, unknown>, delta: Json): void {
  for (const [name, value] of Object.entries(delta)) {
    const known = whole[name]
    if (WHOLE_FIELDS.has(name)) whole[name] = value === '' ? (known ?? value) : (value ?? known)
    else if (typeof value === 'string') whole[name] = `${textOf(known)}${value}`
    else if (Array.isArray(value)) whole[name] = mergeItems(listOf(known), listOf(value))
    else if (typeof value === 'object' && value !== null) {
      const inner = { ...objectOf(known) }
      mergeDelta(inner, value as Json)
      whole[name] = inner
    } else if (value !== null) whole[name] = value
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function mergeItems(known: readonly Json[], more: readonly Json[]): readonly Json[] {
  const items: Record<string, unknown>[] = known.map((item) => Object.assign({}, item))
  for (const { index, ...fields } of more) {
    const place = typeof index === 'number' ? index : items.length
    items[place] ??= {}
    mergeDelta(items[place], fields)
  }
  return items
}
