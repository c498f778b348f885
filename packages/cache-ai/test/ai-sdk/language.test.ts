import { InMemoryCache } from '@verbatim/cache-memory'
import { ModelServer } from '@verbatim/model-server'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  type CacheMiddlewareOptions,
  createCacheMiddleware,
  SHARED,
} from '../../src/ai-sdk/index.js'
import { type AISdk, SDKS } from './versions.js'

const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => server.reset())

const prompt = 'How do I make tea?'
const TEXT = 'Boil, then pour.'

function middlewareOf(options: Partial<CacheMiddlewareOptions> = {}) {
  return createCacheMiddleware({ cache: new InMemoryCache(), tenant: SHARED, ...options })
}

/** Returns the status in the metadata of a result. */
function statusOf({ providerMetadata }: { readonly providerMetadata?: unknown }): string {
  return String(Object(Object(providerMetadata)['verbatim'])['status'])
}

describe.each(SDKS)('AI SDK $version', ({ version, ai, chat, responses }) => {
  test('the second generateText is a hit with the same answer and no usage', async () => {
    const model = chat(server.url, middlewareOf())
    const first = await ai.generateText({ model, prompt })
    const second = await ai.generateText({ model, prompt })
    expect([first.text, second.text]).toEqual([TEXT, TEXT])
    expect([statusOf(first), statusOf(second)]).toEqual(['MISS', 'HIT'])
    expect([first.usage.inputTokens, second.usage.inputTokens]).toEqual([9, 0])
    expect(second.finishReason).toBe('stop')
    expect(second.response.id).toBe(first.response.id)
    expect(second.response.timestamp).toEqual(first.response.timestamp)
    expect(second.providerMetadata?.['verbatim']).toMatchObject({
      usage: { inputTokens: { total: 9 }, outputTokens: { total: 3 } },
    })
    expect(server.requests).toHaveLength(1)
  })

  test('a stream is stored, and replayed in the same chunks', async () => {
    const model = chat(server.url, middlewareOf())
    const chunks: string[][] = []
    for (const _ of [1, 2]) {
      const result = ai.streamText({ model, prompt })
      chunks.push(await collected(result.textStream))
      expect(await result.finishReason).toBe('stop')
    }
    expect(chunks).toEqual([
      ['Boil, ', 'then ', 'pour.'],
      ['Boil, ', 'then ', 'pour.'],
    ])
    expect(server.requests).toHaveLength(1)
  })

  test('a stream and a call without a stream share an answer', async () => {
    const cache = new InMemoryCache()
    const model = chat(server.url, middlewareOf({ cache }))
    await ai.generateText({ model, prompt })
    const streamed = ai.streamText({ model, prompt })
    expect(await streamed.text).toBe(TEXT)
    await cache.clear()
    expect(await ai.streamText({ model, prompt }).text).toBe(TEXT)
    expect((await ai.generateText({ model, prompt })).text).toBe(TEXT)
    expect(server.requests).toHaveLength(2)
  })

  test('structured output is a hit', async () => {
    const model = chat(server.url, middlewareOf())
    const schema = z.object({ steps: z.array(z.string()) })
    for (const _ of [1, 2]) {
      const { object } = await ai.generateObject({ model, schema, prompt })
      expect(object).toEqual({ steps: ['boil', 'pour'] })
    }
    expect(server.requests).toHaveLength(1)
  })

  test.each(['chat', 'responses'] as const)(
    'a loop with tools runs from the cache, with new ids of tool calls: %s',
    async (api) => {
      const open = api === 'chat' ? chat : responses
      const model = open(server.url, middlewareOf())
      const runs: string[] = []
      const ids: string[] = []
      const weather = ai.tool({
        inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }, { toolCallId }) => {
          runs.push(city)
          ids.push(toolCallId)
          return 'sunny'
        },
      })
      for (const _ of [1, 2, 3]) {
        const { text } = await ai.generateText({
          ...{ model, prompt, tools: { weather }, stopWhen: ai.stepCountIs(3) },
        })
        expect(text).toBe(TEXT)
      }
      expect(runs).toEqual(['Paris', 'Paris', 'Paris'])
      expect(new Set(ids).size).toBe(3)
      expect(server.requests).toHaveLength(2)
    },
  )

  test('a streamed loop with tools runs from the cache', async () => {
    const model = chat(server.url, middlewareOf())
    let runs = 0
    const weather = ai.tool({
      inputSchema: z.object({ city: z.string() }),
      execute: async () => `run ${Math.min(++runs, 1)}`,
    })
    for (const _ of [1, 2]) {
      const result = ai.streamText({
        ...{ model, prompt, tools: { weather }, stopWhen: ai.stepCountIs(3) },
      })
      expect(await result.text).toBe(TEXT)
    }
    expect(runs).toBe(2)
    expect(server.requests).toHaveLength(2)
  })

  test.each([
    ['cut', 'finish_reason'],
    ['filtered', 'finish_reason'],
    ['empty', 'empty'],
  ] as const)('an answer that is %s is not stored', async (fault, reason) => {
    const middleware = middlewareOf()
    const model = chat(server.url, middleware)
    server.fault = fault
    for (const _ of [1, 2]) await ai.generateText({ model, prompt })
    for (const _ of [1, 2]) await ai.streamText({ model, prompt }).consumeStream()
    expect(server.requests).toHaveLength(4)
    expect(middleware.getStats().notStored).toEqual({ [reason]: 4 })
  })

  test.each(['error', 'disconnect', 'truncate'] as const)(
    'a stream that ends in the middle is not stored: %s',
    async (fault) => {
      const middleware = middlewareOf()
      const model = chat(server.url, middleware)
      server.fault = fault
      for (const _ of [1, 2]) {
        const result = ai.streamText({ model, prompt, maxRetries: 0, onError: () => undefined })
        await result.consumeStream({ onError: () => undefined })
      }
      expect(server.requests).toHaveLength(2)
      server.fault = undefined
      expect((await ai.generateText({ model, prompt })).text).toBe(TEXT)
    },
  )

  test('identical calls at the same time make one call, and one of them reports the usage', async () => {
    server.pauseMs = 5
    const model = chat(server.url, middlewareOf())
    const results = await Promise.all(
      Array.from({ length: 10 }, () => ai.generateText({ model, prompt })),
    )
    expect(results.map(({ text }) => text)).toEqual(Array(10).fill(TEXT))
    expect(results.map(statusOf).toSorted()).toEqual([...Array(9).fill('COALESCED'), 'MISS'])
    const tokens = results.map(({ usage }) => usage.inputTokens ?? 0)
    expect(tokens.reduce((sum, count) => sum + count)).toBe(9)
    expect(server.requests).toHaveLength(1)
  })

  test('all callers of a call that fails get its error, and nothing is stored', async () => {
    server.fault = 'status'
    const model = chat(server.url, middlewareOf())
    const results = await Promise.allSettled(
      [1, 2].map(() => ai.generateText({ model, prompt, maxRetries: 0 })),
    )
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(server.requests).toHaveLength(1)
    server.fault = undefined
    expect((await ai.generateText({ model, prompt })).text).toBe(TEXT)
  })

  test('options of a call control the cache and never reach the provider', async () => {
    const model = chat(server.url, middlewareOf({ ttl: '1m' }))
    const ask = (verbatim: object) =>
      ai.generateText({ model, prompt, providerOptions: { verbatim: verbatim as never } })
    expect(statusOf(await ask({ noStore: true }))).toBe('MISS')
    expect(statusOf(await ask({}))).toBe('MISS')
    expect(statusOf(await ask({}))).toBe('HIT')
    expect(statusOf(await ask({ refresh: true }))).toBe('REFRESH')
    expect(statusOf(await ask({ variant: 1 }))).toBe('MISS')
    expect(statusOf(await ask({ onlyIfCached: true }))).toBe('HIT')
    await expect(ask({ onlyIfCached: true, variant: 2 })).rejects.toMatchObject({
      code: 'NOT_CACHED',
    })
    expect(JSON.stringify(server.requests.map(({ body }) => body))).not.toContain('verbatim')
  })

  test('a wrong option of a call runs the call without the cache, and says why', async () => {
    const model = chat(server.url, middlewareOf())
    const { text, providerMetadata } = await ai.generateText({
      ...{ model, prompt, providerOptions: { verbatim: { ttl: 'soon' } } },
    })
    expect(text).toBe(TEXT)
    expect(providerMetadata?.['verbatim']).toMatchObject({
      ...{ status: 'BYPASS', reason: 'invalid_control', path: 'ttl' },
    })
  })

  test('two models, two tenants and two images never share an answer', async () => {
    const cache = new InMemoryCache()
    server.reply = (_body, number) => ({ text: [`answer ${number}`] })
    const texts: string[] = []
    for (const tenant of ['ada', 'charles'])
      for (const modelId of ['gpt-test', 'gpt-other'])
        for (const pixel of [1, 2]) {
          const model = chat(server.url, middlewareOf({ cache, tenant }), modelId)
          const image = Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10, pixel])
          const content = [
            { type: 'image' as const, image },
            { type: 'text' as const, text: prompt },
          ]
          const { text } = await ai.generateText({ model, messages: [{ role: 'user', content }] })
          texts.push(text)
        }
    expect(new Set(texts).size).toBe(8)
  })

  test('a change of a result does not change the next hit', async () => {
    const model = chat(server.url, middlewareOf())
    const first = await ai.generateText({ model, prompt })
    const [part] = first.content as unknown as { text: string }[]
    ;(part as { text: string }).text = 'changed'
    Object(first.response).id = 'changed'
    const second = await ai.generateText({ model, prompt })
    expect(second.text).toBe(TEXT)
    Object(second.content[0]).text = 'changed'
    expect((await ai.generateText({ model, prompt })).text).toBe(TEXT)
  })

  test.runIf(version !== 5)('an answer that another version stored is a hit', async () => {
    const cache = new InMemoryCache()
    const [sdk5] = SDKS as [AISdk, ...AISdk[]]
    const other = sdk5.chat(server.url, middlewareOf({ cache }))
    await sdk5.ai.generateText({ model: other, prompt })
    const result = await ai.generateText({
      model: chat(server.url, middlewareOf({ cache })),
      prompt,
    })
    expect([statusOf(result), result.text]).toEqual(['HIT', TEXT])
    expect(result.finishReason).toBe('stop')
  })
})

async function collected<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const part of parts) all.push(part)
  return all
}
