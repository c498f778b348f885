import type { LoadContext, Loader, ValidationError } from '@verbatim/cache-core'
import { timers } from '@verbatim/cache-core/implement'
import type { AIRequest, CachedResponse } from './ai-request.js'
import { NoResponseError, UnmatchedResponsesError, unmatched } from './batch-errors.js'

/** The longest wait for lookups of a batch that have not ended, in milliseconds. */
const LONGEST_WAIT_MS = 20

/** The second argument of {@link ComputeMany}. */
export interface BatchContext {
  /** Aborts when no caller waits for any of the responses. */
  readonly signal: AbortSignal
  /** Keeps all responses of this computation out of the cache. */
  readonly skip: () => void
}

/** Returns the responses to requests in their order, and `undefined` for a request without a response. */
export type ComputeMany<T> = (
  missing: readonly AIRequest[],
  context: BatchContext,
) => PromiseLike<readonly T[]> | readonly T[]

/** The return values of `compute` that did not match their requests, by the error of their loads. */
type UnmatchedResponses = Map<ValidationError, unknown>

interface Missing<T> {
  readonly request: AIRequest
  readonly context: LoadContext
  readonly resolve: (response: T) => void
  readonly reject: (error: unknown) => void
}

/**
 * Looks up all requests at once, and computes the missing ones together. A later call computes a request whose
 * load waits, for example for another process.
 *
 * @param lookUp - returns the response to the request at an index, and calls the loader if it is missing
 */
export async function computeBatch<T>(
  requests: readonly AIRequest[],
  compute: ComputeMany<T>,
  lookUp: (index: number, loader: Loader<T>) => Promise<CachedResponse<T>>,
): Promise<CachedResponse<T>[]> {
  let undecided = requests.length
  let missing: Missing<T>[] = []
  const unmatchedResponses: UnmatchedResponses = new Map()
  let timer: NodeJS.Timeout | undefined
  const start = (): void => {
    timers.clearTimeout(timer)
    timer = undefined
    const batch = missing
    missing = []
    if (batch.length > 0) void computeMissing(batch, compute, unmatchedResponses)
  }
  const decided = (): void => {
    undecided--
    if (undecided <= 0) start()
  }
  const calls = requests.map(async (request, index) => {
    let isDecided = false
    const decide = (): void => {
      if (!isDecided) decided()
      isDecided = true
    }
    const loader: Loader<T> = (context) =>
      new Promise<T>((resolve, reject) => {
        missing.push({ request, context, resolve, reject })
        timer ??= timers.setTimeout(start, LONGEST_WAIT_MS)
        decide()
      })
    try {
      return await lookUp(index, loader)
    } finally {
      decide()
    }
  })
  const outcomes = await Promise.allSettled(calls)
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return outcome.value
    const { reason } = outcome
    if (!unmatchedResponses.has(reason)) throw reason
    throw new UnmatchedResponsesError(reason, unmatchedResponses.get(reason))
  })
}

async function computeMissing<T>(
  batch: readonly Missing<T>[],
  compute: ComputeMany<T>,
  unmatchedResponses: UnmatchedResponses,
): Promise<void> {
  try {
    const requests = batch.map(({ request }) => request)
    const contexts = batch.map(({ context }) => context)
    const responses: unknown = await compute(requests, batchContext(contexts))
    if (!Array.isArray(responses) || responses.length !== batch.length) {
      // Callers of other batches may wait for these loads, so their error contains no responses.
      const error = unmatched(responses, batch.length)
      unmatchedResponses.set(error, responses)
      throw error
    }
    for (const [index, { context, resolve, reject }] of batch.entries()) {
      const response = responses[index] as T
      if (response === undefined && !context.skipped) reject(new NoResponseError())
      else resolve(response)
    }
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}

function batchContext(contexts: readonly LoadContext[]): BatchContext {
  const controller = new AbortController()
  const signals = contexts.map(({ signal }) => signal)
  for (const signal of signals) {
    signal.addEventListener('abort', () => {
      if (signals.every(({ aborted }) => aborted)) controller.abort()
    })
  }
  return {
    signal: controller.signal,
    skip: () => {
      for (const { skip } of contexts) skip()
    },
  }
}
