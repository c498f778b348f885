import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { ChatOpenAI } from '@langchain/openai'
import { embed, generateObject, generateText, streamText } from 'ai'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { joined } from '../fetch/clients.js'

/** A call of a client. */
export interface SdkCall {
  readonly ask: () => Promise<unknown>
  /** Returns the part of the result that an application reads. */
  readonly read: (result: unknown) => unknown
}

/** Returns a call of each client to the server at an address. */
export function sdkCalls(url: string): Record<string, SdkCall> {
  const to = { apiKey: 'test', baseURL: `${url}/v1` }
  const openai = new OpenAI(to)
  const provider = createOpenAI(to)
  const anthropic = new Anthropic({ apiKey: 'test', baseURL: url })
  const chat = new ChatOpenAI({ apiKey: 'test', model: 'gpt-test', configuration: to })
  const model = provider.chat('gpt-test')
  const asked = { model: 'gpt-test', messages: [{ role: 'user' as const, content: PROMPT }] }
  return {
    "generateText of 'ai'": call(
      async () => generateText({ model, prompt: PROMPT }),
      ({ text, usage }) => [text, usage.totalTokens],
    ),
    "streamText of 'ai'": call(
      async () => streamText({ model, prompt: PROMPT }),
      ({ textStream }) => joined(textStream, (part) => part),
    ),
    "embed of 'ai'": call(
      async () => embed({ model: provider.embedding('embedding-test'), value: PROMPT }),
      ({ embedding }) => embedding,
    ),
    "generateObject of 'ai'": call(
      async () => generateObject({ model, schema: STEPS, prompt: PROMPT }),
      ({ object }) => object,
    ),
    'chat.completions.create of openai': call(
      async () => openai.chat.completions.create(asked),
      ({ choices }) => choices[0]?.message.content,
    ),
    'chat.completions.parse of openai': call(
      async () =>
        openai.chat.completions.parse({
          ...asked,
          response_format: zodResponseFormat(STEPS, 'steps'),
        }),
      ({ choices }) => choices[0]?.message.parsed,
    ),
    'embeddings.create of openai': call(
      async () => openai.embeddings.create({ model: 'embedding-test', input: PROMPT }),
      ({ data }) => data[0]?.embedding,
    ),
    'a stream of openai': call(
      async () => openai.chat.completions.create({ ...asked, stream: true }),
      (stream) => joined(stream, ({ choices }) => choices[0]?.delta.content),
    ),
    'messages.create of @anthropic-ai/sdk': call(
      async () => anthropic.messages.create({ ...asked, model: 'claude-test', max_tokens: 100 }),
      ({ content }) => content,
    ),
    'invoke of LangChain': call(
      async () => chat.invoke(PROMPT),
      (message) => [message.text, message.getType()],
    ),
  }
}

const PROMPT = 'How do I make tea?'
const STEPS = z.object({ steps: z.array(z.string()) })

function call<T>(ask: () => Promise<T>, read: (result: T) => unknown): SdkCall {
  return { ask, read: (result) => read(result as T) }
}
