import { createOpenAI } from '@ai-sdk/openai'
import { InMemoryCache as LangChainCache } from '@langchain/core/caches'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { InMemoryCache } from '@verbatim/cache-memory'
import * as ai6 from 'ai'
import OpenAI from 'openai'
import { createCacheMiddleware } from '../../src/ai-sdk/index.js'
import { createCachingFetch, SHARED } from '../../src/fetch/index.js'
import { withCache } from '../../src/langchain/index.js'
import { SDKS } from '../ai-sdk/versions.js'
import { recipe } from './ai-sdk-recipe.js'

/** A message of a conversation. */
export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** An image in base64. */
  readonly image?: string
}

/** A request in the words of no client. */
export interface Ask {
  readonly turns: readonly Turn[]
  readonly model?: string
  readonly temperature?: number
  readonly topP?: number
  readonly presencePenalty?: number
  readonly effort?: 'low' | 'high'
  /** An option of the provider with fields in this order. */
  readonly prediction?: { readonly type: 'content'; readonly content: string }
}

/** The part of an answer that the rows compare, and the object that the caller got. */
interface Answer {
  readonly text: string
  readonly finishReason: unknown
  /** Changes the object that the caller got. */
  readonly edit: () => void
}

/** A cache for model calls with an empty store. */
export interface OpenSubject {
  ask(request: Ask): Promise<Answer>
  /** Returns the text of a stream. */
  stream(request: Ask): Promise<string>
  /** Sends several requests as one batch; absent if the client has none. */
  batch?(requests: readonly Ask[]): Promise<number>
  /** Returns the keys in the store. */
  keys(): Promise<readonly string[]>
}

export interface Subject {
  readonly name: string
  readonly isOurs: boolean
  readonly open: (url: string) => OpenSubject
}

const secret = 'sk-secret'

export const SUBJECTS: readonly Subject[] = [
  ...SDKS.map(
    ({ version, ai, chat }): Subject => ({
      name: `Verbatim, AI SDK ${version}`,
      isOurs: true,
      open: (url) => {
        const cache = new InMemoryCache()
        const middleware = createCacheMiddleware({ cache, tenant: SHARED })
        return aiSdkSubject(
          ai,
          (model) => chat(url, middleware, model),
          () => keysOf(cache),
        )
      },
    }),
  ),
  { name: 'Verbatim, fetch', isOurs: true, open: fetchSubject },
  {
    name: 'Verbatim, LangChain',
    isOurs: true,
    open: (url) => {
      const cache = new InMemoryCache()
      const open = (fields: object) => withCache(chatModel(url, fields), { cache, tenant: SHARED })
      return langChainSubject(open, () => keysOf(cache))
    },
  },
  {
    name: 'LangChain InMemoryCache',
    isOurs: false,
    open: (url) => {
      const map = new Map()
      const cache = new LangChainCache(map)
      const open = (fields: object) => chatModel(url, { ...fields, cache })
      return langChainSubject(open, async () => [...map.keys()] as string[])
    },
  },
  {
    name: 'AI SDK recipe',
    isOurs: false,
    open: (url) => {
      const store = new Map<string, string>()
      const provider = createOpenAI({ apiKey: secret, baseURL: `${url}/v1` })
      const open = (model: string) =>
        ai6.wrapLanguageModel({ model: provider.chat(model), middleware: recipe(store) })
      return aiSdkSubject(ai6, open, async () => [...store.keys()])
    },
  },
]

function aiSdkSubject(
  ai: typeof ai6,
  open: (model: string) => ai6.LanguageModel,
  keys: OpenSubject['keys'],
): OpenSubject {
  const call = (request: Ask) => ({
    model: open(request.model ?? 'gpt-test'),
    maxRetries: 0,
    headers: { authorization: `Bearer ${secret}` },
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(request.topP !== undefined && { topP: request.topP }),
    ...(request.presencePenalty !== undefined && { presencePenalty: request.presencePenalty }),
    providerOptions: {
      openai: {
        ...(request.effort && { reasoningEffort: request.effort }),
        ...(request.prediction && { prediction: request.prediction }),
      },
    },
    messages: request.turns.map(({ role, text, image }): ai6.ModelMessage => {
      if (role === 'assistant') return { role, content: text }
      const file = { type: 'file' as const, mediaType: 'image/png', data: image ?? '' }
      return { role, content: [...(image ? [file] : []), { type: 'text', text }] }
    }),
  })
  return {
    async ask(request) {
      const result = await ai.generateText(call(request))
      const edit = (): void => {
        for (const part of result.content) Object.assign(part, { text: 'edited' })
      }
      return { text: result.text, finishReason: result.finishReason, edit }
    },
    async stream(request) {
      let text = ''
      const { textStream } = ai.streamText({ ...call(request), onError: () => undefined })
      for await (const chunk of textStream) text += chunk
      return text
    },
    keys,
  }
}

