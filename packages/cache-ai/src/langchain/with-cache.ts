/* oxlint-disable no-underscore-dangle -- LangChain begins the names of methods for subclasses with one */
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { BaseMessage } from '@langchain/core/messages'
import type { ChatGenerationChunk, ChatResult } from '@langchain/core/outputs'
import { invalidArgument } from '@verbatim/cache-core/implement'
import type { ModelCallStats } from '../model-calls/call-counters.js'
import {
  MODEL_CACHE_FIELDS,
  type ModelCacheOptions,
  resolveModelCacheOptions,
} from '../model-calls/model-cache-options.js'
import type { MissExplanation } from '../model-calls/recent-requests.js'
import { ChatCalls } from './chat-calls.js'

/** Options of {@link withCache}. */
export type LangChainOptions = ModelCacheOptions

const FIELDS: ReadonlySet<string> = new Set<string>(MODEL_CACHE_FIELDS)

/** A chat model that uses the cache. */
export type CachedChatModel<Model> = Model & {
  /** Returns the counts of all calls of the model since it was wrapped. */
  getStats(): ModelCallStats
  /**
   * Returns why a recent call was not served from the cache: the most similar recent request, and the first place
   * where it differs.
   *
   * @param key - the `key` in the status of the call
   * @returns `undefined` for a call that was served from the cache, and after 100 further misses
   */
  explain(key: string): MissExplanation | undefined
}

/**
 * Returns a chat model of LangChain that caches its answers, and their streams. The given model is not changed.
 *
 * The cache sees the messages themselves, not the transcript that LangChain makes of them. Models that `bindTools`,
 * `withStructuredOutput` and `withConfig` return use the cache, too. `response_metadata.verbatim` of each message
 * holds the status of the call, and the call option `verbatim` takes the options of a call.
 *
 * @throws ConfigurationError or ValidationError that names the option and its rule
 * @example
 * ```ts
 * const model = withCache(new ChatOpenAI({ model: 'gpt-5' }), { cache: new InMemoryCache(), tenant: SHARED })
 * const message = await model.invoke('How do I make tea?')
 * ```
 */
export function withCache<Model extends BaseChatModel>(
  model: Model,
  options: LangChainOptions,
): CachedChatModel<Model> {
  if (!isChatModel(model)) throw invalidArgument('model', 'a chat model of LangChain', model)
  return wrap(model, new ChatCalls(resolveModelCacheOptions(options, FIELDS)))
}

function wrap<Model extends BaseChatModel>(model: Model, calls: ChatCalls): CachedChatModel<Model> {
  const cached = Object.create(model) as CachedChatModel<Model> & Record<string, unknown>
  const define = (name: string, value: unknown): void => {
    Object.defineProperty(cached, name, { value, configurable: true, writable: true })
  }
  define('getStats', () => calls.calls.stats())
  define('explain', (key: string) => calls.calls.explain(key))
  define(
    '_generate',
    (
      messages: BaseMessage[],
      options: object,
      run?: CallbackManagerForLLMRun,
    ): Promise<ChatResult> => calls.generate({ model, messages, options, run }),
  )
  if (model._streamResponseChunks !== BaseChatModel.prototype._streamResponseChunks)
    define(
      '_streamResponseChunks',
      (
        messages: BaseMessage[],
        options: object,
        run?: CallbackManagerForLLMRun,
      ): AsyncGenerator<ChatGenerationChunk> => calls.stream({ model, messages, options, run }),
    )
  // Some integrations stream events without the method above. They must not pass by the cache.
  // oxlint-disable-next-line unbound-method -- it becomes a method of another object
  define('_streamChatModelEvents', BaseChatModel.prototype._streamChatModelEvents)
  define('withConfig', (config: object): unknown => {
    const configured: unknown = (model.withConfig as (config: object) => unknown).call(
      cached,
      config,
    )
    return isChatModel(configured) && !Object.hasOwn(configured, '_generate')
      ? wrap(configured, calls)
      : configured
  })
  return cached
}

function isChatModel(model: unknown): model is BaseChatModel {
  const { _generate, _llmType, invoke } = Object(model) as Record<string, unknown>
  return [_generate, _llmType, invoke].every((method) => typeof method === 'function')
}
