import { isPlainObject } from '@verbatim/cache-core/implement'
import { BypassError } from '../model-calls/call-status.js'
import { withSortedSets } from '../model-calls/json-schema.js'
import { textInKey } from '../model-calls/request-key.js'
import { type IdNames, idsByAppearance } from '../model-calls/tool-call-ids.js'
import type { SdkCallOptions } from './sdk-types.js'

/** The name under which a call passes options to this cache. They never reach the provider. */
export const CONTROL_NAME = 'verbatim'

/** Fields of a call that do not change the answer. Every other field is part of the key. */
const LEFT_OUT: ReadonlySet<string> = new Set(['abortSignal', 'headers', 'includeRawChunks'])

/** Headers that select features of a provider. Others carry credentials, or change with each call. */
const HEADERS_IN_KEY: ReadonlySet<string> = new Set([
  ...['anthropic-beta', 'anthropic-version', 'openai-beta'],
])

/** Options of providers that control their own prompt cache, or name the end user for their statistics. */
const LEFT_OUT_OF_PROVIDER: ReadonlySet<string> = new Set([
  ...['cacheControl', 'cache_control', 'promptCacheKey', 'prompt_cache_key'],
  ...[
    'promptCacheRetention',
    'prompt_cache_retention',
    'promptCacheOptions',
    'prompt_cache_options',
  ],
  ...['user', 'safetyIdentifier', 'safety_identifier', 'metadata'],
])

/** Options of providers by which the answer depends on what the provider has stored. */
const STATE_OF_PROVIDER: ReadonlySet<string> = new Set([
  ...['previousResponseId', 'previous_response_id', 'conversation', 'container', 'mcpServers'],
])
/** The same, if the value is true. */
const STATE_SWITCHES: ReadonlySet<string> = new Set(['store', 'background'])

/** The part of a call that identifies its answer, and what was left out. */
export interface RequestDocument {
  readonly request: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  /** Paths of the fields that were left out, because they do not change the answer. */
  readonly leftOut: readonly string[]
}

/**
 * Returns the part of a call that identifies its answer. The call itself is not changed.
 *
 * @throws BypassError for a call whose answer depends on more than the call
 */
export function requestDocument(
  params: SdkCallOptions,
  { cacheStatefulCalls }: { readonly cacheStatefulCalls: boolean },
): RequestDocument {
  if (params.includeRawChunks === true) throw new BypassError('raw_chunks')
  const place: Place = {
    leftOut: [],
    toolCallIds: idsByAppearance('call'),
    approvalIds: idsByAppearance('approval'),
    itemIds: idsByAppearance('item'),
    cacheStatefulCalls,
  }
  const request = emptyObject()
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue
    if (LEFT_OUT.has(name)) place.leftOut.push(name)
    else request[name] = fieldOf(name, value, place)
  }
  if (request['toolChoice'] !== undefined && isAutomaticWithoutTools(params))
    delete request['toolChoice']
  return { request, headers: headersInKey(params), leftOut: place.leftOut }
}

interface Place {
  readonly leftOut: string[]
  readonly toolCallIds: IdNames
  readonly approvalIds: IdNames
  readonly itemIds: IdNames
  readonly cacheStatefulCalls: boolean
}

function fieldOf(name: string, value: unknown, place: Place): unknown {
  switch (name) {
    case 'prompt':
      return Array.isArray(value)
        ? value.map((item, index) => message(item, `prompt[${index}]`, place))
        : value
    case 'tools':
      return Array.isArray(value)
        ? value.map((item, index) => tool(item, `tools[${index}]`, place))
        : value
    case 'responseFormat':
      return isPlainObject(value) ? { ...value, schema: withSortedSets(value['schema']) } : value
    case 'providerOptions':
      return providerOptions(value, 'providerOptions', place)
    default:
      return value
  }
}

function message(value: unknown, path: string, place: Place): unknown {
  if (!isPlainObject(value)) return value
  const { content } = value
  return {
    ...value,
    content: Array.isArray(content)
      ? content.map((item, index) => part(item, `${path}.content[${index}]`, place))
      : textInKey(content, `${path}.content`),
    providerOptions: providerOptions(value['providerOptions'], `${path}.providerOptions`, place),
  }
}

