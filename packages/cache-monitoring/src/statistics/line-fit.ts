/** The slope of a line through points, with its 95 % confidence interval. */
export interface LineFit {
  readonly slope: number
  /** The interval is valid where the points scatter evenly about a line. */
  readonly slopeLow: number
  readonly slopeHigh: number
}

/**
 * Fits a line by least squares. The interval is slope +- t x s / sqrt(Sxx), where s is the standard error of
 * the residuals and t the quantile of Student's distribution with n - 2 degrees of freedom (NIST/SEMATECH
 * e-Handbook of Statistical Methods, 4.1.4.1 and 1.3.6.7.2).
 *
 * @returns `undefined` for fewer than three points, or points with the same x
 */
export function fitLine(xs: readonly number[], ys: readonly number[]): LineFit | undefined {
  const count = xs.length
  const meanX = xs.reduce((sum, x) => sum + x, 0) / count
  const meanY = ys.reduce((sum, y) => sum + y, 0) / count
  let [sxx, sxy, syy] = [0, 0, 0]
  for (const [index, x] of xs.entries()) {
    const [dx, dy] = [x - meanX, (ys[index] as number) - meanY]
    sxx += dx * dx
    sxy += dx * dy
    syy += dy * dy
  }
  if (count < 3 || sxx === 0) return undefined
  const slope = sxy / sxx
  const residuals = Math.max(0, syy - slope * sxy)
  const error = Math.sqrt(residuals / (count - 2) / sxx)
  const margin = studentQuantile(count - 2) * error
  return { slope, slopeLow: slope - margin, slopeHigh: slope + margin }
}

/** The 0.975 quantiles for 1 to 30 degrees of freedom. */
const QUANTILES = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
]

/** Returns the quantile. Beyond the table, the first terms of the series in 1 / freedom are exact to 0.002. */
function studentQuantile(freedom: number): number {
  return QUANTILES[freedom - 1] ?? 1.96 + 2.372 / freedom + 2.82 / freedom ** 2
}
