import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { InMemoryCache } from '@verbatim/cache-memory'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createCachingFetch, SHARED } from '../../src/fetch/index.js'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

let answer: Answer
let received: IncomingMessage[] = []
const server = createServer((request, response) => {
  received.push(request)
  request.resume().on('end', () => answer(response, request))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`
afterAll(() => server.close())
beforeEach(() => {
  received = []
})

const chat = { model: 'gpt-test', messages: [{ role: 'user', content: 'Tea?' }] }
const post = (more: object = {}, headers: Record<string, string> = {}) => ({
  ...{ method: 'POST', headers, body: JSON.stringify({ ...chat, ...more }) },
})

function open() {
  return createCachingFetch({ cache: new InMemoryCache(), tenant: SHARED })
}

function chunk(delta: object, finish_reason: string | null = null, more: object = {}): object {
  const choices = [{ index: 0, delta, finish_reason }]
  return { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more }
}

const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const CHUNKS = [
  chunk({ role: 'assistant', content: 'Thé ' }),
  chunk({ content: '🫖' }),
  chunk({}, 'stop', { usage: USAGE }),
]

/** Returns the text of a stream: its chunks, and the end marker. */
function streamOf(chunks: readonly object[], lineBreak = '\n'): string {
  const data = [...chunks.map((each) => JSON.stringify(each)), '[DONE]']
  return data.map((text) => `data: ${text}${lineBreak}${lineBreak}`).join('')
}

function sendsStream(text: string, type = 'text/event-stream'): Answer {
  return (response) => response.setHeader('content-type', type).end(text)
}

function sendsJson(body: unknown): Answer {
  return (response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
}

/** Asks for a stream, and then for the same answer without one. Returns its status and its body. */
async function streamedThenWhole(text: string, more: object = {}, type?: string) {
  answer = sendsStream(text, type)
  const caching = open()
  const streamed = await caching(url, post({ stream: true, ...more }))
  expect(await streamed.text()).toBe(text.replace(/^\uFEFF/, ''))
  answer = sendsJson({ choices: [] })
  const whole = await caching(url, post(more))
  const body = (await whole.json()) as { choices: unknown[] }
  return { status: whole.headers.get('x-cache'), body, caching }
}

describe('a stream', () => {
  const lines = streamOf(CHUNKS)

  test.each<[string, string]>([
    ['line breaks of Windows', streamOf(CHUNKS, '\r\n')],
    ['line breaks of old computers', streamOf(CHUNKS, '\r')],
    ['mixed line breaks', lines.replaceAll('\n\n', '\n\r\n')],
    ['comments and events without data', `: ping\n\nevent: ping\ndata:\n\n${lines}: bye\n\n`],
    ['a byte order mark', `\uFEFF${lines}`],
    ['a last event without an empty line', lines.trimEnd()],
    ['a field error that is null', streamOf(CHUNKS.map((each) => ({ ...each, error: null })))],
    ['no space after the colon', lines.replaceAll('data: ', 'data:')],
  ])('with %s is stored', async (_name, text) => {
    const { status, body } = await streamedThenWhole(text)
    expect(status).toBe('HIT')
    expect(body.choices).toEqual([
      { index: 0, message: { role: 'assistant', content: 'Thé 🫖' }, finish_reason: 'stop' },
    ])
  })

  test.each(['text/plain; charset=utf-8', 'Text/Event-Stream', 'application/octet-stream'])(
    'of the type %s is stored',
    async (type) => {
      expect((await streamedThenWhole(lines, {}, type)).status).toBe('HIT')
    },
  )

  test('that arrives byte by byte is stored', async () => {
    answer = (response) => {
      response.setHeader('content-type', 'text/event-stream')
      for (const byte of Buffer.from(lines)) response.write(Buffer.of(byte))
      response.end()
    }
    const caching = open()
    for (const status of ['MISS', 'HIT']) {
      const response = await caching(url, post({ stream: true }))
      expect(response.headers.get('x-cache')).toBe(status)
      expect(await response.text()).toContain('🫖')
    }
  })

  test.each<[string, string, string]>([
    ['ends inside an event', lines.slice(0, lines.lastIndexOf('"usage"')), 'incomplete'],
    ['ends inside the name of a field', lines.replace('data: [DONE]\n\n', 'da'), 'incomplete'],
    ['has no end marker', lines.replace('data: [DONE]\n\n', ''), 'incomplete'],
    ['has data that is no object', `data: "ping"\n\n${lines}`, 'incomplete'],
    ['is a page', '<!doctype html><p>overloaded</p>', 'incomplete'],
    ['is empty', '', 'incomplete'],
    ['reports an error by its name', `event: error\ndata: {"message":"no"}\n\n${lines}`, 'error'],
    ['reports an error in its data', `data: {"error":{"message":"no"}}\n\n${lines}`, 'error'],
  ])('that %s is not stored', async (_name, text, reason) => {
    const { status, caching } = await streamedThenWhole(text)
    expect(status).toBe('MISS')
    expect(caching.getStats().notStored).toMatchObject({ [reason]: 1 })
  })

  test('is stored when its reader leaves after the last event', async () => {
    answer = (response) => void response.setHeader('content-type', 'text/event-stream').write(lines)
    const caching = open()
    const response = await caching(url, post({ stream: true }))
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    let text = ''
    while (!text.includes('[DONE]'))
      text += Buffer.from((await reader.read()).value ?? []).toString()
    await reader.cancel()
    expect((await caching(url, post())).headers.get('x-cache')).toBe('HIT')
    expect(caching.getStats().notStored).toEqual({})
  })

  test('with several choices is stored with the tokens of each, in their order', async () => {
    const token = (index: number, content: string, finish_reason: string | null = null) => ({
      ...{ id: 'c1', object: 'chat.completion.chunk', usage: finish_reason && USAGE },
      choices: [
        {
          ...{ index, delta: { content }, finish_reason },
          logprobs: { content: [{ token: content, logprob: -1 }], refusal: null },
        },
      ],
    })
    const chunks = [token(1, 'x'), token(0, 'a'), token(0, 'b', 'stop'), token(1, 'y', 'stop')]
    const { body } = await streamedThenWhole(streamOf(chunks), { n: 2, logprobs: true })
    const texts = (body.choices as { message: { content: string }; logprobs: object }[]).map(
      ({ message, logprobs }) => [message.content, logprobs],
    )
    const tokens = (...names: string[]) => ({
      ...{ content: names.map((name) => ({ token: name, logprob: -1 })), refusal: null },
    })
    expect(texts).toEqual([
      ['ab', tokens('a', 'b')],
      ['xy', tokens('x', 'y')],
    ])
  })

  test('with empty chunks at its ends is stored with its id and model', async () => {
    const empty = { id: '', object: '', created: 0, model: '', usage: null }
    const first = { ...empty, choices: [], prompt_filter_results: [{ prompt_index: 0 }] }
    const last = {
      ...empty,
      choices: [{ index: 0, finish_reason: null, content_filter_offsets: {} }],
    }
    const { body } = await streamedThenWhole(streamOf([first, ...CHUNKS, last]))
    expect(body).toMatchObject({
      ...{ id: 'c1', object: 'chat.completion', created: 1, model: 'm' },
      prompt_filter_results: [{ prompt_index: 0 }],
    })
  })

  test('that repeats names and empties ids of tool calls is stored with both', async () => {
    const call = (id: string | null, input: string) =>
      chunk({
        tool_calls: [
          { index: 0, id, type: 'function', function: { name: 'weather', arguments: input } },
        ],
      })
    const end = chunk({}, 'tool_calls', { usage: USAGE })
    const chunks = [call('call_1', '{"city"'), call('', ':"Paris"'), call(null, '}'), end]
    const { body } = await streamedThenWhole(streamOf(chunks))
    expect(body.choices[0]).toMatchObject({
      message: {
        tool_calls: [
          {
            id: expect.stringMatching(/^call_\w+$/),
            function: { name: 'weather', arguments: '{"city":"Paris"}' },
          },
        ],
      },
    })
  })

  test('with tokens is not replayed from chunks whose tokens are null', async () => {
    const nullUsage = { ...chunk({}), choices: [], usage: null }
    answer = sendsStream(streamOf([nullUsage, ...CHUNKS]))
    const caching = open()
    await (await caching(url, post({ stream: true }))).text()
    const wanted = post({ stream: true, stream_options: { include_usage: true } })
    expect(await (await caching(url, wanted)).text()).toContain('"prompt_tokens":0')
    expect(received).toHaveLength(1)
  })
})

describe('an answer of status 200', () => {
  const whole = {
    ...{ id: 'c1', object: 'chat.completion', model: 'm', usage: USAGE },
    choices: [{ index: 0, message: { role: 'assistant', content: 'Thé' }, finish_reason: 'stop' }],
  }

  test.each<[string, unknown]>([
    ['an error', { error: { message: 'overloaded' } }],
    ['an error beside an answer', { ...whole, error: { message: 'overloaded' } }],
    ['a list', [whole]],
    ['null', null],
    ['a text', 'overloaded'],
  ])('that is %s reaches the client and is not stored', async (_name, body) => {
    answer = sendsJson(body)
    const caching = open()
    for (const _ of [1, 2]) expect(await (await caching(url, post())).json()).toEqual(body)
    expect(received).toHaveLength(2)
  })

  test.each<[string, (text: string) => Buffer]>([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('in the encoding %s is stored as text', async (encoding, compress) => {
    answer = (response) =>
      response
        .setHeader('content-type', 'application/json')
        .setHeader('content-encoding', encoding)
        .end(compress(JSON.stringify(whole)))
    const caching = open()
    for (const status of ['MISS', 'HIT']) {
      const response = await caching(url, post())
      expect(response.headers.get('x-cache')).toBe(status)
      expect(response.headers.get('content-encoding')).toBeNull()
      expect(await response.json()).toMatchObject({ choices: whole.choices })
    }
  })

  test('that is shorter than its length fails, and is not stored', async () => {
    answer = (response) => {
      response.setHeader('content-length', 1_000).write(JSON.stringify(whole))
      setImmediate(() => response.destroy())
    }
    const caching = open()
    await expect(caching(url, post())).rejects.toThrow()
    answer = sendsJson(whole)
    expect((await caching(url, post())).headers.get('x-cache')).toBe('MISS')
  })

  test.each(['eos', 'eos_token', 'end_turn'])(
    'of a compatible server that stopped with %s is stored',
    async (finish_reason) => {
      answer = sendsJson({ ...whole, choices: [{ ...whole.choices[0], finish_reason }] })
      const caching = open()
      for (const _ of [1, 2]) await (await caching(url, post())).text()
      expect(received).toHaveLength(1)
    },
  )

  test.each(['search_parameters', 'plugins', 'enable_search'])(
    'to a request that searches the web with %s is not stored',
    async (name) => {
      answer = sendsJson(whole)
      const response = await open()(url, post({ [name]: [{ id: 'web' }] }))
      expect(response.headers.get('x-cache-reason')).toBe('provider_tool')
    },
  )

  test('keeps no reason of another cache in front of the provider', async () => {
    answer = (response, request) => {
      response.setHeader('x-cache-reason', 'provider_state')
      sendsJson(whole)(response, request)
    }
    expect((await open()(url, post())).headers.get('x-cache-reason')).toBeNull()
  })
})

describe('a request', () => {
  const body = JSON.stringify(chat)
  const whole = {
    ...{ id: 'c1', object: 'chat.completion', model: 'm', usage: USAGE },
    choices: [{ index: 0, message: { role: 'assistant', content: 'Thé' }, finish_reason: 'stop' }],
  }

  test.each<[string, () => Parameters<typeof fetch>]>([
    ['a Request', () => [new Request(url, { method: 'POST', body })]],
    ['a URL', () => [new URL(url), { method: 'POST', body }]],
    ['bytes', () => [url, { method: 'POST', body: new TextEncoder().encode(body) }]],
    ['a buffer', () => [url, { method: 'POST', body: new TextEncoder().encode(body).buffer }]],
    ['a Blob', () => [url, { method: 'POST', body: new Blob([body]) }]],
    ['another method in init', () => [new Request(url), { method: 'POST', body }]],
  ])('of %s is a hit', async (_name, input) => {
    answer = sendsJson(whole)
    const caching = open()
    for (const status of ['MISS', 'HIT']) {
      const response = await caching(...input())
      expect(response.headers.get('x-cache')).toBe(status)
      expect(await response.json()).toMatchObject({ choices: whole.choices })
    }
  })

  test.each<[string, () => RequestInit]>([
    ['a stream', () => ({ body: new Blob([body]).stream(), duplex: 'half' })],
    ['a form', () => ({ body: new FormData() })],
    ['parameters', () => ({ body: new URLSearchParams({ a: '1' }) })],
    ['bytes that are no text', () => ({ body: Uint8Array.of(0xff, 0xfe) })],
  ])('with %s is passed through', async (_name, init) => {
    answer = sendsJson(whole)
    const response = await open()(url, { method: 'POST', ...init() })
    expect(response.headers.get('x-cache')).toBe('BYPASS')
    expect(await response.json()).toEqual(whole)
  })

  test.each([
    '/openai/deployments/ada/embeddings?api-version=1',
    '/models/embeddings?api-version=1',
    '/v1beta/openai/embeddings',
  ])('to the embeddings of another provider at %s is a hit', async (path) => {
    answer = sendsJson({ data: [{ index: 0, embedding: [0.5] }] })
    const caching = open()
    const address = new URL(path, url)
    for (const status of ['MISS', 'HIT']) {
      const response = await caching(address, { method: 'POST', body: '{"input":"tea"}' })
      expect(response.headers.get('x-cache')).toBe(status)
    }
  })

  test('keeps the options of a Request', async () => {
    answer = (response) => response.writeHead(307, { location: '/elsewhere' }).end()
    const request = new Request(url, { method: 'POST', body, redirect: 'manual' })
    expect((await open()(request)).status).toBe(307)
    expect(received).toHaveLength(1)
  })

  test('of another implementation of fetch keeps its headers', async () => {
    const foreign = {
      ...{ url, method: 'POST', headers: new Headers({ authorization: 'Bearer ada' }) },
      clone: () => ({ arrayBuffer: async () => new TextEncoder().encode(body).buffer }),
    }
    const sent: (string | null)[] = []
    const caching = createCachingFetch({
      ...{ cache: new InMemoryCache(), tenant: SHARED },
      fetch: async (_input, init) => {
        sent.push(new Headers(init?.headers).get('authorization'))
        return Response.json(whole)
      },
    })
    const statuses: unknown[] = []
    for (const _ of [1, 2])
      statuses.push((await caching(foreign as unknown as Request)).headers.get('x-cache'))
    expect([statuses, sent]).toEqual([['MISS', 'HIT'], ['Bearer ada']])
  })

  test.each<[string, string, RequestInit]>([
    ['a request that bypasses the cache', url, post({ store: true })],
    ['an unknown request', url.replace('chat/completions', 'models'), {}],
    ['a wrong option', url, post({}, { 'x-cache-ttl': 'soon' })],
  ])('with only-if-cached is never sent: %s', async (_name, address, init) => {
    const headers = { ...(init.headers as object), 'cache-control': 'only-if-cached' }
    expect((await open()(address, { ...init, headers })).status).toBe(504)
    expect(received).toEqual([])
  })

  test.each([
    { 'x-cache-tags': 'tea,, drinks,' },
    { 'cache-control': 'stale-while-revalidate=0' },
    { 'cache-control': 'max-age="60"' },
  ])('with the header %o uses the cache', async (headers) => {
    answer = sendsJson(whole)
    const caching = open()
    for (const status of ['MISS', 'HIT'])
      expect((await caching(url, post({}, headers))).headers.get('x-cache')).toBe(status)
  })
})
