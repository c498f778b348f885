import { createOpenAI } from '@ai-sdk/openai'
import { ChatOpenAI } from '@langchain/openai'
import type { CacheInterface } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { ModelServer } from '@verbatim/model-server'
import { embed, generateText, streamText, wrapEmbeddingModel, wrapLanguageModel } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  createCacheMiddleware,
  createEmbeddingCacheMiddleware,
  SHARED,
} from '../../src/ai-sdk/index.js'
import { createCachingFetch } from '../../src/fetch/index.js'
import { VerbatimCache, withCache } from '../../src/langchain/index.js'
import { SetUp } from '../set-up.js'

const at = new SetUp()
const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => server.reset())

const prompt = 'How do I make tea?'
const TAGS = ['tea']
const send = globalThis.fetch

/** Holds requests to the model until it is opened. */
class Gate {
  isOpen = true
  #open = (): void => undefined

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await send(input, init)
    if (!this.isOpen) {
      await new Promise<void>((resolve) => {
        this.#open = resolve
      })
    }
    return response
  }

  open(): void {
    this.isOpen = true
    this.#open()
  }
}

type Ask = () => Promise<unknown>

/** Returns a call through each adapter. */
const ADAPTERS: Record<string, (cache: CacheInterface, fetch: typeof globalThis.fetch) => Ask> = {
  'AI SDK, generateText': (cache, fetch) => {
    const model = chatModel(cache, fetch)
    return () => generateText({ model, prompt })
  },
  'AI SDK, streamText': (cache, fetch) => {
    const model = chatModel(cache, fetch)
    return async () => streamText({ model, prompt }).text
  },
  'AI SDK, embed': (cache, fetch) => {
    const middleware = createEmbeddingCacheMiddleware({ cache, tenant: SHARED, tags: TAGS })
    const model = wrapEmbeddingModel({ model: provider(fetch).embedding('test'), middleware })
    return () => embed({ model, value: prompt })
  },
  'fetch, whole': (cache, fetch) => {
    const { completions } = openai(cache, fetch).chat
    return () => completions.create({ model: 'test', messages: [message] })
  },
  'fetch, stream': (cache, fetch) => {
    const { completions } = openai(cache, fetch).chat
    return async () =>
      drained(await completions.create({ model: 'test', messages: [message], stream: true }))
  },
  'LangChain, invoke': (cache, fetch) => {
    const model = withCache(langchain(fetch), { cache, tenant: SHARED, tags: TAGS })
    return () => model.invoke(prompt)
  },
  'LangChain, stream': (cache, fetch) => {
    const model = withCache(langchain(fetch), { cache, tenant: SHARED, tags: TAGS })
    return async () => drained(await model.stream(prompt))
  },
  'LangChain, VerbatimCache': (cache, fetch) => {
    const model = langchain(fetch, new VerbatimCache({ cache, tenant: SHARED, tags: TAGS }))
    return () => model.invoke(prompt)
  },
}

const message = { role: 'user' as const, content: prompt }

const provider = (fetch: typeof globalThis.fetch) =>
  createOpenAI({ apiKey: 'test', baseURL: `${server.url}/v1`, fetch })

function chatModel(cache: CacheInterface, fetch: typeof globalThis.fetch) {
  const middleware = createCacheMiddleware({ cache, tenant: SHARED, tags: TAGS })
  return wrapLanguageModel({ model: provider(fetch).chat('test'), middleware })
}

function openai(cache: CacheInterface, fetch: typeof globalThis.fetch): OpenAI {
  const caching = createCachingFetch({ cache, tenant: SHARED, tags: TAGS, fetch })
  return new OpenAI({ apiKey: 'test', baseURL: `${server.url}/v1`, fetch: caching, maxRetries: 0 })
}

function langchain(fetch: typeof globalThis.fetch, cache?: VerbatimCache): ChatOpenAI {
  const configuration = { baseURL: `${server.url}/v1`, fetch }
  const fields = { apiKey: 'test', model: 'test', maxRetries: 0, configuration }
  return new ChatOpenAI(cache === undefined ? fields : { ...fields, cache })
}

async function drained(parts: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of parts) continue
}

/** The cache that calls use, and the cache that is invalidated. */
const CACHES: Record<string, () => Promise<readonly [CacheInterface, CacheInterface]>> = {
  memory: async () => {
    const cache = new InMemoryCache()
    return [cache, cache]
  },
  Redis: async () => {
    const cache = await at.openConnected()
    return [cache, cache]
  },
  'Redis, by another process': async () => [await at.openConnected(), await at.openConnected()],
}

const INVALIDATIONS: Record<string, (cache: CacheInterface, key: string) => Promise<unknown>> = {
  invalidateTags: (cache) => cache.invalidateTags(TAGS),
  invalidatePattern: (cache) => cache.invalidatePattern('model:*'),
  delete: (cache, key) => cache.delete(key),
  clear: (cache) => cache.clear(),
}

describe.each(Object.keys(ADAPTERS))('%s', (adapter) => {
  describe.each(Object.keys(CACHES))('%s', (caches) => {
    test.each(Object.keys(INVALIDATIONS))(
      'an answer is not stored after %s during the call',
      async (invalidation) => {
        const [cache, invalidated] = (await CACHES[caches]?.()) ?? []
        if (cache === undefined || invalidated === undefined) throw new Error(caches)
        const reads = vi.spyOn(cache, 'get')
        const gate = new Gate()
        const ask = ADAPTERS[adapter]?.(cache, gate.fetch) ?? (() => Promise.reject())
        gate.isOpen = false
        const asking = ask()
        await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 10_000 })
        await INVALIDATIONS[invalidation]?.(invalidated, reads.mock.calls[0]?.[0] ?? '')
        gate.open()
        await asking
        await ask()
        expect(server.requests).toHaveLength(2)
        await ask()
        expect(server.requests).toHaveLength(2)
      },
    )
  })
})
