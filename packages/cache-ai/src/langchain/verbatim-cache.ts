import { BaseCache } from '@langchain/core/caches'
import type { ChatGeneration, Generation } from '@langchain/core/outputs'
import type { CachedCall } from '../model-calls/call-control.js'
import type { ModelCallStats } from '../model-calls/call-counters.js'
import { BypassError, type RefusalReason } from '../model-calls/call-status.js'
import { refusalOf } from '../model-calls/commit-rule.js'
import {
  MODEL_CACHE_FIELDS,
  type ModelCacheOptions,
  resolveModelCacheOptions,
} from '../model-calls/model-cache-options.js'
import { ModelCalls } from '../model-calls/model-calls.js'
import { freshIds } from '../model-calls/tool-call-ids.js'
import { answerOf, fromStored, type StoredChat, toStored, usageOf } from './messages.js'
import { PendingClaims } from './pending-claims.js'

/** Options of {@link VerbatimCache}. */
export type VerbatimCacheOptions = ModelCacheOptions

const FIELDS: ReadonlySet<string> = new Set<string>(MODEL_CACHE_FIELDS)

/** A line of a transcript that begins a message, or a text that looks like one. */
const LATER_MESSAGE = /\n(Human|AI|System|Tool|[\w-]+): /
/** The placeholder of an image, a file or another part that is not text. */
const PLACEHOLDER = /\[[\w-]+\]/
const MODEL_NAME = /(^|,)(model|modelName|model_name|model_id):"/

/**
 * A cache for the option `cache` of LangChain's models.
 *
 * LangChain passes a transcript instead of the messages. The transcript does not tell an image from another one,
 * nor a text with `AI: ` in it from two messages. Where it is ambiguous, this cache stores and finds nothing: only
 * prompts of one message without placeholders are cached. Use {@link withCache} for conversations, images, streams
 * and calls at the same time.
 *
 * @example
 * ```ts
 * const model = new ChatOpenAI({ model: 'gpt-5', cache: new VerbatimCache({ cache, tenant: SHARED }) })
 * ```
 */
export class VerbatimCache extends BaseCache {
  readonly #calls: ModelCalls<StoredChat>
  readonly #version: string | undefined
  readonly #claims = new PendingClaims()

  /** @throws ConfigurationError or ValidationError that names the option and its rule */
  constructor(options: VerbatimCacheOptions) {
    super()
    const resolved = resolveModelCacheOptions(options, FIELDS)
    this.#calls = new ModelCalls(resolved, usageOf)
    this.#version = resolved.version
  }

  override async lookup(prompt: string, llmKey: string): Promise<Generation[] | null> {
    const planned = this.#plan(prompt, llmKey)
    if ('bypass' in planned) {
      this.#calls.counters.count(planned.bypass)
      return null
    }
    const found = await this.#calls.find(planned, isAny)
    if (!('answer' in found)) {
      this.#calls.counters.count({ status: 'MISS' })
      this.#calls.explainLater(planned)
      await this.#claims.add(planned.key.key, (signal) => this.#calls.claim(planned, isAny, signal))
      return null
    }
    const report = { status: 'HIT', key: planned.key.digest, ageMs: found.ageMs } as const
    this.#calls.counters.count(report)
    this.#calls.saved(planned, found.answer, found.durationMs)
    return [fromStored(found.answer.generation, freshIds(), report)]
  }

  override async update(prompt: string, llmKey: string, value: Generation[]): Promise<void> {
    const planned = this.#plan(prompt, llmKey)
    if ('bypass' in planned) return
    const json = llmKey.includes('"type":"json')
    const pending = this.#claims.take(planned.key.key)
    const claim = pending?.claim ?? 'superseded'
    await this.#calls.commit(planned, claim, () => decide(value, json), 0)
    pending?.end()
  }

  /** Returns the counts of all lookups since the cache was created. */
  getStats(): ModelCallStats {
    return this.#calls.stats()
  }

  #plan(prompt: string, llmKey: string): CachedCall | ReturnType<ModelCalls<StoredChat>['plan']> {
    const request = (): unknown => {
      if (LATER_MESSAGE.test(prompt) || PLACEHOLDER.test(prompt))
        throw new BypassError('unknown_request', 'prompt')
      if (!MODEL_NAME.test(llmKey) && this.#version === undefined)
        throw new BypassError('unknown_request', 'model')
      return { prompt, llmKey: llmKey.replace(/(^|,)signal:\{\}/, '') }
    }
    const identity = { surface: 'langchain', provider: 'transcript', model: '' } as const
    return this.#calls.plan({ ...identity, request }, undefined)
  }
}

const isAny = (): boolean => true

function decide(
  value: Generation[],
  json: boolean,
): { readonly answer: StoredChat } | { readonly refusal: RefusalReason } {
  const [generation, ...others] = value as ChatGeneration[]
  if (generation?.message === undefined || others.length > 0) return { refusal: 'unsupported_part' }
  const stored = toStored(generation)
  const answer = answerOf(stored)
  if (typeof answer === 'string') return { refusal: answer }
  const refusal = refusalOf(answer, { json })
  return refusal === undefined ? { answer: { generation: stored } } : { refusal }
}
