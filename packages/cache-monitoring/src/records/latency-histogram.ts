import { recognizeCopies, ValidationError } from '@verbatim/cache-core'
import { DDSketch } from './sketch.js'

/** How far a percentile may lie from the exact one: one hundredth of it. */
const RELATIVE_ERROR = 0.01

/** A {@link LatencyHistogram} as plain data, to be added up elsewhere. */
export interface LatencyHistogramData {
  readonly relative_error: number
  readonly count: number
  /** In seconds, as the next two. */
  readonly sum: number
  /** `null` without a measurement, as the next. */
  readonly min: number | null
  readonly max: number | null
  /** How many took no time at all. */
  readonly zero_count: number
  /** How many lie in each bin that is not empty: bin b holds what is in (g^(b-1), g^b] for g = 1.01/0.99. */
  readonly bins: readonly (readonly [bin: number, count: number])[]
}

/**
 * How long something took, as often as it was done: percentiles within 1 % of the exact ones, however
 * they are distributed and however many histograms were merged (DDSketch: Masson, Rim and Lee, "A fast
 * and fully-mergeable quantile sketch with relative-error guarantees", PVLDB 12(12), 2019).
 *
 * Takes a few kilobytes: two bins for each percent between the shortest and the longest time.
 */
export class LatencyHistogram {
  static {
    recognizeCopies(this, 'cache-monitoring/LatencyHistogram')
  }

  readonly #sketch = new DDSketch({ relativeAccuracy: RELATIVE_ERROR })

  get count(): number {
    return this.#sketch.count
  }

  /** In seconds. */
  get sum(): number {
    return this.#sketch.sum
  }

  /** Adds a time in seconds, which must be finite and not negative. */
  record(seconds: number): void {
    this.#sketch.accept(seconds)
  }

  /**
   * The time that so many percent did not exceed, in seconds: of n times in order the one at rank
   * floor(percent / 100 x (n - 1)), counted from 0. `undefined` without a measurement.
   *
   * @param percent - from 0 to 100
   */
  percentile(percent: number): number | undefined {
    if (this.count === 0) return undefined
    return this.#sketch.getValueAtQuantile(percent / 100)
  }

  /** How many did not take longer than so many seconds, give or take what lies within 1 % of that. */
  countUpTo(seconds: number): number {
    const { mapping, zeroCount } = this.#sketch
    let count = zeroCount
    for (const [bin, held] of this.#bins()) if (mapping.value(bin) <= seconds) count += held
    return count
  }

  /** Adds all that another one holds. */
  merge(other: LatencyHistogram): void {
    if (other.count === 0) return
    this.#sketch.merge(LatencyHistogram.#ownOf(other).#sketch)
  }

  toJSON(): LatencyHistogramData {
    const { count, sum, min, max, zeroCount } = this.#sketch
    return {
      relative_error: RELATIVE_ERROR,
      count,
      sum,
      min: count === 0 ? null : min,
      max: count === 0 ? null : max,
      zero_count: zeroCount,
      bins: [...this.#bins()],
    }
  }

  /**
   * Makes a histogram of what another process has exported.
   *
   * @throws ValidationError (`INVALID_HISTOGRAM`) for what is none, or one with another error bound
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

  /** The private fields of a histogram of another copy of this class cannot be read. */
  static #ownOf(histogram: LatencyHistogram): LatencyHistogram {
    const isOwn: boolean = #sketch in histogram
    return isOwn ? histogram : LatencyHistogram.fromJSON(histogram.toJSON())
  }

  *#bins(): Iterable<readonly [bin: number, count: number]> {
    const { bins, offset } = this.#sketch.store
    for (const [index, count] of bins.entries()) if (count > 0) yield [index + offset, count]
  }
}

function assertHistogram(data: LatencyHistogramData): void {
  const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0
  const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0
  const isBin = (bin: unknown): boolean =>
    Array.isArray(bin) && bin.length === 2 && Number.isInteger(bin[0]) && isCount(bin[1])
  const isHistogram =
    data?.relative_error === RELATIVE_ERROR &&
    isCount(data.zero_count) &&
    isTime(data.sum) &&
    [data.min, data.max].every((value) => (data.count === 0 ? value === null : isTime(value))) &&
    Array.isArray(data.bins) &&
    data.bins.every(isBin) &&
    data.bins.reduce((sum, [, count]) => sum + count, data.zero_count) === data.count
  if (isHistogram) return
  throw new ValidationError(
    `this is no histogram of latencies with a relative error of ${RELATIVE_ERROR}`,
    { code: 'INVALID_HISTOGRAM' },
  )
}
