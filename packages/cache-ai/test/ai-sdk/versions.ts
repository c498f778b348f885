import { createOpenAI as createOpenAI6 } from '@ai-sdk/openai'
import { createOpenAI as createOpenAI5 } from '@ai-sdk/openai-2'
import { createOpenAI as createOpenAI7 } from '@ai-sdk/openai-4'
import * as ai6 from 'ai'
import * as ai5 from 'ai-5'
import * as ai7 from 'ai-7'
import type { CacheMiddleware, EmbeddingCacheMiddleware } from '../../src/ai-sdk/index.js'

/** The AI SDK in one version, with the types of version 6. */
export interface AISdk {
  readonly version: 5 | 6 | 7
  readonly ai: typeof ai6
  /** Returns a chat model of the server, wrapped in a middleware. */
  readonly chat: (url: string, middleware: CacheMiddleware, modelId?: string) => ai6.LanguageModel
  /** Returns a model of the Responses API. */
  readonly responses: (url: string, middleware: CacheMiddleware) => ai6.LanguageModel
  readonly embedding: (url: string, middleware: EmbeddingCacheMiddleware) => ai6.EmbeddingModel
}

const to = (url: string) => ({ apiKey: 'test', baseURL: `${url}/v1` })

export const SDKS: readonly AISdk[] = [
  {
    version: 5,
    ai: ai5 as unknown as typeof ai6,
    chat: (url, middleware, modelId = 'gpt-test') =>
      ai5.wrapLanguageModel({ model: createOpenAI5(to(url)).chat(modelId), middleware }),
    responses: (url, middleware) =>
      ai5.wrapLanguageModel({
        model: createOpenAI5(to(url)).responses('gpt-test'),
        middleware,
      }),
    embedding: (url, middleware) =>
      middleware.wrap(createOpenAI5(to(url)).textEmbeddingModel('embedding-test')) as never,
  },
  {
    version: 6,
    ai: ai6,
    chat: (url, middleware, modelId = 'gpt-test') =>
      ai6.wrapLanguageModel({ model: createOpenAI6(to(url)).chat(modelId), middleware }),
    responses: (url, middleware) =>
      ai6.wrapLanguageModel({ model: createOpenAI6(to(url)).responses('gpt-test'), middleware }),
    embedding: (url, middleware) =>
      ai6.wrapEmbeddingModel({
        model: createOpenAI6(to(url)).embedding('embedding-test'),
        middleware,
      }),
  },
  {
    version: 7,
    ai: ai7 as unknown as typeof ai6,
    chat: (url, middleware, modelId = 'gpt-test') =>
      ai7.wrapLanguageModel({ model: createOpenAI7(to(url)).chat(modelId), middleware }) as never,
    responses: (url, middleware) =>
      ai7.wrapLanguageModel({
        model: createOpenAI7(to(url)).responses('gpt-test'),
        middleware,
      }) as never,
    embedding: (url, middleware) =>
      ai7.wrapEmbeddingModel({
        model: createOpenAI7(to(url)).embedding('embedding-test'),
        middleware,
      }) as never,
  },
]
