import {
  type BenchmarkResult,
  type Environment,
  type OperationType,
  type PerformanceGrade,
  toSnakeCase,
} from './benchmark-result.js'

/** Grade of a suite. `No Data` without results. */
export type SuiteGrade = PerformanceGrade | 'No Data'

/** A scenario of a suite that did not finish. */
export interface FailedBenchmark {
  readonly operationType: OperationType
  /** Message of the error. */
  readonly error: string
}

/** Results of all scenarios with one cache. It is plain data that survives JSON. */
export interface BenchmarkSuite {
  readonly name: string
  readonly results: readonly BenchmarkResult[]
  readonly totalDurationMs: number
  /** Share of the scenarios that finished, 0 to 1. */
  readonly passRate: number
  readonly failedBenchmarks: readonly FailedBenchmark[]
  readonly performanceGrade: SuiteGrade
  readonly memoryEfficiencyGrade: SuiteGrade
  /** End of the suite in ISO 8601. */
  readonly timestamp: string
  readonly environmentInfo: EnvironmentInfo
}

/** Machine of a suite, and the environment variables that can change its figures. */
export interface EnvironmentInfo extends Environment {
  /** Values of variables; `'not_set'` when absent, `'***'` for secrets. */
  readonly environmentVariables: Readonly<Record<string, string>>
}

const SCORES: Readonly<Record<PerformanceGrade, number>> = {
  Excellent: 5,
  Good: 4,
  Acceptable: 3,
  Poor: 2,
  Critical: 1,
}

const GRADES_BY_SCORE: readonly [atLeast: number, grade: PerformanceGrade][] = [
  [4.5, 'Excellent'],
  [3.5, 'Good'],
  [2.5, 'Acceptable'],
  [1.5, 'Poor'],
]

const GRADES_BY_MEMORY: readonly [upToMb: number, grade: PerformanceGrade][] = [
  [10, 'Excellent'],
  [25, 'Good'],
  [50, 'Acceptable'],
  [100, 'Poor'],
]

/** Returns the grade of the mean score of the results, from 5 for Excellent to 1 for Critical. */
export function suiteGrade(results: readonly BenchmarkResult[]): SuiteGrade {
  if (results.length === 0) return 'No Data'
  const score = mean(results.map(({ performanceGrade }) => SCORES[performanceGrade]))
  return GRADES_BY_SCORE.find(([atLeast]) => score >= atLeast)?.[1] ?? 'Critical'
}

/**
 * Returns the grade of the mean increase of the memory.
 *
 * Limits: 10 MiB Excellent, 25 MiB Good, 50 MiB Acceptable, 100 MiB Poor, above that Critical.
 */
export function memoryEfficiencyGrade(results: readonly BenchmarkResult[]): SuiteGrade {
  if (results.length === 0) return 'No Data'
  const megabytes = mean(results.map(({ memoryUsageMb }) => memoryUsageMb))
  return GRADES_BY_MEMORY.find(([upToMb]) => megabytes <= upToMb)?.[1] ?? 'Critical'
}

/**
 * Returns the score of a suite, 0 to 100. 0 without results.
 *
 * Half of it is 100 minus the mean duration in milliseconds. 30 % is the pass rate in percent. 20 % is 100
 * minus the mean increase of the memory in MiB. Each part is limited to 0 to 100.
 */
export function calculateOverallScore({
  results,
  passRate,
}: Pick<BenchmarkSuite, 'results' | 'passRate'>): number {
  if (results.length === 0) return 0
  const speed = 100 - mean(results.map(({ avgDurationMs }) => avgDurationMs))
  const memory = 100 - mean(results.map(({ memoryUsageMb }) => memoryUsageMb))
  return 0.5 * clamp(speed) + 0.3 * clamp(passRate * 100) + 0.2 * clamp(memory)
}

/** Returns the first result of a scenario, or `undefined`. */
export function getOperationResult(
  suite: BenchmarkSuite,
  operationType: OperationType,
): BenchmarkResult | undefined {
  return suite.results.find((result) => result.operationType === operationType)
}

/** Returns a suite with snake_case names and its score, for `JSON.stringify`. */
export function exportSuite(suite: BenchmarkSuite): Record<string, unknown> {
  return { ...toSnakeCase(suite), overall_score: calculateOverallScore(suite) }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

function clamp(score: number): number {
  return Math.min(Math.max(score, 0), 100)
}
