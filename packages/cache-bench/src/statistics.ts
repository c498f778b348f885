/** Statistics of durations in milliseconds. */
export interface DurationStatistics {
  /** Sum of the samples. */
  readonly durationMs: number
  readonly avgDurationMs: number
  readonly minDurationMs: number
  readonly maxDurationMs: number
  /** 95th {@link percentile}. The maximum if there are fewer than 20 samples. */
  readonly p95DurationMs: number
  /** 99th {@link percentile}. The maximum if there are fewer than 100 samples. */
  readonly p99DurationMs: number
  /** Sample standard deviation, with the divisor n - 1. 0 for a single sample. */
  readonly stdDevMs: number
  /** Number of samples divided by their sum. 0 if the sum is 0. */
  readonly operationsPerSecond: number
}

/**
 * Returns the statistics of durations.
 *
 * @param samples - durations in milliseconds; at least one
 */
export function durationStatistics(samples: readonly number[]): DurationStatistics {
  const sorted = Float64Array.from(samples).toSorted()
  const durationMs = samples.reduce((sum, sample) => sum + sample, 0)
  const avgDurationMs = durationMs / samples.length
  return {
    durationMs,
    avgDurationMs,
    minDurationMs: percentile(sorted, 0),
    maxDurationMs: percentile(sorted, 1),
    p95DurationMs: percentile(sorted, 0.95),
    p99DurationMs: percentile(sorted, 0.99),
    stdDevMs: standardDeviation(samples, avgDurationMs),
    operationsPerSecond: durationMs === 0 ? 0 : (samples.length / durationMs) * 1_000,
  }
}

/**
 * Returns the value below which a share of the samples lies.
 *
 * It interpolates linearly at position q(n + 1), counted from 1. A position outside of the samples
 * yields the first or the last sample. This is type 6 of R. J. Hyndman and Y. Fan, "Sample Quantiles
 * in Statistical Packages", 1996.
 *
 * @param sorted - samples in ascending order; at least one
 * @param share - from 0 to 1
 */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const position = Math.min(Math.max(share * (sorted.length + 1), 1), sorted.length)
  const below = Math.floor(position)
  const lower = sorted[below - 1] ?? Number.NaN
  const upper = sorted[below] ?? lower
  return lower + (position - below) * (upper - lower)
}

function standardDeviation(samples: readonly number[], mean: number): number {
  if (samples.length < 2) return 0
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0)
  return Math.sqrt(squares / (samples.length - 1))
}
