import { InMemoryCache } from '@verbatim/cache-memory'
import { ModelServer, usualReply } from '@verbatim/model-server'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type CachingFetchOptions, createCachingFetch, SHARED } from '../../src/fetch/index.js'
import { clientCalls } from './clients.js'

const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => server.reset())

const TEXT = 'Boil, then pour.'
const CLIENTS = Object.keys(clientCalls('http://127.0.0.1', fetch))
const send = globalThis.fetch

function cachingFetch(options: Partial<CachingFetchOptions> = {}) {
  return createCachingFetch({ cache: new InMemoryCache(), tenant: SHARED, fetch: send, ...options })
}

function open(client: string, options?: Partial<CachingFetchOptions>) {
  const caching = cachingFetch(options)
  const call = clientCalls(server.url, caching)[client]
  if (call === undefined) throw new Error(`no client ${client}`)
  return { ...call, getStats: () => caching.getStats() }
}

describe.each(CLIENTS)('%s', (client) => {
  test('the second call is a hit', async () => {
    const { ask } = open(client)
    expect([await ask(), await ask()]).toEqual([TEXT, TEXT])
    expect(server.requests).toHaveLength(1)
  })

  test('the second stream is a hit', async () => {
    const { stream } = open(client)
    expect([await stream(), await stream()]).toEqual([TEXT, TEXT])
    expect(server.requests).toHaveLength(1)
  })

  test('a stream replays the answer of a call that did not stream', async () => {
    const { ask, stream } = open(client)
    expect([await ask(), await stream()]).toEqual([TEXT, TEXT])
    expect(server.requests).toHaveLength(1)
  })

  test('identical streams at the same time send one request', async () => {
    server.pauseMs = 5
    const { stream } = open(client)
    const all = client.startsWith('google') ? [stream()] : [1, 2, 3, 4, 5].map(() => stream())
    expect(new Set(await Promise.all(all))).toEqual(new Set([TEXT]))
    expect(server.requests).toHaveLength(1)
  })

  test.each(['cut', 'filtered', 'empty'] as const)(
    'an answer that is %s is not stored',
    async (fault) => {
      server.fault = fault
      const { ask, stream, getStats } = open(client)
      await Promise.allSettled([ask()])
      await Promise.allSettled([stream()])
      await Promise.allSettled([ask()])
      expect(server.requests).toHaveLength(3)
      expect(getStats().calls).toEqual({ MISS: 3 })
    },
  )

  test.each(['error', 'disconnect', 'truncate'] as const)(
    'a stream that ends in the middle is not stored: %s',
    async (fault) => {
      server.fault = fault
      const { ask, stream } = open(client)
      await Promise.allSettled([stream()])
      server.fault = undefined
      expect([await stream(), await ask()]).toEqual([TEXT, TEXT])
      expect(server.requests.length).toBeGreaterThanOrEqual(2)
    },
  )

  test('an error of the provider reaches the client and is not stored', async () => {
    server.fault = 'status'
    const { ask } = open(client)
    await expect(ask()).rejects.toThrow()
    server.fault = undefined
    expect(await ask()).toBe(TEXT)
  })
})

describe('tool calls', () => {
  const tools = [
    { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } },
  ]
  const body = {
    model: 'gpt-test',
    messages: [{ role: 'user' as const, content: 'Weather?' }],
    tools,
  }

  test('get new ids on each hit, the same in a call and in a stream', async () => {
    const openai = new OpenAI({
      apiKey: 'test',
      baseURL: `${server.url}/v1`,
      fetch: cachingFetch(),
    })
    const ids: (string | undefined)[] = []
    for (let call = 0; call < 3; call++) {
      const { choices } = await openai.chat.completions.create(body)
      ids.push(choices[0]?.message.tool_calls?.[0]?.id)
    }
    const message = await openai.chat.completions.stream(body).finalMessage()
    ids.push(message.tool_calls?.[0]?.id)
    expect(new Set(ids).size).toBe(4)
    expect(ids.every((id) => id?.startsWith('call_server_'))).toBe(true)
    expect(server.requests).toHaveLength(1)
  })

  test('with other ids in the conversation are the same request', async () => {
    const openai = new OpenAI({
      apiKey: 'test',
      baseURL: `${server.url}/v1`,
      fetch: cachingFetch(),
    })
    for (const id of ['call_a', 'call_b']) {
      const call = { id, type: 'function' as const, function: { name: 'weather', arguments: '{}' } }
      await openai.chat.completions.create({
        ...body,
        messages: [
          ...body.messages,
          { role: 'assistant', tool_calls: [call] },
          { role: 'tool', tool_call_id: id, content: 'sunny' },
        ],
      })
    }
    expect(server.requests).toHaveLength(1)
  })
})

