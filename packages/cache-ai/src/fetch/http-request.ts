import { withSortedSets } from '../model-calls/json-schema.js'
import { type IdNames, idsByAppearance } from '../model-calls/tool-call-ids.js'
import type { HeaderReader } from './http-control.js'
import { type Json, objectOf } from './protocols/protocol.js'

/** Fields of a body that do not change the answer. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['stream', 'stream_options', 'user', 'safety_identifier', 'metadata', 'cache_control'],
  ...['prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options'],
])
const HEADERS_IN_KEY = ['anthropic-beta', 'anthropic-version', 'openai-beta'] as const

const CONVERSATIONS: ReadonlySet<string> = new Set(['messages', 'input', 'contents', 'system'])
/** Fields that describe tools and formats. They contain schemas, and no data. */
const DESCRIPTIONS: ReadonlySet<string> = new Set([
  ...['tools', 'functions', 'response_format', 'text'],
  ...['generationConfig', 'output_format', 'output_config'],
])
const SCHEMAS: ReadonlySet<string> = new Set([
  ...['parameters', 'parametersJsonSchema', 'input_schema', 'schema'],
  ...['responseSchema', 'responseJsonSchema'],
])

/**
 * Returns the part of a request that identifies its answer: its body without fields that do not change the
 * answer, and the headers that select features of a provider.
 */
export function requestInKey(body: Json, headers: HeaderReader): Json {
  const ids = idsByAppearance('call')
  const fields = emptyObject()
  for (const [name, value] of Object.entries(body)) {
    if (LEFT_OUT.has(name)) continue
    if (CONVERSATIONS.has(name)) fields[name] = items(value, (item) => message(item, ids))
    else fields[name] = DESCRIPTIONS.has(name) ? description(value) : value
  }
  const selected: Record<string, string> = {}
  for (const name of HEADERS_IN_KEY) {
    const value = headers.get(name)
    if (value !== null) selected[name] = value
  }
  return { fields, headers: selected }
}

/** Returns a message of any protocol. Ids of tool calls are renamed only where the protocol has them. */
function message(item: Json, ids: IdNames): Json {
  const changed = block(item, ids)
  for (const name of ['tool_call_id', 'call_id']) {
    if (typeof item[name] === 'string') changed[name] = ids.rename(item[name])
  }
  if (item['tool_calls'] !== undefined)
    changed['tool_calls'] = items(item['tool_calls'], (call) => withNewId(call, ids))
  if (item['parts'] !== undefined)
    changed['parts'] = items(item['parts'], (part) => block(part, ids))
  return changed
}

/** Returns a part of a message. */
function block(item: Json, ids: IdNames): Record<string, unknown> {
  const changed = Object.assign(emptyObject(), item)
  delete changed['cache_control']
  if (item['type'] === 'tool_use')
    Object.assign(changed, withNewId(item, ids), { cache_control: undefined })
  if (typeof item['tool_use_id'] === 'string')
    changed['tool_use_id'] = ids.rename(item['tool_use_id'])
  for (const name of ['functionCall', 'functionResponse']) {
    if (item[name] !== undefined) changed[name] = withNewId(objectOf(item[name]), ids)
  }
  if (Array.isArray(item['content']))
    changed['content'] = items(item['content'], (inner) => block(inner, ids))
  return changed
}

function withNewId(item: Json, ids: IdNames): Json {
  return typeof item['id'] === 'string' ? { ...item, id: ids.rename(item['id']) } : item
}

/** Returns a description of tools or formats, with the sets of its schemas in order. */
function description(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(description)
  if (typeof value !== 'object' || value === null) return value
  const changed = emptyObject()
  for (const [name, item] of Object.entries(value)) {
    if (name === 'cache_control') continue
    if (name === 'input_examples') changed[name] = item
    else changed[name] = SCHEMAS.has(name) ? withSortedSets(item) : description(item)
  }
  return changed
}

function items(value: unknown, change: (item: Json) => Json): unknown {
  if (!Array.isArray(value)) return value
  return value.map((item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item) ? change(item as Json) : item,
  )
}

/** Returns an object without a prototype, so that a field may have any name, such as `__proto__`. */
function emptyObject(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>
}
