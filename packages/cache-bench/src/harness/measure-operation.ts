import { setImmediate as nextTurn } from 'node:timers/promises'
import type * as mitata from 'mitata'

/** Options of {@link measureOperation}. */
export interface MeasureOptions {
  /** Time that is measured, in milliseconds. Default: 300. */
  readonly budgetMs?: number | undefined
  /** Longest warm-up in milliseconds. Default: 1,000. */
  readonly warmupMs?: number | undefined
}

/** Samples of an operation. */
export interface OperationSamples {
  /** Nanoseconds per call, one sample per batch, in the order of time. */
  readonly samplesNs: readonly number[]
  /** Number of calls of a batch. 1 for an operation that is slow enough for the clock. */
  readonly batchSize: number
  /** Whether the speed stopped changing before the measurement. */
  readonly isStable: boolean
}

/** Duration of a batch. Reading the clock takes less than a thousandth of it. */
const BATCH_NS = 100_000
const MAX_BATCH_SIZE = 65_536

/** The loop of mitata contains this number of calls per turn. */
const UNROLLED_CALLS = 4

/** The warm-up ends when three rounds in a row differ by less than this share. */
const STABLE_SHARE = 0.05
const STABLE_ROUNDS = 3
const WARMUP_ROUND_NS = 30e6

/**
 * Measures an operation with the loop of mitata.
 *
 * The number of calls per batch is calibrated, so that operations of nanoseconds are not timed one by one. The
 * warm-up ends when the speed is stable. The result of each call is stored where the compiler cannot see it, so
 * that the call is not removed as dead code. A promise is awaited before the next call.
 *
 * @throws the error of the operation
 * @example
 * ```ts
 * const { samplesNs } = await measureOperation(() => cache.get('key'))
 * console.log(median(samplesNs))
 * ```
 */
export async function measureOperation(
  operation: () => unknown,
  options: MeasureOptions = {},
): Promise<OperationSamples> {
  const { budgetMs = 300, warmupMs = 1_000 } = options
  // mitata is an ECMAScript module. Loaded here, it does not prevent `require` of this package.
  const { do_not_optimize: retain, measure }: typeof mitata = await import('mitata')
  const call = (): unknown => {
    const result = operation()
    retain(result)
    return result
  }
  const startedAt = performance.now()
  const rounds: number[] = []
  let batchSize = await calibrate(call)
  while (performance.now() - startedAt < warmupMs && !isStable(rounds)) {
    const samples = await runRound(measure, call, batchSize, WARMUP_ROUND_NS)
    rounds.push(middle(samples))
    batchSize = batchSizeFor(middle(samples))
    await nextTurn()
  }
  globalThis.gc?.()
  const samplesNs = await runRound(measure, call, batchSize, budgetMs * 1e6)
  return { samplesNs, batchSize, isStable: isStable(rounds) }
}

async function calibrate(call: () => unknown): Promise<number> {
  let calls = 0
  const startedAt = performance.now()
  while (calls < 1_000 && performance.now() - startedAt < 5) {
    await call()
    calls++
  }
  return batchSizeFor(((performance.now() - startedAt) / calls) * 1e6)
}

function batchSizeFor(nanoseconds: number): number {
  const calls = Math.round(BATCH_NS / Math.max(nanoseconds, 0.01) / UNROLLED_CALLS) * UNROLLED_CALLS
  return calls < 2 * UNROLLED_CALLS ? 1 : Math.min(calls, MAX_BATCH_SIZE)
}

async function runRound(
  measure: typeof mitata.measure,
  call: () => unknown,
  batchSize: number,
  nanoseconds: number,
): Promise<number[]> {
  // mitata sorts its samples. The clock reads preserve their order.
  const reads: number[] = []
  const now = (): number => {
    const read = performance.now() * 1e6
    reads.push(read)
    return read
  }
  await measure(call, {
    now,
    gc: false,
    min_samples: 2 * STABLE_ROUNDS,
    min_cpu_time: nanoseconds,
    batch_samples: Math.max(batchSize, UNROLLED_CALLS),
    batch_threshold: batchSize === 1 ? -1 : Number.MAX_SAFE_INTEGER,
    warmup_threshold: Number.MAX_SAFE_INTEGER,
  })
  const samples: number[] = []
  for (let index = 0; index + 1 < reads.length; index += 2) {
    samples.push(((reads[index + 1] ?? 0) - (reads[index] ?? 0)) / batchSize)
  }
  return samples
}

function isStable(rounds: readonly number[]): boolean {
  if (rounds.length < STABLE_ROUNDS) return false
  const last = rounds.slice(-STABLE_ROUNDS)
  return Math.max(...last) <= Math.min(...last) * (1 + STABLE_SHARE)
}

function middle(samples: readonly number[]): number {
  return samples.toSorted((one, other) => one - other)[samples.length >> 1] ?? 0
}
