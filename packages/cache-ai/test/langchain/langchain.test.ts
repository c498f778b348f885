import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { FakeListChatModel } from '@langchain/core/utils/testing'
import { ChatOpenAI } from '@langchain/openai'
import { InMemoryCache } from '@verbatim/cache-memory'
import { ModelServer, usualReply } from '@verbatim/model-server'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SHARED, VerbatimCache, withCache } from '../../src/langchain/index.js'

const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => server.reset())

const TEXT = 'Boil, then pour.'
const prompt = 'How do I make tea?'

function fieldsOf() {
  const configuration = { baseURL: `${server.url}/v1` }
  return { apiKey: 'test', maxRetries: 0, configuration }
}

function chat(fields: object = {}): ChatOpenAI {
  return new ChatOpenAI({ ...fieldsOf(), model: 'gpt-test', ...fields })
}

function cachedChat(fields?: object, cache = new InMemoryCache()) {
  return withCache(chat(fields), { cache, tenant: SHARED })
}

function statusOf({ response_metadata }: { response_metadata: object }): unknown {
  return Object(Object(response_metadata)['verbatim'])['status']
}

async function collected<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const part of parts) all.push(part)
  return all
}

const image = (data: string) => ({
  ...{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
})

describe('withCache', () => {
  test('the second invoke is a hit without tokens', async () => {
    const model = cachedChat()
    const first = await model.invoke(prompt)
    const second = await model.invoke(prompt)
    expect([first.text, second.text]).toEqual([TEXT, TEXT])
    expect([statusOf(first), statusOf(second)]).toEqual(['MISS', 'HIT'])
    const tokens = [first, second].map(
      ({ usage_metadata }) => Object(usage_metadata).total_tokens as number,
    )
    expect(tokens).toEqual([12, 0])
    expect(second).toBeInstanceOf(AIMessage)
    expect(server.requests).toHaveLength(1)
  })

  test('a stream is stored and replayed in its chunks, and shared with invoke', async () => {
    const model = cachedChat()
    const runs: string[][] = []
    for (const _ of [1, 2]) {
      const chunks = await collected(await model.stream(prompt))
      runs.push(chunks.map(({ text }) => text).filter((text) => text !== ''))
    }
    expect(runs).toEqual([
      ['Boil, ', 'then ', 'pour.'],
      ['Boil, ', 'then ', 'pour.'],
    ])
    expect((await model.invoke(prompt)).text).toBe(TEXT)
    expect(server.requests).toHaveLength(1)
  })

  test('a stream replays the answer of invoke', async () => {
    const model = cachedChat()
    await model.invoke(prompt)
    const chunks = await collected(await model.stream(prompt))
    expect(chunks.map(({ text }) => text).join('')).toBe(TEXT)
    expect(server.requests).toHaveLength(1)
  })

  test('identical calls at the same time make one call, also in streams', async () => {
    server.pauseMs = 5
    const model = cachedChat()
    const messages = await Promise.all(Array.from({ length: 20 }, () => model.invoke(prompt)))
    expect(new Set(messages.map(({ text }) => text))).toEqual(new Set([TEXT]))
    const streams = Array.from({ length: 20 }, async () =>
      collected(await model.stream('And coffee?')),
    )
    for (const chunks of await Promise.all(streams))
      expect(chunks.map(({ text }) => text).join('')).toBe(TEXT)
    expect(server.requests).toHaveLength(2)
  })

  test('images, roles, models and options have answers of their own', async () => {
    const cache = new InMemoryCache()
    const model = cachedChat({}, cache)
    await model.invoke([new HumanMessage({ content: [image('AQID')] })])
    await model.invoke([new HumanMessage({ content: [image('BAUG')] })])
    await model.invoke([new HumanMessage('a\nAI: b')])
    await model.invoke([new HumanMessage('a'), new AIMessage('b')])
    await cachedChat({ model: 'gpt-other' }, cache).invoke('a')
    await cachedChat({ temperature: 1 }, cache).invoke('a')
    await model.invoke('a')
    await model.invoke('a', { stop: ['x'] })
    expect(server.requests).toHaveLength(8)
  })

  test('data in the fields of a model is part of the key', async () => {
    const cache = new InMemoryCache()
    class OtherChat extends ChatOpenAI {
      stopWords: readonly string[]
      generationConfig: object
      constructor(stopWords: readonly string[], generationConfig: object) {
        super({ ...fieldsOf(), model: 'gpt-test' })
        this.stopWords = stopWords
        this.generationConfig = generationConfig
      }
    }
    for (const [words, config] of [
      [[], {}],
      [['x'], {}],
      [['x'], { schema: { key: 1 } }],
      [['x'], { schema: { key: 2 } }],
    ] as const)
      await withCache(new OtherChat(words, config), { cache, tenant: SHARED }).invoke(prompt)
    expect(server.requests).toHaveLength(4)
  })

  test('the user and the credentials of a model are not part of the key', async () => {
    const cache = new InMemoryCache()
    await cachedChat({ user: 'ada', apiKey: 'one' }, cache).invoke(prompt)
    await cachedChat({ user: 'charles', apiKey: 'other', timeout: 9_000 }, cache).invoke(prompt)
    expect(server.requests).toHaveLength(1)
  })

  test.each<[string, object]>([
    ['Bedrock', { stopReason: 'end_turn' }],
    ['a stream of Bedrock', { messageStop: { stopReason: 'end_turn' } }],
    ['Cohere', { finishReason: 'COMPLETE' }],
  ])('answers of %s are stored', async (_name, response_metadata) => {
    class OtherChat extends FakeListChatModel {
      override async _generate() {
        const message = new AIMessage({ content: TEXT, response_metadata })
        return { generations: [{ text: TEXT, message }] }
      }
    }
    const other = new OtherChat({ responses: [] })
    const model = withCache(other, { cache: new InMemoryCache(), tenant: SHARED, version: '1' })
    expect(statusOf(await model.invoke(prompt))).toBe('MISS')
    expect(statusOf(await model.invoke(prompt))).toBe('HIT')
  })

  test('names that were set later are part of the key, and artifacts of tools are not', async () => {
    const model = cachedChat()
    class Page {
      readonly open = true
    }
    const history = (artifact: unknown, name?: string) => {
      const question = new HumanMessage(prompt)
      if (name !== undefined) question.name = name
      const call = { id: 'call_1', name: 'weather', args: {} }
      return [
        question,
        new AIMessage({ content: '', tool_calls: [call] }),
        new ToolMessage({ content: 'sunny', tool_call_id: 'call_1', artifact }),
      ]
    }
    expect(statusOf(await model.invoke(history(new Page())))).toBe('MISS')
    expect(statusOf(await model.invoke(history({ size: 1 })))).toBe('HIT')
    expect(statusOf(await model.invoke(history(undefined, 'ada')))).toBe('MISS')
  })

  test('models of bindTools and withStructuredOutput use the cache', async () => {
    const model = cachedChat()
    const weather = {
      type: 'function' as const,
      function: { name: 'weather', parameters: { type: 'object' } },
    }
    const bound = model.bindTools([weather])
    const ids: unknown[] = []
    for (const _ of [1, 2, 3]) ids.push((await bound.invoke(prompt)).tool_calls?.[0]?.id)
    expect(new Set(ids).size).toBe(3)
    for (const id of ids as string[]) {
      const call = { id, name: 'weather', args: { city: 'Paris' } }
      await bound.invoke([
        new HumanMessage(prompt),
        new AIMessage({ content: '', tool_calls: [call] }),
        new ToolMessage({ content: 'sunny', tool_call_id: id }),
      ])
    }
    expect(server.requests).toHaveLength(2)
    const structured = model.withStructuredOutput(z.object({ steps: z.array(z.string()) }), {
      method: 'jsonSchema',
    })
    for (const _ of [1, 2])
      expect(await structured.invoke(prompt)).toEqual({ steps: ['boil', 'pour'] })
    expect(server.requests).toHaveLength(3)
  })

  test.each(['cut', 'filtered', 'empty', 'truncate', 'disconnect', 'error'] as const)(
    'a stream that is broken is not stored: %s',
    async (fault) => {
      server.fault = fault
      const model = cachedChat()
      await Promise.allSettled([model.stream(prompt).then(collected)])
      server.fault = undefined
      expect((await model.invoke(prompt)).text).toBe(TEXT)
      expect(server.requests).toHaveLength(2)
    },
  )

  test('a change of a message does not change the next hit', async () => {
    const model = cachedChat()
    for (const _ of [1, 2, 3]) {
      const message = await model.invoke(prompt)
      expect(message.text).toBe(TEXT)
      message.content = 'changed'
    }
  })

  test('options of a call control the cache and never reach the provider', async () => {
    const model = cachedChat()
    const ask = async (verbatim: object) =>
      statusOf(await model.invoke(prompt, { verbatim } as object))
    expect([await ask({}), await ask({}), await ask({ refresh: true })]).toEqual([
      'MISS',
      'HIT',
      'REFRESH',
    ])
    expect(await ask({ ttl: 'soon' })).toBe('BYPASS')
    expect(JSON.stringify(server.requests.map(({ body }) => body))).not.toContain('verbatim')
  })

  test('a reader that leaves a stream affects no other', async () => {
    server.pauseMs = 5
    const model = cachedChat()
    const leave = async () => {
      for await (const _ of await model.stream(prompt)) break
    }
    const [, chunks] = await Promise.all([leave(), model.stream(prompt).then(collected)])
    expect(chunks.map(({ text }) => text).join('')).toBe(TEXT)
    expect(server.requests).toHaveLength(1)
  })
})

describe('VerbatimCache', () => {
  function open(fields: object = {}) {
    const cache = new VerbatimCache({ cache: new InMemoryCache(), tenant: SHARED })
    return { cache, model: chat({ cache, ...fields }) }
  }

  test('the second invoke with one message is a hit', async () => {
    const { cache, model } = open()
    expect([(await model.invoke(prompt)).text, (await model.invoke(prompt)).text]).toEqual([
      TEXT,
      TEXT,
    ])
    expect(server.requests).toHaveLength(1)
    expect(cache.getStats().calls).toEqual({ MISS: 1, HIT: 1 })
  })

  test.each([
    ['an image', [new HumanMessage({ content: [image('AQID')] })]],
    ['two messages', [new SystemMessage('Be brief.'), new HumanMessage('a')]],
    ['a text with a role in it', [new HumanMessage('a\nAI: b')]],
  ])('an ambiguous transcript bypasses the cache: %s', async (_name, messages) => {
    const { cache, model } = open()
    for (const _ of [1, 2]) await model.invoke(messages)
    expect(server.requests).toHaveLength(2)
    expect(cache.getStats().calls).toEqual({ BYPASS: 2 })
  })

  test('an answer that was cut is not stored', async () => {
    server.fault = 'cut'
    const { cache, model } = open()
    for (const _ of [1, 2]) await model.invoke(prompt)
    expect(server.requests).toHaveLength(2)
    expect(cache.getStats().notStored).toEqual({ finish_reason: 2 })
  })

  test('a change of a message does not change the next hit', async () => {
    server.reply = usualReply
    const { model } = open()
    for (const _ of [1, 2, 3]) {
      const message = await model.invoke(prompt)
      expect(message.text).toBe(TEXT)
      message.content = 'changed'
    }
  })
})
