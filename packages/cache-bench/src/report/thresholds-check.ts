import type { BenchmarkResult, OperationType } from '../benchmark-result.js'
import type { BenchmarkThresholds, DurationLimits } from '../config/thresholds.js'

/** A figure of a result that exceeds its limit. */
export interface ExceededLimit {
  readonly figure: string
  readonly value: number
  readonly limit: number
  readonly unit: string
  readonly severity: 'warning' | 'critical'
}

const DURATION_GROUPS: Readonly<
  Record<OperationType, 'basicOperations' | 'memoryCache' | 'compression'>
> = {
  basic_operations: 'basicOperations',
  memory_cache_performance: 'memoryCache',
  compression_efficiency: 'compression',
}

/** Returns the limits of the durations of a scenario. */
export function durationLimits(
  operationType: OperationType,
  thresholds: BenchmarkThresholds,
): DurationLimits {
  return thresholds[DURATION_GROUPS[operationType]]
}

/** Returns every figure of a result that exceeds a limit of its own scenario. */
export function exceededLimits(
  result: BenchmarkResult,
  thresholds: BenchmarkThresholds,
): ExceededLimit[] {
  const limits = durationLimits(result.operationType, thresholds)
  const durations: [figure: string, value: number, limit: number][] = [
    ['average', result.avgDurationMs, limits.avgMs],
    ['p95', result.p95DurationMs, limits.p95Ms],
    ['p99', result.p99DurationMs, limits.p99Ms],
  ]
  const success = result.successRate * 100
  const { memoryUsageMb, successRatePercent } = thresholds
  return [
    ...durations
      .filter(([, value, limit]) => value > limit)
      .map(([figure, value, limit]): ExceededLimit => {
        return { figure, value, limit, unit: 'ms', severity: 'critical' }
      }),
    ...alertOf(
      'memory',
      result.memoryUsageMb,
      memoryUsageMb,
      'MiB',
      (value, limit) => value > limit,
    ),
    ...alertOf('success rate', success, successRatePercent, '%', (value, limit) => value < limit),
  ]
}

/** Returns whether a result exceeds no critical limit. */
export function passes(result: BenchmarkResult, thresholds: BenchmarkThresholds): boolean {
  return exceededLimits(result, thresholds).every(({ severity }) => severity === 'warning')
}

function alertOf(
  figure: string,
  value: number,
  limits: { readonly warning: number; readonly critical: number },
  unit: string,
  isWorse: (value: number, limit: number) => boolean,
): ExceededLimit[] {
  const severity = (['critical', 'warning'] as const).find((name) => isWorse(value, limits[name]))
  return severity === undefined ? [] : [{ figure, value, limit: limits[severity], unit, severity }]
}
