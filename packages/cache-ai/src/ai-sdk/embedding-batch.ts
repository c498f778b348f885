import { onAbort, timers } from '@verbatim/cache-core/implement'
import { withoutControl } from './language-calls.js'
import type { SdkCallOptions } from './sdk-types.js'

export interface EmbeddingModel {
  readonly provider: string
  readonly modelId: string
  doEmbed(params: EmbeddingParams): PromiseLike<EmbeddingResult>
}

export type EmbeddingParams = SdkCallOptions & { readonly values: readonly unknown[] }

export interface EmbeddingResult {
  readonly embeddings: readonly (readonly number[])[]
  readonly usage?: { readonly tokens: number } | undefined
  readonly providerMetadata?: unknown
  readonly warnings?: readonly unknown[]
}

/** A call of an embedding model. */
export interface EmbeddingCall {
  readonly model: EmbeddingModel
  readonly params: EmbeddingParams
}

/** The time that values wait for a value that another process may be sending, in milliseconds. */
const LONGEST_WAIT_MS = 25

interface WaitingValue {
  readonly value: unknown
  readonly signal: AbortSignal
  readonly resolve: (vector: Float32Array) => void
  readonly reject: (error: unknown) => void
}

/** The embeddings of the model do not match the values, so their order is unknown. */
export class UnmatchedEmbeddings extends Error {}

/**
 * The values of one call that the model must embed. They are sent together once it is known of each value of the
 * call whether it must be sent. Values that turn out later to be missing are sent later.
 */
export class EmbeddingBatch {
  readonly #call: EmbeddingCall
  readonly #results: Promise<EmbeddingResult>[] = []
  #waiting: WaitingValue[] = []
  #undecided: number
  #timer: ReturnType<typeof timers.setTimeout> | undefined
  #sent = 0

  /** @param undecided - number of values for which {@link EmbeddingBatch.decided} will be called */
  constructor(call: EmbeddingCall, undecided: number) {
    this.#call = call
    this.#undecided = undecided
  }

  /** The results of the model, in the order in which they were requested. */
  get results(): readonly Promise<EmbeddingResult>[] {
    return this.#results
  }

  /** Whether all values of the call were sent at once. */
  get isWhole(): boolean {
    return this.#results.length === 1 && this.#sent === this.#call.params.values.length
  }

  /**
   * Sends a value with the others.
   *
   * @param signal - aborted when no caller needs the value. The request ends when none of its values is needed
   */
  add(value: unknown, signal: AbortSignal): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ value, signal, resolve, reject })
      if (this.#undecided === 0) this.#send()
      else this.#timer ??= timers.setTimeout(() => this.#send(), LONGEST_WAIT_MS)
    })
  }

  /** Called when it is known of a value whether it must be sent. */
  decided(): void {
    this.#undecided--
    if (this.#undecided === 0 && this.#waiting.length > 0) this.#send()
  }

  #send(): void {
    timers.clearTimeout(this.#timer)
    this.#timer = undefined
    const sent = this.#waiting
    this.#waiting = []
    this.#sent += sent.length
    const { signal, stop } = abortedWithAll(sent.map(({ signal: one }) => one))
    const { model, params } = this.#call
    const values = sent.map(({ value }) => value)
    const asked = { ...withoutControl(params), values, abortSignal: signal }
    const result = (async () => model.doEmbed(asked))().finally(stop)
    this.#results.push(result)
    void settle(sent, result)
  }
}

/** Gives each value its vector, or the error of the request. */
async function settle(
  sent: readonly WaitingValue[],
  result: Promise<EmbeddingResult>,
): Promise<void> {
  try {
    const vectors = vectorsOf(await result, sent.length)
    for (const [index, { resolve }] of sent.entries()) resolve(vectors[index] as Float32Array)
  } catch (error) {
    for (const { reject } of sent) reject(error)
  }
}

/** Returns a signal that is aborted when all of the signals are. */
function abortedWithAll(signals: readonly AbortSignal[]): {
  readonly signal: AbortSignal
  readonly stop: () => void
} {
  const controller = new AbortController()
  let left = signals.length
  const stops = signals.map((signal) =>
    onAbort(signal, () => {
      if (--left === 0) controller.abort(signal.reason)
    }),
  )
  return { signal: controller.signal, stop: () => stops.forEach((stop) => stop()) }
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
