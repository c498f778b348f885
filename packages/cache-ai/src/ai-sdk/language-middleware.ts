import { choiceOption, invalidOption } from '@verbatim/cache-core/implement'
import type { ModelCallStats } from '../model-calls/call-counters.js'
import type { ModelAnswer } from '../model-calls/model-answer.js'
import {
  MODEL_CACHE_FIELDS,
  type ModelCacheOptions,
  resolveModelCacheOptions,
} from '../model-calls/model-cache-options.js'
import type { MissExplanation } from '../model-calls/recent-requests.js'
import { type LanguageCall, LanguageCalls } from './language-calls.js'
import type { ReplayPace } from './replay.js'

/** Options of {@link createCacheMiddleware}. */
export interface CacheMiddlewareOptions extends ModelCacheOptions {
  /** The pace of stored answers that are streamed. Default: `'instant'`. */
  readonly replay?: ReplayPace | undefined
  /**
   * Returns whether to store a complete answer. It is not called for answers that are never stored, such as
   * answers that were cut. Default: every complete answer is stored.
   */
  readonly shouldStore?: ((answer: ModelAnswer) => boolean) | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof CacheMiddlewareOptions>([
  ...MODEL_CACHE_FIELDS,
  ...(['replay', 'shouldStore'] as const),
])

/**
 * A middleware for language models of AI SDK 5, 6 and 7. Its types name no version, so that
 * `wrapLanguageModel` of each of them accepts it.
 */
export interface CacheMiddleware {
  // oxlint-disable-next-line no-explicit-any -- each version of the AI SDK demands another literal
  readonly specificationVersion: any
  // oxlint-disable-next-line no-explicit-any -- each version of the AI SDK has other types of calls
  readonly wrapGenerate: (call: any) => Promise<any>
  // oxlint-disable-next-line no-explicit-any -- as above
  readonly wrapStream: (call: any) => Promise<any>
  /** Returns the counts of all calls since the middleware was created. */
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
 * Returns a middleware that caches the calls of a language model of AI SDK 5, 6 or 7.
 *
 * Only complete answers are stored. Calls that are identical share one call of the model, and a stream that
 * joins a running one gets all of its parts. `providerMetadata.verbatim` of each result holds the status of the
 * call, and `providerOptions.verbatim` takes the options of a call: `refresh`, `noStore`, `maxAge`,
 * `onlyIfCached`, `staleWhileRevalidate`, `ttl`, `tags` and `variant`.
 *
 * @throws ConfigurationError or ValidationError that names the option and its rule
 * @example
 * ```ts
 * const middleware = createCacheMiddleware({ cache: new InMemoryCache(), tenant: SHARED })
 * const model = wrapLanguageModel({ model: openai('gpt-5'), middleware })
 * const { text, providerMetadata } = await generateText({ model, prompt: 'How do I make tea?' })
 * console.log(providerMetadata?.verbatim.status) // MISS
 * ```
 */
export function createCacheMiddleware(options: CacheMiddlewareOptions): CacheMiddleware {
  const resolved = resolveModelCacheOptions(options, FIELDS)
  const { replay = 'instant', shouldStore } = options
  if (shouldStore !== undefined && typeof shouldStore !== 'function')
    throw invalidOption('shouldStore', 'a function', shouldStore)
  const calls = new LanguageCalls({
    ...resolved,
    replay: choiceOption('replay', replay, ['instant', 'recorded', 'smooth']),
    shouldStore,
  })
  return {
    specificationVersion: 'v3',
    wrapGenerate: (call: LanguageCall) => calls.generate(call),
    wrapStream: (call: LanguageCall) => calls.stream(call),
    getStats: () => calls.calls.stats(),
    explain: (key) => calls.calls.explain(key),
  }
}
