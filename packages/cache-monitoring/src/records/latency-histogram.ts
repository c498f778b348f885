import {
  assertKnownFields,
  invalidArgument,
  recognizeCopies,
  ValidationError,
} from '@verbatim/cache-core'
import { areAmounts } from './amounts.js'
import { DDSketch } from './sketch.js'

/** How far a percentile may lie from the exact one: one hundredth of it. */
const RELATIVE_ERROR = 0.01

const { mapping: MAPPING } = new DDSketch({ relativeAccuracy: RELATIVE_ERROR })
/** The bins of the smallest and the largest number. A bin farther away would only take memory. */
const LOWEST_BIN = MAPPING.key(MAPPING.minPossible)
const HIGHEST_BIN = MAPPING.key(Number.MAX_VALUE)

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

  /**
   * Adds a time in seconds.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) unless it is a finite number from 0
   */
  record(seconds: number): void {
    if (!areAmounts(seconds)) throw invalidArgument('seconds', 'a finite number from 0', seconds)
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
      // JSON has no Infinity, which a sum of huge times may be.
      sum: Math.min(sum, Number.MAX_VALUE),
      min: count === 0 ? null : min,
      max: count === 0 ? null : max,
      zero_count: zeroCount,
      bins: [...this.#bins()],
    }
  }

  /**
   * Makes a histogram from the data that another process has exported.
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

/** Checks data that may come from another process. */
function assertHistogram(data: LatencyHistogramData): void {
  assertKnownFields(data, FIELDS, 'data', ValidationError, 'INVALID_HISTOGRAM')
  const { relative_error, count, sum, min, max, zero_count, bins } = data
  const isHistogram =
    relative_error === RELATIVE_ERROR &&
    isCount(zero_count) &&
    areAmounts(sum) &&
    [min, max].every((value) => (count === 0 ? value === null : areAmounts(value))) &&
    Array.isArray(bins) &&
    bins.every(isBin) &&
    bins.reduce((total, [, held]) => total + held, zero_count) === count
  if (isHistogram) return
  throw new ValidationError(
    `data must be a latency histogram with a relative error of ${RELATIVE_ERROR}; received another object`,
    { code: 'INVALID_HISTOGRAM', context: { argument: 'data' } },
  )
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