function chatModel(url: string, fields: object): ChatOpenAI {
  const configuration = { baseURL: `${url}/v1` }
  return new ChatOpenAI({
    apiKey: secret,
    model: 'gpt-test',
    maxRetries: 0,
    configuration,
    ...fields,
  })
}

function langChainSubject(
  open: (fields: object) => ChatOpenAI,
  keys: OpenSubject['keys'],
): OpenSubject {
  const model = ({
    model: name,
    effort,
    prediction,
    temperature,
    topP,
    presencePenalty,
  }: Ask): ChatOpenAI =>
    open({
      ...{ temperature, topP, presencePenalty },
      ...(name !== undefined && { model: name }),
      modelKwargs: {
        ...(effort && { reasoning_effort: effort }),
        ...(prediction && { prediction }),
      },
    })
  const messages = ({ turns }: Ask) =>
    turns.map(({ role, text, image }) => {
      if (role === 'assistant') return new AIMessage(text)
      if (image === undefined) return new HumanMessage(text)
      const url = `data:image/png;base64,${image}`
      return new HumanMessage({
        content: [
          { type: 'image_url', image_url: { url } },
          { type: 'text', text },
        ],
      })
    })
  return {
    async ask(request) {
      const message = await model(request).invoke(messages(request))
      const edit = (): void => {
        message.content = 'edited'
      }
      return { text: message.text, finishReason: message.response_metadata['finish_reason'], edit }
    },
    async stream(request) {
      let text = ''
      for await (const chunk of await model(request).stream(messages(request))) text += chunk.text
      return text
    },
    async batch(requests) {
      const [first] = requests as readonly [Ask]
      const { generations } = await model(first).generate(requests.map(messages))
      return generations.filter((generation) => (generation as unknown) !== undefined).length
    },
    keys,
  }
}

function fetchSubject(url: string): OpenSubject {
  const cache = new InMemoryCache()
  const fetch = createCachingFetch({ cache, tenant: SHARED })
  const openai = new OpenAI({ apiKey: secret, baseURL: `${url}/v1`, fetch, maxRetries: 0 })
  const body = (request: Ask) => ({
    model: request.model ?? 'gpt-test',
    messages: request.turns.map(({ role, text, image }) => {
      if (role === 'assistant') return { role, content: text }
      const parts = [{ type: 'text' as const, text }]
      if (image === undefined) return { role, content: parts }
      const image_url = { url: `data:image/png;base64,${image}` }
      return { role, content: [{ type: 'image_url' as const, image_url }, ...parts] }
    }),
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(request.topP !== undefined && { top_p: request.topP }),
    ...(request.presencePenalty !== undefined && { presence_penalty: request.presencePenalty }),
    ...(request.effort && { reasoning_effort: request.effort }),
    ...(request.prediction && { prediction: request.prediction }),
  })
  return {
    async ask(request) {
      const { choices } = await openai.chat.completions.create(body(request))
      const [choice] = choices
      const edit = (): void => {
        if (choice !== undefined) choice.message.content = 'edited'
      }
      return { text: choice?.message.content ?? '', finishReason: choice?.finish_reason, edit }
    },
    async stream(request) {
      let text = ''
      for await (const chunk of await openai.chat.completions.create({
        ...body(request),
        stream: true,
      }))
        text += chunk.choices[0]?.delta.content ?? ''
      return text
    },
    keys: () => keysOf(cache),
  }
}

async function keysOf(cache: InMemoryCache): Promise<string[]> {
  const keys: string[] = []
  for await (const key of cache.scan()) keys.push(key)
  return keys
}
