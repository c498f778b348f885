import { SeededRandom } from '../seeded-random.js'
import { percentile } from '../statistics.js'

/** A median and the interval that contains it with a probability of 95 %. */
export interface MedianInterval {
  readonly median: number
  readonly low: number
  readonly high: number
}

const RESAMPLES = 1_000
/** More samples do not change an interval, but each resample takes longer. */
const MAX_SAMPLES = 500

/** Returns the median. It does not change the samples. */
export function median(samples: readonly number[]): number {
  return percentile(Float64Array.from(samples).toSorted(), 0.5)
}

/**
 * Returns the median of samples with its 95 % interval from 1,000 bootstrap resamples. The same seed returns the
 * same interval. The interval of a single sample is the sample.
 *
 * Samples of one process depend on each other. Pass the medians of several processes for an interval that
 * includes the differences between processes.
 *
 * @param samples - at least one
 */
export function medianInterval(samples: readonly number[], seed = 1): MedianInterval {
  const random = new SeededRandom(seed)
  const used = evenly(samples, MAX_SAMPLES)
  const medians = Float64Array.from({ length: RESAMPLES }, () => {
    const resample = Float64Array.from(used, () => random.pick(used))
    return percentile(resample.toSorted(), 0.5)
  }).toSorted()
  return {
    median: median(samples),
    low: percentile(medians, 0.025),
    high: percentile(medians, 0.975),
  }
}

/** Returns at most `count` samples at equal distances. */
export function evenly(samples: readonly number[], count: number): readonly number[] {
  if (samples.length <= count) return samples
  const step = samples.length / count
  return Array.from({ length: count }, (_, index) => samples[Math.floor(index * step)] as number)
}