describe('raw requests', () => {
  const url = (path: string) => `${server.url}${path}`
  const chat = { model: 'gpt-test', messages: [{ role: 'user', content: 'Tea?' }] }
  const post = (body: unknown, headers: Record<string, string> = {}) => ({
    ...{ method: 'POST', headers, body: JSON.stringify(body) },
  })

  test('every response says how it was served', async () => {
    const caching = cachingFetch()
    const first = await caching(url('/v1/chat/completions'), post(chat))
    const second = await caching(url('/v1/chat/completions'), post(chat))
    expect([first.headers.get('x-cache'), second.headers.get('x-cache')]).toEqual(['MISS', 'HIT'])
    expect(first.headers.get('cache-status')).toMatch(/^verbatim; fwd=miss; key="[\w-]{43}"$/)
    expect(second.headers.get('cache-status')).toMatch(/^verbatim; hit; key="[\w-]{43}"$/)
    expect(second.headers.get('age')).toBe('0')
    const { usage } = (await second.json()) as { usage: object }
    expect(Object.values(usage)).toEqual([0, 0, 0])
  })

  test('request headers control the cache, and never reach the provider', async () => {
    const caching = cachingFetch()
    const statuses: (string | null)[] = []
    for (const header of [
      ...['no-store', '', 'max-age=60', 'no-cache', 'max-age=0', 'only-if-cached', 'max-age=soon'],
    ]) {
      const response = await caching(
        url('/v1/chat/completions'),
        post(chat, { 'cache-control': header }),
      )
      statuses.push(response.headers.get('x-cache'))
      await response.text()
    }
    expect(statuses).toEqual(['MISS', 'MISS', 'HIT', 'REFRESH', 'REFRESH', 'HIT', 'BYPASS'])
    const variant = await caching(
      url('/v1/chat/completions'),
      post(chat, { 'x-cache-variant': '2', 'cache-control': 'only-if-cached' }),
    )
    expect(variant.status).toBe(504)
    expect(server.requests.every(({ headers }) => !('x-cache-variant' in headers))).toBe(true)
  })

  test.each<[string, string, unknown, string]>([
    [
      'a conversation at the provider',
      '/v1/responses',
      { model: 'm', input: 'a' },
      'provider_state',
    ],
    [
      'a tool of the provider',
      '/v1/messages',
      { model: 'm', messages: [], tools: [{ type: 'web_search_20250305' }] },
      'provider_tool',
    ],
    ['an unknown path', '/v1/images', { model: 'm' }, 'unknown_request'],
    ['a body that is no object', '/v1/chat/completions', ['a'], 'unknown_request'],
  ])('are passed through, and the status says why: %s', async (_name, path, body, reason) => {
    const response = await cachingFetch()(url(path), post(body))
    expect(response.headers.get('x-cache')).toBe('BYPASS')
    expect(response.headers.get('x-cache-reason')).toBe(reason)
    expect(server.requests).toHaveLength(1)
  })

  test('a GET request is passed through', async () => {
    const response = await cachingFetch()(url('/v1/models'))
    expect(await response.json()).toEqual({ object: 'list', data: [] })
    expect(response.headers.get('x-cache')).toBe('BYPASS')
  })

  test.each<[string, unknown, unknown]>([
    [
      'max_tokens and max_completion_tokens',
      { ...chat, max_tokens: 9 },
      { ...chat, max_completion_tokens: 9 },
    ],
    ['an option that does not exist yet', { ...chat, novel: 1 }, { ...chat, novel: 2 }],
    ['data that looks like an id', toolUse({ call_id: 'a' }), toolUse({ call_id: 'b' })],
    [
      'data that looks like a schema',
      toolUse({ schema: { required: ['a', 'b'] } }),
      toolUse({ schema: { required: ['b', 'a'] } }),
    ],
    [
      'data that looks like a breakpoint',
      toolUse({ cache_control: 1 }),
      toolUse({ cache_control: 2 }),
    ],
  ])('have different keys: %s', async (_name, one, other) => {
    const caching = cachingFetch()
    for (const body of [one, other]) await caching(url('/v1/messages'), post(body))
    expect(server.requests).toHaveLength(2)
  })

  test.each<[string, unknown, unknown]>([
    ['another order of fields', chat, Object.fromEntries(Object.entries(chat).toReversed())],
    ['users and knobs of the prompt cache', chat, { ...chat, user: 'ada', prompt_cache_key: 'a' }],
    [
      'a breakpoint of the prompt cache',
      toolUse({}),
      toolUse({}, { cache_control: { type: 'ephemeral' } }),
    ],
  ])('have the same key: %s', async (_name, one, other) => {
    const caching = cachingFetch()
    for (const body of [one, other]) await caching(url('/v1/messages'), post(body))
    expect(server.requests).toHaveLength(1)
  })

  test('of two servers never share an answer', async () => {
    await using other = await ModelServer.start()
    other.reply = () => ({ text: ['other'] })
    const caching = cachingFetch()
    const texts: string[] = []
    for (const { url: origin } of [server, other]) {
      const response = await caching(`${origin}/v1/chat/completions`, post(chat))
      texts.push(await response.text())
    }
    expect(texts[0]).not.toBe(texts[1])
  })

  test('a stream with the tokens is not served from one without them', async () => {
    const caching = cachingFetch()
    const ask = async (extra: object) => {
      const response = await caching(url('/v1/chat/completions'), post({ ...chat, ...extra }))
      return [response.headers.get('x-cache'), (await response.text()).includes('"usage"')]
    }
    const withUsage = { stream: true, stream_options: { include_usage: true } }
    expect(await ask({ stream: true })).toEqual(['MISS', false])
    expect(await ask(withUsage)).toEqual(['MISS', true])
    expect(await ask(withUsage)).toEqual(['HIT', true])
    expect(await ask({ stream: true })).toEqual(['HIT', false])
    expect(await ask({})).toEqual(['HIT', true])
  })

  test('a reader that leaves does not end the stream of another, and the last one ends the request', async () => {
    server.pauseMs = 20
    const caching = cachingFetch()
    const streamed = post({ ...chat, stream: true })
    const abort = new AbortController()
    const [one, other] = await Promise.all([
      caching(url('/v1/chat/completions'), { ...streamed, signal: abort.signal }),
      caching(url('/v1/chat/completions'), streamed),
    ])
    abort.abort()
    await expect(one.text()).rejects.toThrow()
    expect(await other.text()).toContain('[DONE]')
    expect(server.requests).toMatchObject([{ isAborted: false }])
    const alone = await caching(url('/v1/messages'), { ...streamed })
    await alone.body?.cancel()
    await expect.poll(() => server.requests[1]?.isAborted).toBe(true)
  })

  test('structured output that is not JSON is not stored', async () => {
    server.reply = (body) => ({ ...usualReply(body), text: ['no JSON'] })
    const caching = cachingFetch()
    const body = { ...chat, response_format: { type: 'json_object' } }
    for (const _ of [1, 2]) await caching(url('/v1/chat/completions'), post(body))
    expect(caching.getStats().notStored).toEqual({ invalid_json: 2 })
  })

  test('embeddings are a hit', async () => {
    const caching = cachingFetch()
    const openai = new OpenAI({ apiKey: 'test', baseURL: url('/v1'), fetch: caching })
    const ask = async () =>
      (await openai.embeddings.create({ model: 'embedding-test', input: ['a', 'b'] })).data
    expect(await ask()).toEqual(await ask())
    expect(server.requests).toHaveLength(1)
  })
})

function toolUse(input: object, more: object = {}): object {
  const block = { type: 'tool_use', id: 'toolu_1', name: 'weather', input, ...more }
  return {
    model: 'claude-test',
    max_tokens: 9,
    messages: [{ role: 'assistant', content: [block] }],
  }
}
