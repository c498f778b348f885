import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { LatencyHistogram } from './latency-histogram.js'

/** Load with a fixed rate of arrivals. */
export interface OpenLoopOptions {
  /** Calls that arrive per second, above 0. */
  readonly ratePerSecond: number
  readonly durationMs: number
}

/** Load of callers that wait for each result before their next call. */
export interface ClosedLoopOptions {
  /** Number of callers. Default: 1. */
  readonly callers?: number | undefined
  readonly durationMs: number
}

/** One second of a load. */
export interface LoadSecond {
  readonly second: number
  readonly completed: number
  readonly failed: number
  /** 99th percentile of the calls that arrived in this second, in milliseconds. */
  readonly p99: number
}

/** Result of a load. */
export interface LoadResult {
  readonly latencies: LatencyHistogram
  readonly completed: number
  readonly failed: number
  /** Highest number of calls that waited for a result at the same time. */
  readonly maxInFlight: number
  readonly seconds: readonly LoadSecond[]
}

/**
 * Calls an operation at a fixed rate, whether or not earlier calls have returned. The latency of a call counts
 * from its intended start, so a stall delays every call that arrives during the stall.
 *
 * A load that waits for results does not send calls during a stall, and its percentiles hide the stall. This
 * error is called coordinated omission.
 *
 * @example
 * ```ts
 * const { latencies } = await openLoop((call) => cache.get(`key:${call % 100}`), {
 *   ratePerSecond: 1_000,
 *   durationMs: 5_000,
 * })
 * console.log(latencies.percentile(0.99))
 * ```
 */
export async function openLoop(
  operation: (call: number) => Promise<unknown>,
  { ratePerSecond, durationMs }: OpenLoopOptions,
): Promise<LoadResult> {
  const recorder = new LoadRecorder()
  const intervalMs = 1_000 / ratePerSecond
  const calls = Math.floor(durationMs / intervalMs)
  const startedAt = performance.now()
  const running: Promise<void>[] = []
  for (let call = 0; call < calls; ) {
    const dueMs = performance.now() - startedAt
    for (; call < calls && call * intervalMs <= dueMs; call++) {
      running.push(recorder.run(operation, call, startedAt + call * intervalMs, call * intervalMs))
    }
    const waitMs = startedAt + call * intervalMs - performance.now()
    // A timer can be a millisecond late, so the last part is waited for in turns of the event loop.
    if (waitMs > 2) await sleep(waitMs - 2)
    else await nextTurn()
  }
  await Promise.all(running)
  return recorder.result()
}

/** Calls an operation in turns. The latency of a call counts from its real start. */
export async function closedLoop(
  operation: (call: number) => Promise<unknown>,
  { callers = 1, durationMs }: ClosedLoopOptions,
): Promise<LoadResult> {
  const recorder = new LoadRecorder()
  const startedAt = performance.now()
  let calls = 0
  const caller = async (): Promise<void> => {
    for (let now = startedAt; now - startedAt < durationMs; now = performance.now()) {
      await recorder.run(operation, calls++, now, now - startedAt)
      // Lets timers run, even if every call returns at once.
      if (calls % 100 === 0) await nextTurn()
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return recorder.result()
}

interface SecondCounts {
  completed: number
  failed: number
  readonly latencies: LatencyHistogram
}

class LoadRecorder {
  readonly #latencies = new LatencyHistogram()
  readonly #seconds: SecondCounts[] = []
  #inFlight = 0
  #maxInFlight = 0

  async run(
    operation: (call: number) => Promise<unknown>,
    call: number,
    intendedAt: number,
    offsetMs: number,
  ): Promise<void> {
    const second = this.#secondAt(Math.floor(offsetMs / 1_000))
    this.#maxInFlight = Math.max(this.#maxInFlight, ++this.#inFlight)
    try {
      await operation(call)
      const milliseconds = performance.now() - intendedAt
      this.#latencies.record(milliseconds)
      second.latencies.record(milliseconds)
      second.completed++
    } catch {
      second.failed++
    } finally {
      this.#inFlight--
    }
  }

  result(): LoadResult {
    const seconds = Array.from(this.#seconds, (each, second): LoadSecond => {
      // No call arrived in a second without an element.
      const { completed, failed, latencies } = each ?? emptySecond()
      return { second, completed, failed, p99: latencies.percentile(0.99) }
    })
    return {
      latencies: this.#latencies,
      completed: seconds.reduce((sum, { completed }) => sum + completed, 0),
      failed: seconds.reduce((sum, { failed }) => sum + failed, 0),
      maxInFlight: this.#maxInFlight,
      seconds,
    }
  }

  #secondAt(index: number): SecondCounts {
    this.#seconds[index] ??= emptySecond()
    return this.#seconds[index]
  }
}

function emptySecond(): SecondCounts {
  return { completed: 0, failed: 0, latencies: new LatencyHistogram() }
}
