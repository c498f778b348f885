import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import { ChatOpenAI } from '@langchain/openai'
import { ModelServer } from '@verbatim/model-server'
import { embed, generateText, streamText, wrapEmbeddingModel, wrapLanguageModel } from 'ai'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createCacheMiddleware,
  createEmbeddingCacheMiddleware,
  SHARED,
} from '../../src/ai-sdk/index.js'
import { createCachingFetch } from '../../src/fetch/index.js'
import { withCache } from '../../src/langchain/index.js'
import { type Cassette, type CassetteOptions, cassette } from '../../src/testing/index.js'

const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())

let folder: string
let file: string
beforeEach(async () => {
  server.reset()
  folder = await mkdtemp(path.join(tmpdir(), 'verbatim-cassette-'))
  file = path.join(folder, 'tea.json')
})
afterEach(() => rm(folder, { recursive: true }))

const open = (mode: CassetteOptions['mode'], options: CassetteOptions = {}): Cassette =>
  cassette(file, { mode, ...options })
const TEXT = 'Boil, then pour.'
const baseURL = `${server.url}/v1`
const provider = createOpenAI({ apiKey: 'test', baseURL })

/** Asks with each adapter, and returns the answers. */
const ADAPTERS: Record<string, (cache: Cassette, prompt: string) => Promise<unknown>> = {
  generateText: async (cache, prompt) =>
    (await generateText({ model: modelOf(cache), prompt })).text,
  streamText: async (cache, prompt) => {
    let failure: unknown
    const onError = ({ error }: { error: unknown }): void => {
      failure = error
    }
    const { text } = streamText({ model: modelOf(cache), prompt, onError })
    try {
      return await text
    } catch {
      throw failure
    }
  },
  embed: async (cache, value) => {
    const middleware = createEmbeddingCacheMiddleware({ cache, tenant: SHARED })
    const model = wrapEmbeddingModel({ model: provider.embedding('test'), middleware })
    return (await embed({ model, value, maxRetries: 0 })).embedding
  },
  fetch: async (cache, content) => {
    const fetch = createCachingFetch({ cache, tenant: SHARED })
    const openai = new OpenAI({ apiKey: 'test', baseURL, fetch, maxRetries: 0 })
    const messages = [{ role: 'user' as const, content }]
    const { choices } = await openai.chat.completions.create({ model: 'test', messages })
    return choices[0]?.message.content
  },
  LangChain: async (cache, prompt) => {
    const chat = new ChatOpenAI({
      apiKey: 'test',
      model: 'test',
      maxRetries: 0,
      configuration: { baseURL },
    })
    return (await withCache(chat, { cache, tenant: SHARED }).invoke(prompt)).text
  },
}

function modelOf(cache: Cassette) {
  const middleware = createCacheMiddleware({ cache, tenant: SHARED })
  return wrapLanguageModel({ model: provider.chat('test'), middleware })
}

describe.each(Object.keys(ADAPTERS))('a cassette with %s', (adapter) => {
  const ask = (mode: CassetteOptions['mode'], prompt = 'How do I make tea?') =>
    ADAPTERS[adapter]?.(open(mode), prompt)

  test('replays a recorded call without the model', async () => {
    const recorded = await ask('record')
    const text = await readFile(file, 'utf8')
    expect(await ask('replay')).toEqual(recorded)
    expect(await readFile(file, 'utf8')).toBe(text)
    expect(server.requests).toHaveLength(1)
  })

  test('fails in replay for a call that is not recorded, and names the difference', async () => {
    await ask('record')
    const error: unknown = await Promise.resolve(ask('replay', 'And coffee?')).catch(
      (reason: unknown) => reason,
    )
    expect(errorsIn(error).join('\n')).toMatch(
      /not in the cassette.*differs from the closest call at \S/,
    )
    expect(server.requests).toHaveLength(1)
  })
})

/** Returns the messages of an error and its causes, because clients wrap errors. */
function errorsIn(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  return [error.message, ...errorsIn(error.cause)]
}

