import { isPlainObject } from '@verbatim/cache-core/implement'
import type { CachedCall } from '../model-calls/call-control.js'
import type { ModelCallStats } from '../model-calls/call-counters.js'
import type { CallReport } from '../model-calls/call-status.js'
import { untilAborted } from '../model-calls/flights.js'
import {
  MODEL_CACHE_FIELDS,
  type ModelCacheOptions,
  resolveModelCacheOptions,
} from '../model-calls/model-cache-options.js'
import { ModelCalls } from '../model-calls/model-calls.js'
import { withoutControl } from './language-calls.js'
import { withReport } from './live-parts.js'
import { CONTROL_NAME, type RequestDocument, requestDocument } from './request-document.js'
import type { SdkCallOptions } from './sdk-types.js'

const FIELDS: ReadonlySet<string> = new Set<string>(MODEL_CACHE_FIELDS)

/** A middleware for embedding models of AI SDK 6 and 7, and of 5 through {@link EmbeddingCacheMiddleware.wrap}. */
export interface EmbeddingCacheMiddleware {
  // oxlint-disable-next-line no-explicit-any -- each version of the AI SDK demands another literal
  readonly specificationVersion: any
  // oxlint-disable-next-line no-explicit-any -- each version of the AI SDK has other types of calls
  readonly wrapEmbed: (call: any) => Promise<any>
  /** Returns a model that uses the cache, for AI SDK 5, which has no `wrapEmbeddingModel`. */
  wrap<Model extends object>(model: Model): Model
  /** Returns the counts of all values since the middleware was created. */
  getStats(): ModelCallStats
}

interface EmbeddingModel {
  readonly provider: string
  readonly modelId: string
  doEmbed(params: EmbeddingParams): PromiseLike<EmbeddingResult>
}

type EmbeddingParams = SdkCallOptions & { readonly values: readonly unknown[] }

interface EmbeddingResult {
  readonly embeddings: readonly (readonly number[])[]
  readonly usage?: { readonly tokens: number } | undefined
  readonly providerMetadata?: unknown
  readonly warnings?: readonly unknown[]
}

interface EmbeddingCall {
  readonly model: EmbeddingModel
  readonly params: EmbeddingParams
}

interface StoredEmbedding {
  readonly vector: Float32Array
}

/**
 * Returns a middleware that caches the embeddings of single values. A call sends only the values that are not
 * stored, and the embeddings come back in the order of the values. Calls that need the same value at the same
 * time send it once.
 *
 * Embeddings are stored with 32-bit numbers. All calls return such numbers, also those that asked the model.
 *
 * @throws ConfigurationError or ValidationError that names the option and its rule
 * @example
 * ```ts
 * const middleware = createEmbeddingCacheMiddleware({ cache, tenant: SHARED })
 * const model = wrapEmbeddingModel({ model: openai.embedding('text-embedding-3-small'), middleware })
 * ```
 */
export function createEmbeddingCacheMiddleware(
  options: ModelCacheOptions,
): EmbeddingCacheMiddleware {
  const resolved = resolveModelCacheOptions(options, FIELDS)
  const calls = new EmbeddingCalls(new ModelCalls(resolved), resolved.cacheStatefulCalls)
  return {
    specificationVersion: 'v3',
    wrapEmbed: (call: EmbeddingCall) => calls.embed(call),
    wrap: (model) => {
      const doEmbed = (params: EmbeddingParams): unknown =>
        calls.embed({ model: model as unknown as EmbeddingModel, params })
      return new Proxy(model, {
        get: (target, name) =>
          name === 'doEmbed' ? doEmbed : (Reflect.get(target, name, target) as unknown),
      })
    },
    getStats: () => calls.calls.counters.snapshot(),
  }
}

class EmbeddingCalls {
  readonly calls: ModelCalls<StoredEmbedding>
  readonly #cacheStatefulCalls: boolean
  /** The values that are being sent, by digest. */
  readonly #running = new Map<string, Promise<Float32Array>>()

  constructor(calls: ModelCalls<StoredEmbedding>, cacheStatefulCalls: boolean) {
    this.calls = calls
    this.#cacheStatefulCalls = cacheStatefulCalls
  }

