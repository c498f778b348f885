import { isDeepStrictEqual } from 'node:util'
import { CacheError, type CacheInterface, type Clock } from '@verbatim/cache-core'
import { isError } from '@verbatim/cache-core/implement'
import type { BasicOperationsItem } from './test-data.js'

/** The methods that a cache needs for a benchmark. Every `CacheInterface` has them. */
export type BenchmarkedCache = Pick<CacheInterface, 'get' | 'set' | 'exists' | 'delete'>

/** Durations in milliseconds. Each array has one sample per iteration without a failed call. */
interface Samples {
  readonly set: number[]
  readonly get: number[]
  readonly exists: number[]
  /** Sums of the three durations. */
  readonly total: number[]
}

/** Samples, and the memory of the process in bytes. */
export interface Measurements extends Samples {
  readonly initialMemory: number
  /** Highest memory during the measurement. */
  readonly peakMemory: number
}

/** Limits of the warm-up. It ends at the first of them. */
export interface WarmUp {
  readonly iterations: number
  /** Milliseconds after which no iteration starts. */
  readonly withinMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Runs iterations without measuring them.
 *
 * @param progress - receives the number of started iterations, even if the signal is aborted
 * @throws the reason of the signal if it is aborted
 */
export async function warmUp(
  cache: BenchmarkedCache,
  items: readonly BasicOperationsItem[],
  clock: Clock,
  { iterations, withinMs, signal }: WarmUp,
  progress: { iterations: number },
): Promise<void> {
  const startedAt = clock.now()
  for (const item of items.slice(0, iterations)) {
    if (signal?.aborted) throw signal.reason
    if (clock.now() - startedAt > withinMs) break
    progress.iterations++
    // Only failures of the measured iterations count.
    await iterate(cache, item, clock).catch(() => undefined)
  }
}

/**
 * Sets, reads and checks each item once.
 *
 * @throws CacheError (`WRONG_ANSWER`) if a read does not return the value that was just set
 * @throws CacheError (`BENCHMARK_FAILED`) if every iteration failed
 * @throws the reason of the signal if it is aborted
 */
export async function measure(
  cache: BenchmarkedCache,
  items: readonly BasicOperationsItem[],
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Measurements> {
  const samples: Samples = { set: [], get: [], exists: [], total: [] }
  const initialMemory = process.memoryUsage.rss()
  let peakMemory = initialMemory
  let failure: unknown
  for (const item of items) {
    if (signal?.aborted) throw signal.reason
    const iteration = await iterate(cache, item, clock).catch((error: unknown) => {
      failure = error
    })
    if (iteration === undefined) continue
    assertCorrect(item, iteration)
    samples.set.push(iteration.set)
    samples.get.push(iteration.get)
    samples.exists.push(iteration.exists)
    samples.total.push(iteration.set + iteration.get + iteration.exists)
    peakMemory = Math.max(peakMemory, process.memoryUsage.rss())
  }
  if (samples.total.length === 0) throw everyIterationFailed(items.length, failure)
  return { ...samples, initialMemory, peakMemory }
}

/** Deletes the items. If a call fails, it stops: the other items expire by their TTL. */
export async function removeAll(
  cache: BenchmarkedCache,
  items: readonly BasicOperationsItem[],
): Promise<void> {
  try {
    for (const { key } of items) await cache.delete(key)
  } catch {
    // The failure is already reported. Each further call could take a whole timeout.
  }
}

interface Iteration {
  readonly set: number
  readonly get: number
  readonly exists: number
  readonly answer: unknown
  readonly found: boolean
}

async function iterate(
  cache: BenchmarkedCache,
  item: BasicOperationsItem,
  clock: Clock,
): Promise<Iteration> {
  const value = valueOf(item)
  const startedAt = clock.now()
  await cache.set(item.key, value, item.cacheTtl)
  const setAt = clock.now()
  const answer = await cache.get(item.key)
  const gotAt = clock.now()
  const found = await cache.exists(item.key)
  const endedAt = clock.now()
  return { set: setAt - startedAt, get: gotAt - setAt, exists: endedAt - gotAt, answer, found }
}

/** Returns the value of an item. It contains the key, so that all values differ. */
function valueOf({ key, text, operation, options }: BasicOperationsItem): unknown {
  return { key, text, operation, options: { ...options } }
}

function assertCorrect(item: BasicOperationsItem, { answer, found }: Iteration): void {
  const problem = findProblem(item, answer, found)
  if (problem === undefined) return
  throw new CacheError(`${problem} directly after set of ${item.key}; nothing was measured`, {
    code: 'WRONG_ANSWER',
    context: { key: item.key },
  })
}

function findProblem(
  item: BasicOperationsItem,
  answer: unknown,
  found: boolean,
): string | undefined {
  if (answer === undefined) return 'get returned undefined'
  if (!isDeepStrictEqual(answer, valueOf(item))) return 'get returned another value'
  return found ? undefined : 'exists returned false'
}

function everyIterationFailed(iterations: number, cause: unknown): CacheError {
  const reason = isError(cause) ? cause.message : 'unknown error'
  return new CacheError(`all ${iterations} iterations failed: ${reason}`, {
    code: 'BENCHMARK_FAILED',
    context: { iterations },
    cause,
  })
}
