/** So many slow ones of 100 are worth a word: then the 95th percentile is above the threshold. */
export const SLOW_PERCENT = 5
/** Fewer measurements say nothing about how many are slow. */
const LEAST_MEASUREMENTS = 20

/** How many took longer than they should. */
export interface SlowShare {
  readonly slow: number
  readonly all: number
  /** `undefined` for too few to tell. */
  readonly percent: number | undefined
}

export function slowShare(
  measurements: readonly { readonly duration: number }[],
  thresholdSeconds: number,
): SlowShare {
  const all = measurements.length
  const slow = measurements.filter(({ duration }) => duration > thresholdSeconds).length
  return { slow, all, percent: all < LEAST_MEASUREMENTS ? undefined : (slow / all) * 100 }
}
