import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'

/** Longest recorded latency: one hour. Longer ones count as one hour. */
const MAX_MS = 3_600_000
/** The unit of the histogram is a tenth of a microsecond. */
const UNITS_PER_MS = 10_000
const DIGITS = 3

/** Percentiles of latencies, in milliseconds. */
export interface LatencyPercentiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/**
 * A histogram of latencies with a relative error of at most 0.1 %, between 0.1 µs and one hour.
 *
 * Histograms of several processes can be merged without loss, unlike percentiles.
 */
export class LatencyHistogram {
  readonly #histogram: Histogram = emptyHistogram()

  /** Returns the histogram that {@link LatencyHistogram.encode} returned as a text. */
  static decode(text: string): LatencyHistogram {
    const decoded = new LatencyHistogram()
    decoded.#histogram.add(decodeFromCompressedBase64(text, 32, false))
    return decoded
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  /** @param milliseconds - at least 0 */
  record(milliseconds: number): void {
    const tenths = Math.round(milliseconds * UNITS_PER_MS)
    this.#histogram.recordValue(Math.min(Math.max(tenths, 1), MAX_MS * UNITS_PER_MS))
  }

  /** Adds all latencies of another histogram. */
  merge(other: LatencyHistogram): void {
    this.#histogram.add(other.#histogram)
  }

  /** @param share - from 0 to 1 */
  percentile(share: number): number {
    return this.#histogram.getValueAtPercentile(share * 100) / UNITS_PER_MS
  }

  percentiles(): LatencyPercentiles {
    return {
      count: this.count,
      p50: this.percentile(0.5),
      p90: this.percentile(0.9),
      p99: this.percentile(0.99),
      p999: this.percentile(0.999),
      max: this.count === 0 ? 0 : this.#histogram.maxValue / UNITS_PER_MS,
    }
  }

  /** Returns the histogram as a text for JSON. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }
}

function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_MS * UNITS_PER_MS,
    numberOfSignificantValueDigits: DIGITS,
    useWebAssembly: false,
  })
}
