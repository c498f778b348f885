import type { ModelCallStats } from '../model-calls/call-counters.js'
import {
  MODEL_CACHE_FIELDS,
  type ModelCacheOptions,
  resolveModelCacheOptions,
} from '../model-calls/model-cache-options.js'
import type { EmbeddingCall, EmbeddingModel, EmbeddingParams } from './embedding-batch.js'
import { EmbeddingCalls } from './embedding-calls.js'

const FIELDS: ReadonlySet<string> = new Set<string>(MODEL_CACHE_FIELDS)

/** A middleware for embedding models of AI SDK 6 and 7, and of 5 through {@link EmbeddingCacheMiddleware.wrap}. */
export interface EmbeddingCacheMiddleware {
  // oxlint-disable-next-line no-explicit-any -- each version of the AI SDK demands another literal
  readonly specificationVersion: any
  // oxlint-disable-next-line no-explicit-any -- each version of the AI SDK has other types of calls
  readonly wrapEmbed: (call: any) => Promise<any>
  /** Returns a model that uses the cache, for AI SDK 5, which has no `wrapEmbeddingModel`. */
  wrap<Model extends object>(model: Model): Model
  /** Returns the counts of all values since the middleware was created. */
  getStats(): ModelCallStats
}

/**
 * Returns a middleware that caches the embeddings of single values. A call sends only the values that are not
 * stored, and the embeddings come back in the order of the values. Calls that need the same value at the same
 * time send it once.
 *
 * Embeddings are stored with 32-bit numbers. All calls return such numbers, also those that asked the model.
 *
 * @throws ConfigurationError or ValidationError that names the option and its rule
 * @example
 * ```ts
 * const middleware = createEmbeddingCacheMiddleware({ cache, tenant: SHARED })
 * const model = wrapEmbeddingModel({ model: openai.embedding('text-embedding-3-small'), middleware })
 * ```
 */
export function createEmbeddingCacheMiddleware(
  options: ModelCacheOptions,
): EmbeddingCacheMiddleware {
  const resolved = resolveModelCacheOptions(options, FIELDS)
  const calls = new EmbeddingCalls(resolved)
  return {
    specificationVersion: 'v3',
    wrapEmbed: (call: EmbeddingCall) => calls.embed(call),
    wrap: (model) => {
      const doEmbed = (params: EmbeddingParams): unknown =>
        calls.embed({ model: model as unknown as EmbeddingModel, params })
      return new Proxy(model, {
        get: (target, name) =>
          name === 'doEmbed' ? doEmbed : (Reflect.get(target, name, target) as unknown),
      })
    },
    getStats: () => calls.calls.stats(),
  }
}
