import type { BenchmarkResult } from '../benchmark-result.js'
import {
  changeInPercent,
  type HitRateValidation,
  type PerformanceRegressionDetector,
  type Regression,
} from './performance-regression-detector.js'

/** Comparison of two results of the same scenario. It is plain data that survives JSON. */
export interface ComparisonResult {
  readonly originalCacheResults: BenchmarkResult
  readonly newCacheResults: BenchmarkResult
  /** Change of the average duration in percent. Negative is better. */
  readonly performanceChangePercent: number
  /** Change of the increase of the memory in percent. Negative is better. 0 if it was 0 before. */
  readonly memoryChangePercent: number
  /** Change of the throughput in percent. Positive is better. */
  readonly operationsPerSecondChange: number
  /** Change of the hit rate in percentage points. Absent if one of the rates is unknown. */
  readonly cacheHitRateChange?: number
  /** Change of the compression ratio. Negative is better. Absent if one of the ratios is unknown. */
  readonly compressionEfficiencyChange?: number
  readonly regressionDetected: boolean
  readonly regressions: readonly Regression[]
  readonly hitRates: HitRateValidation
  readonly improvementAreas: readonly Area[]
  readonly degradationAreas: readonly Area[]
  readonly recommendations: readonly string[]
  /** Time of the comparison in ISO 8601. */
  readonly timestamp: string
}

/** Part of a result that became better or worse. */
export type Area = 'duration' | 'throughput' | 'memory'

/** Changes in percent from which an area counts as better or worse. */
const LIMITS = { better: { time: 5, memory: 10 }, worse: { time: 10, memory: 20 } }

const RECOMMENDATIONS: Readonly<Record<Area, string>> = {
  duration: 'Profile the operations of the new cache: their average duration increased.',
  throughput: 'Measure the new cache under load: its throughput dropped.',
  memory: 'Check the size of the entries of the new cache: its memory increased.',
}

/** Compares two results of the same scenario. */
export function compareResults(
  before: BenchmarkResult,
  after: BenchmarkResult,
  detector: PerformanceRegressionDetector,
  timestamp: string,
): ComparisonResult {
  const duration = changeInPercent(before.avgDurationMs, after.avgDurationMs) ?? 0
  const memory = changeInPercent(before.memoryUsageMb, after.memoryUsageMb) ?? 0
  const throughput = changeInPercent(before.operationsPerSecond, after.operationsPerSecond) ?? 0
  const worseBy: Readonly<Record<Area, number>> = { duration, throughput: -throughput, memory }
  const degradationAreas = areas((area) => worseBy[area] > limitOf(area, LIMITS.worse))
  const regressions = [
    ...detector.detectTimingRegressions(before, after),
    ...detector.detectMemoryRegressions(before, after),
  ]
  const hitRates = detector.validateCacheHitRates(before, after)
  return {
    originalCacheResults: before,
    newCacheResults: after,
    performanceChangePercent: duration,
    memoryChangePercent: memory,
    operationsPerSecondChange: throughput,
    ...(before.cacheHitRate !== undefined &&
      after.cacheHitRate !== undefined && {
        cacheHitRateChange: after.cacheHitRate - before.cacheHitRate,
      }),
    ...(before.compressionRatio !== undefined &&
      after.compressionRatio !== undefined && {
        compressionEfficiencyChange: after.compressionRatio - before.compressionRatio,
      }),
    regressionDetected: regressions.length > 0 || hitRates.status === 'regression_detected',
    regressions,
    hitRates,
    improvementAreas: areas((area) => -worseBy[area] > limitOf(area, LIMITS.better)),
    degradationAreas,
    recommendations: degradationAreas.map((area) => RECOMMENDATIONS[area]),
    timestamp,
  }
}

/** Returns one line about a comparison. */
export function summarizeComparison({
  performanceChangePercent,
  memoryChangePercent,
  operationsPerSecondChange,
}: ComparisonResult): string {
  const verdict = performanceChangePercent < 0 ? 'improved' : 'degraded'
  const duration = Math.abs(performanceChangePercent).toFixed(1)
  const memory = signed(memoryChangePercent)
  const throughput = signed(operationsPerSecondChange)
  return `Performance ${verdict} by ${duration}%, memory ${memory}%, throughput ${throughput}%`
}

function areas(isIncluded: (area: Area) => boolean): Area[] {
  return (['duration', 'throughput', 'memory'] as const).filter(isIncluded)
}

function limitOf(
  area: Area,
  { time, memory }: { readonly time: number; readonly memory: number },
): number {
  return area === 'memory' ? memory : time
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)}`
}