  async embed(call: EmbeddingCall): Promise<EmbeddingResult> {
    const cached = this.#plan(call)
    if ('bypass' in cached) {
      this.calls.counters.count(cached.bypass)
      return withReport(await wholeCall(call), cached.bypass)
    }
    const found = await Promise.all(
      cached.map((value) => this.calls.find(value, isStoredEmbedding)),
    )
    const vectors = found.map((one) => ('answer' in one ? one.answer.vector : undefined))
    const missing = [...vectors.keys()].filter((index) => vectors[index] === undefined)
    for (let hits = vectors.length - missing.length; hits > 0; hits--)
      this.calls.counters.count({ status: 'HIT' })
    const sent = this.#send(call, cached, missing)
    try {
      await Promise.all(
        missing.map(async (index) => {
          vectors[index] = await untilAborted(
            this.#vectorOf(cached, index),
            call.params.abortSignal,
          )
        }),
      )
    } catch (error) {
      if (!(error instanceof UnmatchedEmbeddings)) throw error
      return sent?.isWhole === true ? sent.result : wholeCall(call)
    }
    const isUnavailable = found.some(({ state }) => state === 'unavailable')
    const counts = { hits: vectors.length - missing.length, misses: missing.length }
    const result = await sent?.result
    return withReport(
      {
        warnings: [],
        ...result,
        usage: result?.usage ?? { tokens: 0 },
        embeddings: (vectors as Float32Array[]).map((vector) => Array.from(vector)),
      },
      isUnavailable ? UNAVAILABLE : { status: statusOf(missing.length, sent !== undefined) },
      counts,
    )
  }

  #plan({ model, params }: EmbeddingCall): readonly CachedCall[] | { readonly bypass: CallReport } {
    const { values, ...others } = params
    const control = params.providerOptions?.[CONTROL_NAME]
    let shared: RequestDocument | undefined
    const cached: CachedCall[] = []
    for (const value of values) {
      const request = (): unknown => {
        shared ??= requestDocument(others, { cacheStatefulCalls: this.#cacheStatefulCalls })
        return { value, ...shared.request }
      }
      const identity = {
        surface: 'embedding',
        provider: model.provider,
        model: model.modelId,
      } as const
      const planned = this.calls.plan({ ...identity, request }, control)
      if ('bypass' in planned) return planned
      cached.push(planned)
    }
    return cached
  }

  /** Sends the missing values that no other call is sending; `undefined` if there are none. */
  #send(
    { model, params }: EmbeddingCall,
    cached: readonly CachedCall[],
    missing: readonly number[],
  ): { readonly result: Promise<EmbeddingResult>; readonly isWhole: boolean } | undefined {
    const own = new Map<string, number>()
    for (const index of missing) {
      const { digest } = callAt(cached, index).key
      const isRunning = this.#running.has(digest) || own.has(digest)
      this.calls.counters.count({ status: isRunning ? 'COALESCED' : 'MISS' })
      if (!isRunning) own.set(digest, index)
    }
    if (own.size === 0) return undefined
    // Without the signal of this caller, because others may wait for the same values.
    const { abortSignal: _, ...asked } = withoutControl(params)
    const values = Array.from(own.values(), (index) => params.values[index])
    const startedAt = this.calls.clock.now()
    const result = (async () => model.doEmbed({ ...asked, values }))()
    const vectors = result.then((answer) => vectorsOf(answer, values.length))
    for (const [position, [digest, index]] of [...own].entries()) {
      const vector = vectors.then(async (all) => {
        const answer = { vector: all[position] as Float32Array }
        const value = callAt(cached, index)
        const durationMs = this.calls.clock.now() - startedAt
        if (!value.plan.noStore) await this.calls.commit(value, () => ({ answer }), durationMs)
        return answer.vector
      })
      this.#running.set(digest, vector)
      const remove = (): void => void this.#running.delete(digest)
      vector.then(remove, remove)
    }
    return { result, isWhole: values.length === params.values.length }
  }

  #vectorOf(cached: readonly CachedCall[], index: number): Promise<Float32Array> {
    return this.#running.get(callAt(cached, index).key.digest) as Promise<Float32Array>
  }
}

const UNAVAILABLE: CallReport = { status: 'BYPASS', reason: 'store_unavailable' }

function statusOf(missing: number, isSending: boolean): CallReport['status'] {
  if (missing === 0) return 'HIT'
  return isSending ? 'MISS' : 'COALESCED'
}

function callAt(cached: readonly CachedCall[], index: number): CachedCall {
  return cached[index] as CachedCall
}

async function wholeCall({ model, params }: EmbeddingCall): Promise<EmbeddingResult> {
  return model.doEmbed(withoutControl(params) as EmbeddingParams)
}

/** Returns the embeddings of a result. */
function vectorsOf({ embeddings }: EmbeddingResult, count: number): readonly Float32Array[] {
  const length = Array.isArray(embeddings) ? embeddings[0]?.length : undefined
  const isComplete =
    Array.isArray(embeddings) &&
    embeddings.length === count &&
    embeddings.every((one) => Array.isArray(one) && one.length === length && one.length > 0)
  const vectors = isComplete ? embeddings.map((one) => Float32Array.from(one)) : []
  if (!isComplete || !vectors.every((vector) => vector.every(Number.isFinite)))
    throw new UnmatchedEmbeddings()
  return vectors
}

/** The embeddings of the model do not match the values, so their order is unknown. */
class UnmatchedEmbeddings extends Error {}

function isStoredEmbedding(answer: StoredEmbedding): boolean {
  return isPlainObject(answer) && answer.vector instanceof Float32Array && answer.vector.length > 0
}
