/** How long something took, over all its samples. */
export interface DurationStatistics {
  /** The sum of the samples. */
  readonly durationMs: number
  readonly avgDurationMs: number
  readonly minDurationMs: number
  readonly maxDurationMs: number
  /** As {@link percentile} finds it: the maximum where there are fewer than 20 samples. */
  readonly p95DurationMs: number
  /** As {@link percentile} finds it: the maximum where there are fewer than 100 samples. */
  readonly p99DurationMs: number
  /** Sample standard deviation, which divides by n - 1; 0 for a single sample. */
  readonly stdDevMs: number
  /** Samples / their sum; 0 when the clock saw no time pass. */
  readonly operationsPerSecond: number
}

/** @param samples - milliseconds; at least one */
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
 * The value below which a share of the samples lies: linear interpolation at position q(n + 1),
 * counted from 1, and the outermost sample where that position lies outside. Type 6 of
 * R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", 1996.
 *
 * @param sorted - the samples in ascending order; at least one
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
