import { AsyncLocalStorage } from 'node:async_hooks'
import type { AIResponseCache } from '@verbatim/cache-ai'
import {
  type CachingFetch,
  createCachingFetch,
  SHARED,
  type Tenant,
} from '@verbatim/cache-ai/fetch'
import OpenAI from 'openai'
import type { Task } from '../analysis/operations.js'

/** A model behind the API of OpenAI, or of a server that is compatible with it. */
export interface ModelOptions {
  /** The name of the model. */
  readonly model: string
  /** The secret for the server of the model. */
  readonly modelApiKey: string
  /** The address of the server. Default: that of OpenAI. */
  readonly modelBaseUrl?: string | undefined
}

/** The answer of a model while it arrives. */
export interface ModelAnswer {
  /** The header `x-cache` says how the request was served. */
  readonly headers: Headers
  readonly words: AsyncIterable<string>
}

const LONGEST_ANSWER_TOKENS = 1_000

/** Performs the operations with a model. The model is asked once for equal texts and tasks. */
export class ModelOperations {
  readonly #model: string
  readonly #tenants = new AsyncLocalStorage<Tenant>()
  readonly #fetch: CachingFetch
  readonly #openai: OpenAI

  constructor(cache: AIResponseCache, { model, modelApiKey, modelBaseUrl }: ModelOptions) {
    this.#model = model
    this.#fetch = createCachingFetch({
      cache,
      tenant: () => this.#tenants.getStore() ?? SHARED,
      name: 'model',
    })
    this.#openai = new OpenAI({
      apiKey: modelApiKey,
      baseURL: modelBaseUrl ?? null,
      fetch: this.#fetch,
      maxRetries: 1,
    })
  }

  /**
   * Asks the model, or reads its stored answer.
   *
   * @param tenant - the owner of the answer. Default: every caller
   */
  async ask(
    text: string,
    task: Task,
    {
      tenant = SHARED,
      signal,
    }: { readonly tenant?: Tenant | undefined; readonly signal: AbortSignal },
  ): Promise<ModelAnswer> {
    const body = {
      model: this.#model,
      messages: [
        { role: 'system' as const, content: instructionFor(task) },
        { role: 'user' as const, content: text },
      ],
      max_completion_tokens: LONGEST_ANSWER_TOKENS,
    }
    const request = this.#tenants.run(tenant, () =>
      this.#openai.chat.completions
        .create(
          { ...body, stream: true },
          { signal, headers: { 'x-cache-operation': task.operation } },
        )
        .withResponse(),
    )
    const { data, response } = await request
    return { headers: response.headers, words: wordsOf(data) }
  }

  /** Returns why the model was asked, by the header `x-cache-key` of an answer; `undefined` where it is not known. */
  whyMissed(key: string): string | undefined {
    const explanation = this.#fetch.explain(key)
    if (explanation === undefined) return undefined
    const { closest, path } = explanation
    if (closest === undefined) return 'not requested recently'
    return path === undefined ? 'expired or removed' : `differs from a recent request at ${path}`
  }
}

async function* wordsOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): AsyncIterable<string> {
  for await (const { choices } of stream) {
    const words = choices[0]?.delta.content
    if (words) yield words
  }
}

function instructionFor(task: Task): string {
  return `${orderFor(task)} Answer in plain text without markup, from the text of the user alone.`
}

function orderFor(task: Task): string {
  switch (task.operation) {
    case 'summarize':
      return `Summarize the text in at most ${task.options.max_sentences} sentences.`
    case 'sentiment':
      return 'Say whether the sentiment of the text is positive, neutral or negative, and why.'
    case 'key_points':
      return `List the ${task.options.count} most important points of the text, one a line.`
    case 'questions':
      return `Write ${task.options.count} questions that the text answers, one a line.`
    default:
      return `Answer this question from the text: ${task.question}`
  }
}
