import { setImmediate as nextTurn } from 'node:timers/promises'

/** Options of {@link measureThroughput}. */
export interface ThroughputOptions {
  /** Number of callers. Each waits for its result before its next call. Default: 1. */
  readonly callers?: number | undefined
  readonly durationMs: number
}

/** Result of {@link measureThroughput}. */
export interface Throughput {
  readonly calls: number
  readonly callsPerSecond: number
  /** Time that the processors spent in this process, in microseconds per call. */
  readonly cpuMicroseconds: number
}

/** Between two turns of the event loop, which a cache in memory would never need by itself. */
const CALLS_PER_TURN = 1_024

/**
 * Counts the calls that a number of callers complete. Unlike `closedLoop`, it stores no latencies. It reads the
 * clock once per call, which takes about 40 ns.
 *
 * @throws the first error of the operation
 * @example
 * ```ts
 * const { callsPerSecond } = await measureThroughput((call) => cache.get(`key:${call % 100}`), {
 *   callers: 64,
 *   durationMs: 1_000,
 * })
 * ```
 */
export async function measureThroughput(
  operation: (call: number) => Promise<unknown>,
  { callers = 1, durationMs }: ThroughputOptions,
): Promise<Throughput> {
  let started = 0
  let completed = 0
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  let now = startedAt
  const caller = async (): Promise<void> => {
    while (now - startedAt < durationMs) {
      await operation(started++)
      now = performance.now()
      if (++completed % CALLS_PER_TURN === 0) await nextTurn()
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    calls: completed,
    callsPerSecond: (completed / (now - startedAt)) * 1_000,
    cpuMicroseconds: (user + system) / completed,
  }
}
