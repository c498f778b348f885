/* oxlint-disable no-underscore-dangle -- LangChain begins the names of methods for subclasses with one */
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { BaseMessage } from '@langchain/core/messages'
import { mapChatMessagesToStoredMessages } from '@langchain/core/messages'
import { isPlainObject } from '@verbatim/cache-core/implement'
import { BypassError } from '../model-calls/call-status.js'
import { idsByAppearance } from '../model-calls/tool-call-ids.js'
import { renameToolCalls } from './messages.js'

type Fields = Readonly<Record<string, unknown>>

/** Options of a call that do not change the answer. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['signal', 'timeout', 'maxConcurrency', 'callbacks', 'tags', 'metadata', 'runName', 'runId'],
  'promptIndex',
  ...['configurable', 'recursionLimit', 'ls_structured_output_format', 'verbatim'],
  ...[
    'user',
    'promptCacheKey',
    'prompt_cache_key',
    'promptCacheRetention',
    'prompt_cache_retention',
  ],
])
/** Parameters of a request that do not change the answer, or are secret. */
const LEFT_OUT_OF_PARAMETERS: ReadonlySet<string> = new Set([
  ...['user', 'prompt_cache_key', 'prompt_cache_retention', 'stream', 'stream_options', 'apiKey'],
])
/** Fields of a model that do not change the answer, or hold secrets. */
const LEFT_OUT_OF_MODEL =
  /key|secret|password|credential|auth|^client|^configuration$|^promptCache|^lc_|^(fields|cache|caller|callbacks|tags|metadata|user|timeout|verbose|name|maxRetries|maxConcurrency|streaming)$/i

/**
 * Returns the part of a call that identifies its answer: the messages, the options, and what the model says of
 * itself.
 *
 * @throws BypassError (`unknown_request`) for a model that does not say which model it is
 */
export function chatRequest(
  model: BaseChatModel,
  messages: readonly BaseMessage[],
  options: object,
  { version }: { readonly version: string | undefined },
): Fields {
  const identifying = plain(model._identifyingParams())
  const invocation = plain(model.invocationParams(options))
  const settings = settingsOf(model)
  const isIdentified = [identifying, invocation, settings].some(hasModelName)
  if (!isIdentified && version === undefined) throw new BypassError('unknown_request', 'model')
  const ids = idsByAppearance('call')
  return {
    type: model._llmType(),
    identifying,
    invocation,
    settings,
    options: unsentOptions(options as Fields, invocation),
    messages: mapChatMessagesToStoredMessages([...messages]).map(({ type, data }, index) => {
      // The stored form has no name that was set after the construction of the message.
      const fields: Record<string, unknown> = { ...data, name: messages[index]?.name }
      // The artifact of a tool is for the application. It is not sent.
      delete fields['artifact']
      // Frameworks number messages at random. Only the id of an item at the provider is sent.
      if (!String(fields['id']).startsWith('msg_')) delete fields['id']
      delete fields['usage_metadata']
      fields['response_metadata'] = withoutReport(fields['response_metadata'])
      renameToolCalls(fields, ids)
      return { type, fields }
    }),
  }
}

/** Returns the options that are not in the parameters of the request, where they have their final form. */
function unsentOptions(options: Fields, invocation: Fields): Fields {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !LEFT_OUT.has(name) && !(name in invocation)),
  )
}

/** Returns metadata of an earlier answer without its tokens and its status. */
function withoutReport(metadata: unknown): Record<string, unknown> {
  const {
    tokenUsage: _,
    usage: __,
    verbatim: ___,
    ...others
  } = Object(metadata) as Record<string, unknown>
  return others
}

/** Returns the data of a model, such as its temperature and its stop sequences. */
function settingsOf(model: BaseChatModel): Fields {
  const shown = Object.entries(model).filter(([name]) => !LEFT_OUT_OF_MODEL.test(name))
  try {
    return JSON.parse(JSON.stringify(Object.fromEntries(shown), dataOnly)) as Fields
  } catch {
    throw new BypassError('unrepresentable_value', 'model')
  }
}

/** Leaves out instances of classes, such as clients. */
function dataOnly(this: Fields, name: string): unknown {
  const value = this[name]
  const isInstance = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isInstance && !isPlainObject(value) ? undefined : value
}

function hasModelName(fields: unknown): boolean {
  const { model, modelName, model_name } = Object(fields) as Record<string, unknown>
  return [model, modelName, model_name].some((name) => typeof name === 'string' && name !== '')
}

/** Returns data without secrets, and without the fields that JSON leaves out, such as functions. */
function plain(value: unknown): Fields {
  if (!isPlainObject(value)) return {}
  const shown = Object.entries(value).filter(([name]) => !LEFT_OUT_OF_PARAMETERS.has(name))
  return JSON.parse(JSON.stringify(Object.fromEntries(shown))) as Fields
}
