import type { CacheError } from '@verbatim/cache-core'
import { ModelServer, vectorOf } from '@verbatim/model-server'
import { afterAll, describe, expect, test } from 'vitest'
import { AIResponseCache, type AIResponseCacheOptions } from '../../src/index.js'
import { SetUp } from '../set-up.js'
import { type SdkCall, sdkCalls } from './sdk-calls.js'

const at = new SetUp()
const server = await ModelServer.start()
const request = { text: 'How do I make tea?', operation: 'qa' }

afterAll(() => server[Symbol.asyncDispose]())

const TEXT = 'Boil, then pour.'
const STEPS = { steps: ['boil', 'pour'] }
const VECTOR = vectorOf(request.text)

/** The part of each result that an application reads. */
const STORED: Record<string, unknown> = {
  'chat.completions.create of openai': TEXT,
  'chat.completions.parse of openai': STEPS,
  'embeddings.create of openai': VECTOR,
  'messages.create of @anthropic-ai/sdk': [{ type: 'text', text: TEXT }],
}
/** Instances with methods, which a copy would not have. */
const NOT_STORED: Record<string, unknown> = {
  "generateText of 'ai'": [TEXT, 12],
  "streamText of 'ai'": TEXT,
  "embed of 'ai'": VECTOR,
  "generateObject of 'ai'": STEPS,
  'a stream of openai': TEXT,
  'invoke of LangChain': [TEXT, 'ai'],
}

type Open = (options?: AIResponseCacheOptions) => Promise<AIResponseCache>

describe.each<[string, Open]>([
  ['memory', async (options) => new AIResponseCache(options)],
  ['Redis', (options) => at.openConnected({ ...options, enableL1Cache: false })],
  ['memory and Redis', (options) => at.openConnected(options)],
])('with %s', (_tiers, open) => {
  describe.each(['freeze', 'clone', 'none'] as const)('and isolation %s', (isolation) => {
    test.each(Object.entries(STORED))('%s: the second call is a hit', async (name, expected) => {
      await using cache = await open({ isolation })
      const { ask, read, results } = recorded(name)
      const first = await cache.getOrCompute(request, ask)
      const second = await cache.getOrCompute(request, ask)
      expect([first.cached.hit, second.cached.hit]).toEqual([false, true])
      expect(results).toHaveLength(1)
      for (const { response } of [first, second]) {
        expect(response).toEqual(results[0])
        expect(read(response)).toEqual(expected)
      }
      expect(cache.getStats().notStored).toEqual({})
    })

    test.each(Object.entries(NOT_STORED))(
      '%s: each call gets a result of its own, and the reason is counted',
      async (name, expected) => {
        await using cache = await open({ isolation })
        const { ask, read, results } = recorded(name)
        const messages: string[] = []
        cache.on('not_stored', (_key, { message }: CacheError) => messages.push(message))
        for (const attempt of [0, 1]) {
          const { response, cached } = await cache.getOrCompute(request, ask)
          expect(cached.hit).toBe(false)
          expect(response).toBe(results[attempt])
          expect(await read(response)).toEqual(expected)
        }
        expect(cache.getStats().notStored).toEqual({ NOT_SERIALIZABLE: 2 })
        expect(messages[0]).toMatch(
          /^response must be plain data; received an instance of \w+\. Return plain data, or pass serialize and revive to the cache$/,
        )
      },
    )
  })
})

/** Returns a call that records the results of the client. */
function recorded(name: string): SdkCall & { readonly results: readonly unknown[] } {
  const { ask, read } = sdkCalls(server.url)[name] as SdkCall
  const results: unknown[] = []
  const record = async (): Promise<unknown> => {
    const result = await ask()
    results.push(result)
    return result
  }
  return { ask: record, read, results }
}
