/** Outcome of a comparison of two groups of samples. */
export interface RankTest {
  /** Probability of a difference at least as large between two groups of the same distribution. */
  readonly pValue: number
  /**
   * Cliff's delta, -1 to 1: how often a sample of the second group is larger, minus how often it is smaller. An
   * absolute value from 0.474 on is a large effect.
   */
  readonly effectSize: number
}

/** Above this number of pairs, or with equal samples, the normal approximation is used. */
const MAX_EXACT_PAIRS = 400

/**
 * Compares two groups of samples with the two-sided Mann-Whitney U test.
 *
 * The p-value is exact for small groups without equal samples. Otherwise it is the normal approximation with
 * corrections for ties and continuity. See H. B. Mann and D. R. Whitney, 1947, and N. Cliff, 1993.
 *
 * @param before - at least one sample
 * @param after - at least one sample
 */
export function mannWhitney(before: readonly number[], after: readonly number[]): RankTest {
  const pairs = before.length * after.length
  const { rankSum, ties } = rank(before, after)
  const larger = rankSum - (after.length * (after.length + 1)) / 2
  const effectSize = (2 * larger) / pairs - 1
  const smallest = Math.min(larger, pairs - larger)
  const pValue =
    ties === 0 && pairs <= MAX_EXACT_PAIRS
      ? exactProbability(before.length, after.length, smallest)
      : normalProbability(before.length, after.length, smallest, ties)
  return { pValue: Math.min(1, pValue), effectSize }
}

/** Returns the sum of the ranks of the second group, and the sum of t^3 - t over groups of t equal samples. */
function rank(
  before: readonly number[],
  after: readonly number[],
): { readonly rankSum: number; readonly ties: number } {
  const all = [
    ...before.map((value) => ({ value, isAfter: false })),
    ...after.map((value) => ({ value, isAfter: true })),
  ].toSorted((one, other) => one.value - other.value)
  let rankSum = 0
  let ties = 0
  for (let start = 0; start < all.length; ) {
    let end = start
    let ofAfter = 0
    for (; all[end]?.value === all[start]?.value && end < all.length; end++) {
      if (all[end]?.isAfter) ofAfter++
    }
    const equal = end - start
    // Equal samples share the mean of their ranks, which count from 1.
    rankSum += (ofAfter * (start + 1 + end)) / 2
    ties += equal ** 3 - equal
    start = end
  }
  return { rankSum, ties }
}

/** Counts the orders of two groups by U, and returns the share of those that are at least as extreme. */
function exactProbability(first: number, second: number, smallest: number): number {
  // counts[n][u]: the orders of m and n samples in which the pairs with a larger second sample are u.
  let counts = Array.from({ length: second + 1 }, () => [1])
  for (let m = 1; m <= first; m++) {
    const next: number[][] = [[1]]
    for (let n = 1; n <= second; n++) {
      const shorter = next[n - 1] ?? []
      const row = Array.from({ length: m * n + 1 }, (_, u) => {
        return (shorter[u] ?? 0) + (counts[n]?.[u - n] ?? 0)
      })
      next.push(row)
    }
    counts = next
  }
  const orders = counts[second] ?? []
  const total = orders.reduce((sum, count) => sum + count, 0)
  const tail = orders.slice(0, Math.floor(smallest) + 1).reduce((sum, count) => sum + count, 0)
  return (2 * tail) / total
}

function normalProbability(first: number, second: number, smallest: number, ties: number): number {
  const all = first + second
  const mean = (first * second) / 2
  const variance = ((first * second) / 12) * (all + 1 - ties / (all * (all - 1)))
  if (variance <= 0) return 1
  const z = (mean - smallest - 0.5) / Math.sqrt(variance)
  return z <= 0 ? 1 : 2 * upperTail(z)
}

/** Returns P(Z > z) of the standard normal distribution, with a relative error below 1e-6. */
function upperTail(z: number): number {
  // Continued fraction for large z, and a series for small z.
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z > 3) {
    let fraction = z
    for (let step = 100; step > 0; step--) fraction = z + step / fraction
    return density / fraction
  }
  let term = z
  let sum = z
  for (let step = 1; step < 100; step++) {
    term *= (z * z) / (2 * step + 1)
    sum += term
  }
  return 0.5 - density * sum
}
