import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '@verbatim/cache-core'
import type { BasicOperationsItem } from '../test-data.js'
import {
  type BenchmarkedCache,
  everyIterationFailed,
  type Measurement,
  type Measuring,
  MemoryTracker,
  wrongAnswer,
} from './measurement.js'

/** Limits of the warm-up. It ends at the first of them. */
export interface WarmUp {
  readonly iterations: number
  /** Milliseconds after which no iteration starts. */
  readonly withinMs: number
}

/**
 * Runs iterations without measuring them.
 *
 * @param progress - receives the number of started iterations, even if the signal is aborted
 * @throws the reason of the signal if it is aborted
 */
export async function warmUp(
  { cache, clock, signal }: Measuring,
  items: readonly BasicOperationsItem[],
  { iterations, withinMs }: WarmUp,
  progress: { iterations: number },
): Promise<void> {
  const startedAt = clock.now()
  for (const item of items.slice(0, iterations)) {
    if (signal.aborted) throw signal.reason
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
export async function measureBasicOperations(
  { cache, clock, signal }: Measuring,
  items: readonly BasicOperationsItem[],
): Promise<Measurement> {
  const operations = { set: [] as number[], get: [] as number[], exists: [] as number[] }
  const samples: number[] = []
  const memory = new MemoryTracker()
  let failure: unknown
  for (const item of items) {
    if (signal.aborted) throw signal.reason
    const iteration = await iterate(cache, item, clock).catch((error: unknown) => {
      failure = error
    })
    if (iteration === undefined) continue
    assertCorrect(item, iteration)
    operations.set.push(iteration.set)
    operations.get.push(iteration.get)
    operations.exists.push(iteration.exists)
    samples.push(iteration.set + iteration.get + iteration.exists)
    memory.sample()
  }
  if (samples.length === 0) throw everyIterationFailed(items.length, failure)
  return {
    samples,
    operations,
    iterations: items.length,
    memory,
    hits: samples.length,
    reads: samples.length,
    counts: {
      totalOperations: 3 * items.length,
      successfulOperations: 3 * samples.length,
      cacheHits: samples.length,
      // A miss stops the benchmark.
      cacheMisses: 0,
    },
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
export function valueOf({ key, text, operation, options }: BasicOperationsItem): unknown {
  return { key, text, operation, options: { ...options } }
}

function assertCorrect(item: BasicOperationsItem, { answer, found }: Iteration): void {
  const problem = findProblem(item, answer, found)
  if (problem !== undefined) throw wrongAnswer(item.key, problem)
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