describe('a cassette', () => {
  const ask = (cache: Cassette, prompt = 'How do I make tea?', verbatim: object = {}) =>
    generateText({
      ...{ model: modelOf(cache), prompt, maxRetries: 0 },
      providerOptions: { verbatim: verbatim as never },
    })

  test('record keeps known calls and adds others, in an order that does not change', async () => {
    await ask(open('record'), 'a')
    const one = await readFile(file, 'utf8')
    const cache = open('record')
    await ask(cache, 'a')
    await ask(cache, 'b')
    expect(server.requests).toHaveLength(2)
    const { calls } = JSON.parse(await readFile(file, 'utf8'))
    expect(calls.map(({ key }: { key: string }) => key)).toEqual(
      calls.map(({ key }: { key: string }) => key).toSorted(),
    )
    expect(calls).toContainEqual(JSON.parse(one).calls[0])
  })

  test('refresh asks again once, and removes calls that were not made', async () => {
    const recording = open('record')
    await ask(recording, 'a')
    await ask(recording, 'b')
    const cache = open('refresh')
    for (const _ of [1, 2]) await ask(cache, 'a')
    expect(server.requests).toHaveLength(3)
    expect(JSON.parse(await readFile(file, 'utf8')).calls).toHaveLength(1)
  })

  test('a refreshed file is the same when the answers are', async () => {
    await ask(open('record'))
    const before = await readFile(file, 'utf8')
    server.requests.length = 0
    await ask(open('refresh'))
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  test('replay forbids calls that ask for a new answer or bypass the cache', async () => {
    await ask(open('record'))
    const cache = open('replay')
    await expect(ask(cache, undefined, { refresh: true })).rejects.toThrow('(refresh)')
    await expect(ask(cache, undefined, { ttl: 'soon' })).rejects.toThrow('(invalid_control)')
    const fetch = createCachingFetch({ cache, tenant: SHARED })
    await expect(fetch(`${baseURL}/models`)).rejects.toThrow('(unknown_request)')
    expect(server.requests).toHaveLength(1)
  })

  test('writes no credentials, and what redact returns', async () => {
    await ask(open('record'), 'The key is sk-abcdefghijklmnopqrstuvwx.')
    expect(await readFile(file, 'utf8')).toContain('The key is [redacted].')
    const redact = (text: string) => text.replaceAll('Ada', '[name]')
    await ask(open('record', { redact }), 'I am Ada.')
    expect(await readFile(file, 'utf8')).toContain('I am [name].')
    expect(await readFile(file, 'utf8')).not.toContain('Ada')
    expect((await ask(open('replay', { redact }), 'I am Ada.')).text).toBe(TEXT)
  })

  test.each(['sk-proj-', 'sk_live_', 'gsk_', 'xai-', 'pplx-', 'hf_', 'nvapi-', 'AIza', 'AKIA'])(
    'writes no key that begins with %s',
    async (beginning) => {
      await ask(open('record'), `The key is ${beginning}0123456789abcdef.`)
      expect(await readFile(file, 'utf8')).not.toContain('0123456789abcdef')
    },
  )

  test('keeps the answers of another cassette of the same file', async () => {
    const [one, other] = [open('record'), open('record')]
    await ask(one, 'a')
    await ask(other, 'b')
    await ask(one, 'c')
    for (const prompt of ['a', 'b', 'c']) await ask(open('replay'), prompt)
    expect(server.requests).toHaveLength(3)
  })

  test('refresh keeps the calls of the other cassettes of a process', async () => {
    await ask(open('record'), 'old')
    for (const prompt of ['a', 'b']) await ask(open('refresh'), prompt)
    const { calls } = JSON.parse(await readFile(file, 'utf8'))
    expect(JSON.stringify(calls)).not.toContain('old')
    expect(calls).toHaveLength(2)
  })

  test('replays answers whose digits were redacted', async () => {
    server.reply = () => ({ text: ['On day 12.'] })
    const redact = (text: string) => text.replaceAll(/\d/g, '0')
    await ask(open('record', { redact }))
    expect((await ask(open('replay', { redact }))).text).toBe('On day 00.')
    expect(server.requests).toHaveLength(1)
  })

  test('names a redact that returns no text', async () => {
    const redact = (() => undefined) as unknown as (text: string) => string
    await expect(ask(open('record', { redact }))).rejects.toThrow(
      'the result of redact must be a string',
    )
  })

  test('replay never asks the model for an answer that it has in another form', async () => {
    const body = { model: 'test', messages: [{ role: 'user', content: 'Tea?' }] }
    const send = (mode: CassetteOptions['mode'], more: object) =>
      createCachingFetch({ cache: open(mode), tenant: SHARED })(`${baseURL}/chat/completions`, {
        ...{ method: 'POST', body: JSON.stringify({ ...body, ...more }) },
      })
    // A stream without its tokens cannot serve a call that does not stream.
    await (await send('record', { stream: true })).text()
    await expect(send('replay', {})).rejects.toThrow('(unusable_entry)')
    expect(server.requests).toHaveLength(1)
  })

  test('reads a file that begins with a byte order mark', async () => {
    await ask(open('record'))
    await writeFile(file, `\uFEFF${await readFile(file, 'utf8')}`)
    expect((await ask(open('replay'))).text).toBe(TEXT)
  })

  test('replays an answer that is older than maxAge, because entries do not age', async () => {
    await ask(open('record'))
    expect((await ask(open('replay'), undefined, { maxAge: '1m' })).text).toBe(TEXT)
  })

  test.each([
    ['{', 'must be JSON'],
    ['{}', 'must have the format verbatim-cassette/1'],
    ['{"format":"verbatim-cassette/1","calls":[{}]}', 'calls[0]'],
  ])('a file that is not a cassette is an error: %s', async (text, message) => {
    await writeFile(file, text)
    expect(() => open('replay')).toThrow(message)
  })

  test.each([
    ['mode', { mode: 'play' }],
    ['redact', { redact: 1 }],
    ['path', { path: 1 }],
  ])('names a wrong option: %s', (name, options) => {
    expect(() => cassette(file, options as object)).toThrow(name)
  })
})
