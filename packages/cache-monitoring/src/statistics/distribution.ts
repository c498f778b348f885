/** A summary of numbers. */
export interface Distribution {
  readonly mean: number
  /** For an even count, the mean of the two numbers in the middle. */
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Summarizes at least one number. */
export function distribution(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).toSorted()
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const last = sorted.length - 1
  return {
    mean: mean(values),
    median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2,
    min: at(0),
    max: at(last),
  }
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
