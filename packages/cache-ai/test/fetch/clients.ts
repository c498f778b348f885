import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'

/** A call of a client, and a call of the same request that streams. Both return the text. */
export interface ClientCall {
  readonly ask: () => Promise<string>
  readonly stream: () => Promise<string>
}

/** Returns calls of each client. The clients send requests through `fetch`. */
export function clientCalls(
  url: string,
  fetch: typeof globalThis.fetch,
): Record<string, ClientCall> {
  const openai = new OpenAI({ apiKey: 'test', baseURL: `${url}/v1`, fetch, maxRetries: 0 })
  const anthropic = new Anthropic({ apiKey: 'test', baseURL: url, fetch, maxRetries: 0 })
  const chat = { model: 'gpt-test', messages: [{ role: 'user' as const, content: PROMPT }] }
  const responses = { model: 'gpt-test', input: PROMPT, store: false }
  const message = { ...chat, model: 'claude-test', max_tokens: 100 }
  const completion = { model: 'gpt-test', prompt: PROMPT }
  const content = { model: 'gemini-test', contents: PROMPT }
  return {
    'openai chat completions': {
      ask: async () =>
        (await openai.chat.completions.create(chat)).choices[0]?.message.content ?? '',
      stream: async () =>
        joined(
          await openai.chat.completions.create({ ...chat, stream: true }),
          ({ choices }) => choices[0]?.delta.content,
        ),
    },
    'openai responses': {
      ask: async () => (await openai.responses.create(responses)).output_text,
      stream: async () =>
        joined(await openai.responses.create({ ...responses, stream: true }), (event) =>
          event.type === 'response.output_text.delta' ? event.delta : '',
        ),
    },
    'openai completions': {
      ask: async () => (await openai.completions.create(completion)).choices[0]?.text ?? '',
      stream: async () =>
        joined(
          await openai.completions.create({ ...completion, stream: true }),
          ({ choices }) => choices[0]?.text,
        ),
    },
    'anthropic messages': {
      ask: async () => textOf((await anthropic.messages.create(message)).content),
      stream: async () => textOf((await anthropic.messages.stream(message).finalMessage()).content),
    },
    'google generateContent': {
      ask: () =>
        withFetch(
          fetch,
          async () => (await google(url).models.generateContent(content)).text ?? '',
        ),
      stream: () =>
        withFetch(fetch, async () =>
          joined(await google(url).models.generateContentStream(content), ({ text }) => text),
        ),
    },
  }
}

const PROMPT = 'How do I make tea?'

function google(url: string): GoogleGenAI {
  return new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: url } })
}

/** Replaces the global `fetch` during a call, because the client of Google has no option for it. */
async function withFetch<T>(fetch: typeof globalThis.fetch, call: () => Promise<T>): Promise<T> {
  const usual = globalThis.fetch
  globalThis.fetch = fetch
  try {
    return await call()
  } finally {
    globalThis.fetch = usual
  }
}

function textOf(content: readonly { type: string }[]): string {
  return content.map((block) => ('text' in block ? String(block.text) : '')).join('')
}

/** Returns the text of all parts of a stream. */
export async function joined<T>(
  parts: AsyncIterable<T>,
  read: (part: T) => string | null | undefined,
): Promise<string> {
  let text = ''
  for await (const part of parts) text += read(part) ?? ''
  return text
}
