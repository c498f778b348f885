import { ValidationError } from '@verbatim/cache-core'
import { assertKnownFields, invalidArgument, recognizeCopies } from '@verbatim/cache-core/implement'
import { isAmount } from './measurements.js'
import { DDSketch } from './sketch.js'

/** The largest error of a percentile, as a share of the exact one. */
const RELATIVE_ERROR = 0.01

const { mapping: MAPPING } = new DDSketch({ relativeAccuracy: RELATIVE_ERROR })
/** The bins of the smallest and the largest number. Bins beyond them would only take memory. */
const LOWEST_BIN = MAPPING.key(MAPPING.minPossible)
const HIGHEST_BIN = MAPPING.key(Number.MAX_VALUE)

/** A {@link LatencyHistogram} as plain data, which other processes can merge. */
export interface LatencyHistogramData {
  readonly relative_error: number
  readonly count: number
  /** In seconds. */
  readonly sum: number
  /** In seconds; `null` without a measurement. */
  readonly min: number | null
  /** In seconds; `null` without a measurement. */
  readonly max: number | null
  /** Measurements of 0 seconds. */
  readonly zero_count: number
  /** Measurements in each bin that is not empty: bin b is the interval (g^(b-1), g^b] for g = 1.01/0.99. */
  readonly bins: readonly (readonly [bin: number, count: number])[]
}

/** Upper bounds of exported buckets, in seconds: from a hit in memory to a Redis that hangs. */
export const DURATION_BUCKETS: number[] = [
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2,
  5e-2, 0.1, 0.25, 0.5, 1, 2.5,
]

const FIELDS: ReadonlySet<string> = new Set<keyof LatencyHistogramData>([
  'relative_error',
  'count',
  'sum',
  'min',
  'max',
  'zero_count',
  'bins',
])

/**
 * Counts durations, and returns percentiles within 1 % of the exact ones. The bound holds for every
 * distribution and for merged histograms (DDSketch: Masson, Rim and Lee, "A fast and fully-mergeable quantile
 * sketch with relative-error guarantees", PVLDB 12(12), 2019).
 *
 * Takes a few kilobytes: about one bin for every 2 % between the shortest and the longest duration.
 *
 * @example
 * ```ts
 * const histogram = new LatencyHistogram()
 * for (const { histogram: data } of exportOfAnotherProcess.latencies)
 *   histogram.merge(LatencyHistogram.fromJSON(data))
 * console.log(histogram.percentile(99))
 * ```
 */
export class LatencyHistogram {
  static {
    recognizeCopies(this, 'cache-monitoring/LatencyHistogram')
  }

  readonly #sketch = new DDSketch({ relativeAccuracy: RELATIVE_ERROR })

  get count(): number {
    return this.#sketch.count
  }

  /** The sum of all durations, in seconds. */
  get sum(): number {
    return this.#sketch.sum
  }

  /**
   * Adds a duration in seconds.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) unless it is a finite number from 0
   */
  record(seconds: number): void {
    if (!isAmount(seconds)) throw invalidArgument('seconds', 'a finite number from 0', seconds)
    this.#sketch.accept(seconds)
  }

  /**
   * Returns a percentile in seconds: of n sorted durations the one at rank floor(percent / 100 x (n - 1)),
   * counted from 0.
   *
   * @param percent - from 0 to 100
   * @returns `undefined` without a measurement
   */
  percentile(percent: number): number | undefined {
    if (this.count === 0) return undefined
    return this.#sketch.getValueAtQuantile(percent / 100)
  }

  /** Returns the number of durations up to a bound in seconds. Durations within 1 % of it may be left out. */
  countUpTo(seconds: number): number {
    const { mapping, zeroCount } = this.#sketch
    let count = zeroCount
    for (const [bin, binCount] of this.#bins()) if (mapping.value(bin) <= seconds) count += binCount
    return count
  }

  /**
   * Adds the measurements of another histogram.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) for anything but a histogram
   */
  merge(other: LatencyHistogram): void {
    const isHistogram: boolean = other instanceof LatencyHistogram
    if (!isHistogram) throw invalidArgument('other', 'a LatencyHistogram', other)
    if (other.count === 0) return
    this.#sketch.merge(LatencyHistogram.#ownOf(other).#sketch)
  }

  toJSON(): LatencyHistogramData {
    const { count, sum, min, max, zeroCount } = this.#sketch
    return {
      relative_error: RELATIVE_ERROR,
      count,
      // JSON has no Infinity, which the sum of huge durations may be.
      sum: Math.min(sum, Number.MAX_VALUE),
      min: count === 0 ? null : min,
      max: count === 0 ? null : max,
      zero_count: zeroCount,
      bins: [...this.#bins()],
    }
  }

  /**
   * Creates a histogram from data that another process has exported.
   *
   * @throws ValidationError (`INVALID_HISTOGRAM`) for other data, or data with another error bound
   */
  static fromJSON(data: LatencyHistogramData): LatencyHistogram {
    assertHistogram(data)
    const histogram = new LatencyHistogram()
    const sketch = histogram.#sketch
    for (const [bin, count] of data.bins) sketch.store.add(bin, count)
    sketch.zeroCount = data.zero_count
    sketch.count = data.count
    sketch.sum = data.sum
    sketch.min = data.min ?? Number.POSITIVE_INFINITY
    sketch.max = data.max ?? Number.NEGATIVE_INFINITY
    return histogram
  }

  /** Converts a histogram of another copy of this class, whose private fields cannot be read. */
  static #ownOf(histogram: LatencyHistogram): LatencyHistogram {
    const isOwn: boolean = #sketch in histogram
    return isOwn ? histogram : LatencyHistogram.fromJSON(histogram.toJSON())
  }

  *#bins(): Iterable<readonly [bin: number, count: number]> {
    const { bins, offset } = this.#sketch.store
    for (const [index, count] of bins.entries()) if (count > 0) yield [index + offset, count]
  }
}

/** Checks data that may come from another process. */
function assertHistogram(data: LatencyHistogramData): void {
  assertKnownFields(data, FIELDS, 'data', ValidationError, 'INVALID_HISTOGRAM')
  const { relative_error, count, sum, min, max, zero_count, bins } = data
  const isHistogram =
    relative_error === RELATIVE_ERROR &&
    isCount(zero_count) &&
    isAmount(sum) &&
    [min, max].every((value) => (count === 0 ? value === null : isAmount(value))) &&
    Array.isArray(bins) &&
    bins.every(isBin) &&
    bins.reduce((total, [, binCount]) => total + binCount, zero_count) === count
  if (isHistogram) return
  const rule = `a latency histogram with a relative error of ${RELATIVE_ERROR}`
  throw invalidArgument('data', rule, data, {
    code: 'INVALID_HISTOGRAM',
    received: 'another object',
  })
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0
}

function isBin(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [bin, count] = value as [unknown, unknown]
  return Number.isInteger(bin) && isInRange(bin as number) && isCount(count)
}

function isInRange(bin: number): boolean {
  return bin >= LOWEST_BIN && bin <= HIGHEST_BIN
}
