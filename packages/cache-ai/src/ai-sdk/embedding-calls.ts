import { isPlainObject } from '@verbatim/cache-core/implement'
import type { CachedCall } from '../model-calls/call-control.js'
import type { CallReport, CallStatus } from '../model-calls/call-status.js'
import { untilAborted } from '../model-calls/flights.js'
import type { ResolvedModelCacheOptions } from '../model-calls/model-cache-options.js'
import { ModelCalls } from '../model-calls/model-calls.js'
import { type CallStart, SharedCalls } from '../model-calls/shared-calls.js'
import {
  EmbeddingBatch,
  type EmbeddingCall,
  type EmbeddingParams,
  type EmbeddingResult,
  UnmatchedEmbeddings,
} from './embedding-batch.js'
import { withoutControl } from './language-calls.js'
import { withReport } from './live-parts.js'
import { CONTROL_NAME, type RequestDocument, requestDocument } from './request-document.js'

interface StoredEmbedding {
  readonly vector: Float32Array
}

type EmbeddingStart = CallStart<StoredEmbedding, undefined, Float32Array>

/** A vector, and how its value was served. */
interface Embedded {
  readonly vector: Float32Array
  readonly report: CallReport
}

/** Serves values from the cache, from calls that are sending them, or by the model. */
export class EmbeddingCalls {
  readonly calls: ModelCalls<StoredEmbedding>
  readonly #options: ResolvedModelCacheOptions
  readonly #shared: SharedCalls<StoredEmbedding, undefined, Float32Array>

  constructor(options: ResolvedModelCacheOptions) {
    this.#options = options
    this.calls = new ModelCalls(options)
    this.#shared = new SharedCalls(this.calls, options, 'embedding')
  }

  async embed(call: EmbeddingCall): Promise<EmbeddingResult> {
    const planned = this.#plan(call)
    if ('bypass' in planned) {
      this.calls.counters.count(planned.bypass)
      return withReport(await wholeCall(call), planned.bypass)
    }
    const batch = new EmbeddingBatch(call, planned.length)
    let embedded: readonly Embedded[]
    try {
      embedded = await Promise.all(
        planned.map((value, index) => this.#embedValue(call, value, index, batch)),
      )
    } catch (error) {
      if (!(error instanceof UnmatchedEmbeddings)) throw error
      const [result] = batch.results
      return batch.isWhole && result !== undefined ? result : wholeCall(call)
    }
    const results = await Promise.all(batch.results)
    const statuses = new Set(embedded.map(({ report }) => report.status))
    const hits = embedded.filter(({ report: { status } }) => isHit(status)).length
    return withReport(
      {
        warnings: [],
        ...results[0],
        usage: { tokens: results.reduce((sum, { usage }) => sum + (usage?.tokens ?? 0), 0) },
        embeddings: embedded.map(({ vector }) => Array.from(vector)),
      },
      reportOf(statuses),
      { hits, misses: embedded.length - hits },
    )
  }

  async #embedValue(
    { model, params }: EmbeddingCall,
    planned: CachedCall,
    index: number,
    batch: EmbeddingBatch,
  ): Promise<Embedded> {
    const { abortSignal: signal, ...others } = params
    const value = params.values[index]
    const renewing = (): EmbeddingBatch => new EmbeddingBatch({ model, params: others }, 0)
    const served = await this.#shared
      .serve(planned, {
        ...this.#sending(value, () => batch),
        signal,
        renewal: this.#sending(value, renewing),
      })
      .finally(() => batch.decided())
    if ('answer' in served) return { vector: served.answer.vector, report: served.report }
    const { flight, report, leave } = served
    try {
      return { vector: await untilAborted(flight.outcome, signal), report }
    } finally {
      leave()
    }
  }

  #sending(value: unknown, batch: () => EmbeddingBatch): EmbeddingStart {
    return {
      form: 'value',
      isReadable: isStoredEmbedding,
      log: () => undefined,
      ask: async (flight) => {
        const startedAt = this.calls.clock.now()
        try {
          const vector = await batch().add(value, flight.signal)
          await this.#shared.commit(flight, () => ({ answer: { vector } }), startedAt)
          return vector
        } catch (error) {
          this.#shared.countFailure(flight)
          throw error
        }
      },
    }
  }

  #plan({ model, params }: EmbeddingCall): readonly CachedCall[] | { readonly bypass: CallReport } {
    const { values, ...others } = params
    const control = params.providerOptions?.[CONTROL_NAME]
    let shared: RequestDocument | undefined
    const planned: CachedCall[] = []
    for (const value of values) {
      const request = (): unknown => {
        shared ??= requestDocument(others, this.#options)
        return { value, ...shared.request }
      }
      const identity = {
        surface: 'embedding',
        provider: model.provider,
        model: model.modelId,
      } as const
      const one = this.calls.plan({ ...identity, request }, control)
      if ('bypass' in one) return one
      planned.push(one)
    }
    return planned
  }
}

/** The statuses of values, from the one that says most about the whole call. */
const STATUSES = ['MISS', 'REFRESH', 'COALESCED', 'STALE'] as const

/** Returns the report of a call whose values were served in these ways. */
function reportOf(statuses: ReadonlySet<CallStatus>): CallReport {
  if (statuses.has('BYPASS')) return { status: 'BYPASS', reason: 'store_unavailable' }
  return { status: STATUSES.find((status) => statuses.has(status)) ?? 'HIT' }
}

function isHit(status: CallStatus): boolean {
  return status === 'HIT' || status === 'STALE'
}

async function wholeCall({ model, params }: EmbeddingCall): Promise<EmbeddingResult> {
  return model.doEmbed(withoutControl(params) as EmbeddingParams)
}

function isStoredEmbedding(answer: StoredEmbedding): boolean {
  return isPlainObject(answer) && answer.vector instanceof Float32Array && answer.vector.length > 0
}
