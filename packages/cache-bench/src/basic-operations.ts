import { isDeepStrictEqual } from 'node:util'
import { CacheError, type CacheInterface, type Clock, isError } from '@verbatim/cache-core'
import type { BasicOperationsItem } from './test-data.js'

/** What a cache needs to be benchmarked; every `CacheInterface` has it. */
export type BenchmarkedCache = Pick<CacheInterface, 'get' | 'set' | 'exists' | 'delete'>

/** Milliseconds, one of each for every iteration in which no call failed. */
interface Samples {
  readonly set: number[]
  readonly get: number[]
  readonly exists: number[]
  readonly together: number[]
}

export interface Measurements extends Samples {
  /** The process' memory before, and the most it had meanwhile, in bytes. */
  readonly initialMemory: number
  readonly peakMemory: number
}

/** How long code runs before its figures are steady. */
export interface WarmUp {
  readonly iterations: number
  /** No iteration starts later, in milliseconds. */
  readonly withinMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Sets, gets and checks the items without measuring.
 *
 * @param progress - counts the iterations that were started, also when the signal ends the warm-up
 * @throws the reason of the signal when it is aborted
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
    // Failures count while measuring, and only there.
    await iterate(cache, item, clock).catch(() => undefined)
  }
}

/**
 * Sets, gets and checks each item once.
 *
 * @throws CacheError (`WRONG_ANSWER`) when a read does not give back what was just set
 * @throws CacheError (`BENCHMARK_FAILED`) when no iteration ran through
 * @throws the reason of the signal when it is aborted
 */
export async function measure(
  cache: BenchmarkedCache,
  items: readonly BasicOperationsItem[],
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Measurements> {
  const samples: Samples = { set: [], get: [], exists: [], together: [] }
  const initialMemory = process.memoryUsage.rss()
  let peakMemory = initialMemory
  let failure: unknown
  for (const item of items) {
    if (signal?.aborted) throw signal.reason
    const iteration = await iterate(cache, item, clock).catch((error: unknown) => {
      failure = error
    })
    if (iteration === undefined) continue
    assertTrue(item, iteration)
    samples.set.push(iteration.set)
    samples.get.push(iteration.get)
    samples.exists.push(iteration.exists)
    samples.together.push(iteration.set + iteration.get + iteration.exists)
    peakMemory = Math.max(peakMemory, process.memoryUsage.rss())
  }
  if (samples.together.length === 0) throw nothingRanThrough(items.length, failure)
  return { ...samples, initialMemory, peakMemory }
}

/** Removes the items, as far as the cache lets us: each has a TTL and goes by itself otherwise. */
export async function removeAll(
  cache: BenchmarkedCache,
  items: readonly BasicOperationsItem[],
): Promise<void> {
  try {
    for (const { key } of items) await cache.delete(key)
  } catch {
    // A cache that fails has been told of already, and must not hold us up once for each item.
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

/** The key is part of the value, so that no two items have the same one. */
function valueOf({ key, text, operation, options }: BasicOperationsItem): unknown {
  return { key, text, operation, options: { ...options } }
}

function assertTrue(item: BasicOperationsItem, { answer, found }: Iteration): void {
  const problem =
    answer === undefined
      ? 'get found nothing'
      : !isDeepStrictEqual(answer, valueOf(item))
        ? 'get gave back another value'
        : !found
          ? 'exists said no'
          : undefined
  if (problem === undefined) return
  throw new CacheError(
    `${problem} right after set of ${item.key}; a cache that answers wrongly gets no figures`,
    { code: 'WRONG_ANSWER', context: { key: item.key } },
  )
}

function nothingRanThrough(iterations: number, cause: unknown): CacheError {
  const reason = isError(cause) ? cause.message : 'the cache failed'
  return new CacheError(`none of ${iterations} iterations ran through: ${reason}`, {
    code: 'BENCHMARK_FAILED',
    context: { iterations },
    cause,
  })
}