/** Returns a part of a message or of a tool result. */
function part(value: unknown, path: string, place: Place): unknown {
  if (!isPlainObject(value)) return value
  const { type, data, toolCallId, approvalId, output } = value
  const changed: Record<string, unknown> = {
    ...value,
    providerOptions: providerOptions(
      value['providerOptions'],
      `${path}.providerOptions`,
      place,
      type,
    ),
  }
  if (type === 'text' || type === 'reasoning')
    changed['text'] = textInKey(value['text'], `${path}.text`)
  if (data !== undefined) changed['data'] = fileData(data)
  if (typeof toolCallId === 'string') changed['toolCallId'] = place.toolCallIds.rename(toolCallId)
  if (typeof approvalId === 'string') changed['approvalId'] = place.approvalIds.rename(approvalId)
  if (isPlainObject(output)) changed['output'] = toolOutput(output, `${path}.output`, place)
  return changed
}

function toolOutput(
  output: Readonly<Record<string, unknown>>,
  path: string,
  place: Place,
): unknown {
  return {
    ...output,
    value: toolValue(output, `${path}.value`, place),
    providerOptions: providerOptions(output['providerOptions'], `${path}.providerOptions`, place),
  }
}

function toolValue(
  { type, value }: Readonly<Record<string, unknown>>,
  path: string,
  place: Place,
): unknown {
  if (type === 'content' && Array.isArray(value))
    return value.map((item, index) => part(item, `${path}[${index}]`, place))
  if (type === 'text' || type === 'error-text') return textInKey(value, path)
  return type === 'json' || type === 'error-json' ? asJson(value) : value
}

/** Returns a value as the provider gets it: an instance of a class as the result of its `toJSON`, for example. */
function asJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown
  } catch {
    return value
  }
}

/** Returns the data of a file in one form: bytes as bytes, whether a version wraps them or writes base64. */
function fileData(data: unknown): unknown {
  if (typeof data === 'string') return fromBase64(data)
  if (!isPlainObject(data)) return data
  if (data['type'] === 'data') return fileData(data['data'])
  return data['type'] === 'url' && data['url'] instanceof URL ? data['url'] : data
}

function fromBase64(text: string): unknown {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : text
}

/** Returns a tool. The provider itself runs a tool that is not a function, with an answer that changes. */
function tool(value: unknown, path: string, place: Place): unknown {
  if (!isPlainObject(value)) return value
  if (value['type'] !== 'function' && !place.cacheStatefulCalls)
    throw new BypassError('provider_tool', path)
  const { inputSchema } = value
  return {
    ...value,
    ...(inputSchema !== undefined && { inputSchema: withSortedSets(inputSchema) }),
    providerOptions: providerOptions(value['providerOptions'], `${path}.providerOptions`, place),
  }
}

function providerOptions(
  options: unknown,
  path: string,
  place: Place,
  partType?: unknown,
): unknown {
  if (!isPlainObject(options)) return options
  const retained = emptyObject()
  for (const [provider, values] of Object.entries(options)) {
    if (provider === CONTROL_NAME) continue
    const ofProvider = optionsOfProvider(values, `${path}.${provider}`, place, partType)
    if (ofProvider !== undefined) retained[provider] = ofProvider
  }
  return Object.keys(retained).length === 0 ? undefined : retained
}

function optionsOfProvider(
  values: unknown,
  path: string,
  place: Place,
  partType: unknown,
): unknown {
  if (!isPlainObject(values)) return values
  const retained = emptyObject()
  for (const [name, value] of Object.entries(values)) {
    const isState = STATE_OF_PROVIDER.has(name) || (STATE_SWITCHES.has(name) && value === true)
    if (isState && value !== undefined && value !== null && !place.cacheStatefulCalls)
      throw new BypassError('provider_state', `${path}.${name}`)
    if (LEFT_OUT_OF_PROVIDER.has(name)) place.leftOut.push(`${path}.${name}`)
    else if (name === 'itemId' && typeof value === 'string' && partType !== undefined) {
      // The content of the item is in the message. Only for reasoning does the id select what is sent.
      if (partType === 'reasoning') retained[name] = place.itemIds.rename(value)
      else place.leftOut.push(`${path}.${name}`)
    } else retained[name] = value
  }
  return Object.keys(retained).length === 0 ? undefined : retained
}

/** Returns whether the choice is `auto` without tools. AI SDK 7 sends it, where others send nothing. */
function isAutomaticWithoutTools({ tools, toolChoice }: SdkCallOptions): boolean {
  const hasTools = Array.isArray(tools) && tools.length > 0
  return !hasTools && isPlainObject(toolChoice) && toolChoice['type'] === 'auto'
}

function headersInKey({ headers }: SdkCallOptions): Readonly<Record<string, string>> {
  const retained: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value !== undefined && HEADERS_IN_KEY.has(name.toLowerCase()))
      retained[name.toLowerCase()] = value
  }
  return retained
}

/** Returns an object without a prototype, so that a field may have any name, such as `__proto__`. */
function emptyObject(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>
}
