import type { BenchmarkResult, OperationType } from '../benchmark-result.js'
import type { BenchmarkSuite } from '../benchmark-suite.js'
import { changeInPercent } from './performance-regression-detector.js'

/** Development of one scenario from the oldest to the newest suite. */
export interface OperationTrend {
  /** `'degrading'` above +10 %, `'improving'` below -10 % of the average duration, otherwise `'stable'`. */
  readonly trend: 'improving' | 'stable' | 'degrading'
  readonly durationChangePercent: number
  readonly throughputChangePercent: number
  /** 0 if the memory was 0 before. */
  readonly memoryChangePercent: number
  readonly sampleCount: number
  readonly timeSpan: { readonly start: string; readonly end: string }
  /** Average duration of the newest result, in milliseconds. */
  readonly currentPerformance: number
}

/** Trends of several suites, or the reason why there are none. */
export type PerformanceTrends =
  | { readonly error: string; readonly sampleCount: number }
  | Readonly<Partial<Record<OperationType, OperationTrend>>>

const LIMIT_PERCENT = 10

/** Compares the newest with the oldest result of each scenario. It needs at least two suites. */
export function analyzePerformanceTrends(suites: readonly BenchmarkSuite[]): PerformanceTrends {
  if (suites.length < 2) {
    return { error: 'at least two suites are necessary', sampleCount: suites.length }
  }
  const results = suites.flatMap((suite) => suite.results)
  const operationTypes = new Set(results.map(({ operationType }) => operationType))
  return Object.fromEntries(
    [...operationTypes].map((operationType) => [
      operationType,
      trendOf(results.filter((result) => result.operationType === operationType)),
    ]),
  )
}

function trendOf(results: readonly BenchmarkResult[]): OperationTrend {
  const sorted = results.toSorted((one, other) => (one.timestamp < other.timestamp ? -1 : 1))
  const first = sorted[0] as BenchmarkResult
  const last = sorted.at(-1) as BenchmarkResult
  const change = (figure: 'avgDurationMs' | 'operationsPerSecond' | 'memoryUsageMb'): number =>
    changeInPercent(first[figure], last[figure]) ?? 0
  const duration = change('avgDurationMs')
  return {
    trend:
      duration > LIMIT_PERCENT ? 'degrading' : duration < -LIMIT_PERCENT ? 'improving' : 'stable',
    durationChangePercent: duration,
    throughputChangePercent: change('operationsPerSecond'),
    memoryChangePercent: change('memoryUsageMb'),
    sampleCount: results.length,
    timeSpan: { start: first.timestamp, end: last.timestamp },
    currentPerformance: last.avgDurationMs,
  }
}
