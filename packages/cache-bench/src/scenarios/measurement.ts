import { CacheError, type CacheInterface, type Clock } from '@verbatim/cache-core'
import { isError } from '@verbatim/cache-core/implement'
import type { BenchmarkMonitor } from '../benchmark-monitor.js'
import type { MeasuredOperation, ScenarioCounts } from '../benchmark-result.js'
import type { StopSignal } from '../timeout.js'

/** The methods that a cache needs for a benchmark. Every `CacheInterface` has them. */
export type BenchmarkedCache = Pick<CacheInterface, 'get' | 'set' | 'exists' | 'delete'>

/** The cache of a scenario and the means to measure it. */
export interface Measuring {
  readonly cache: BenchmarkedCache
  readonly clock: Clock
  readonly signal: StopSignal
  readonly monitor: BenchmarkMonitor | undefined
}

/** Samples of a scenario. Durations are in milliseconds. */
export interface Measurement {
  /** One sample per iteration without a failed call. At least one. */
  readonly samples: readonly number[]
  readonly operations: { readonly [Operation in MeasuredOperation]?: readonly number[] }
  /** Number of iterations, including failed ones. */
  readonly iterations: number
  readonly memory: MemoryTracker
  /** Number of iterations without a failed call. Default: the number of samples. */
  readonly successes?: number
  readonly hits: number
  readonly reads: number
  readonly counts: ScenarioCounts
}

/** Tracks the memory (RSS) of the process in bytes. */
export class MemoryTracker {
  readonly initialBytes: number = process.memoryUsage.rss()
  #peakBytes = this.initialBytes

  get peakBytes(): number {
    return this.#peakBytes
  }

  sample(): void {
    this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss())
  }
}

/**
 * Measures calls in turn. Counts failed calls.
 *
 * @throws the reason of the signal if it is aborted
 */
export class CallTimer {
  readonly samples: number[] = []
  readonly operations: { [Operation in MeasuredOperation]?: number[] } = {}
  calls = 0
  failure: unknown

  readonly #measuring: Measuring
  readonly #memory: MemoryTracker

  constructor(measuring: Measuring, memory: MemoryTracker) {
    this.#measuring = measuring
    this.#memory = memory
  }

  /** Returns the result of the call, or `undefined` if it failed. */
  async time<Result>(
    operation: MeasuredOperation,
    call: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const { clock, signal } = this.#measuring
    if (signal.aborted) throw signal.reason
    this.calls++
    const startedAt = clock.now()
    try {
      const result = await call()
      const milliseconds = clock.now() - startedAt
      this.samples.push(milliseconds)
      this.operations[operation] ??= []
      this.operations[operation].push(milliseconds)
      return result
    } catch (error) {
      this.failure = error
      return undefined
    } finally {
      this.#memory.sample()
    }
  }

  /** @throws CacheError (`BENCHMARK_FAILED`) if every call failed */
  assertSamples(): void {
    if (this.samples.length === 0) throw everyIterationFailed(this.calls, this.failure)
  }
}

/** Deletes keys. If a call fails, it stops: the other entries expire by their TTL. */
export async function removeKeys(cache: BenchmarkedCache, keys: Iterable<string>): Promise<void> {
  try {
    for (const key of keys) await cache.delete(key)
  } catch {
    // The failure is already reported. Each further call could take a whole timeout.
  }
}

export function everyIterationFailed(iterations: number, cause: unknown): CacheError {
  const reason = isError(cause) ? cause.message : 'unknown error'
  return new CacheError(`all ${iterations} iterations failed: ${reason}`, {
    code: 'BENCHMARK_FAILED',
    context: { iterations },
    cause,
  })
}

export function wrongAnswer(key: string, problem: string): CacheError {
  return new CacheError(`${problem} directly after set of ${key}; nothing was measured`, {
    code: 'WRONG_ANSWER',
    context: { key },
  })
}
