import { type BenchmarkSuite, calculateOverallScore } from '../benchmark-suite.js'
import type { BenchmarkThresholds } from '../config/thresholds.js'
import { exceededLimits } from './thresholds-check.js'

/** Returns a number with three significant digits. */
export function figure(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

/** Returns a number with a percent sign. */
export function percent(value: number): string {
  return `${value.toLocaleString('en-US', { maximumFractionDigits: 4 })} %`
}

/** Returns one sentence per exceeded limit and failure, or one sentence if there are none. */
export function recommendationsOf(
  suite: BenchmarkSuite,
  thresholds: BenchmarkThresholds,
): string[] {
  const limits = suite.results.flatMap((result) =>
    exceededLimits(result, thresholds).map(
      ({ figure: name, limit, unit }) =>
        `Examine the ${name} of ${result.operationType}: the limit is ${limit} ${unit}.`,
    ),
  )
  const failures = suite.failedBenchmarks.map(
    ({ operationType }) => `Fix the failure of ${operationType}.`,
  )
  const all = [...limits, ...failures]
  return all.length === 0 ? ['All figures are within their limits.'] : all
}

/** Returns figures that reports add to a suite. */
export function computedMetrics(suite: BenchmarkSuite): Record<string, number> {
  const rates = suite.results.map(({ operationsPerSecond }) => operationsPerSecond)
  return {
    overall_score: calculateOverallScore(suite),
    pass_rate: suite.passRate,
    highest_operations_per_second: rates.length === 0 ? 0 : Math.max(...rates),
    total_iterations: suite.results.reduce((sum, { iterations }) => sum + iterations, 0),
  }
}
