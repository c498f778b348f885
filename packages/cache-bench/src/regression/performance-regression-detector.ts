import { ConfigurationError } from '@verbatim/cache-core'
import { assertKnownFields, invalidOption, recognizeCopies } from '@verbatim/cache-core/implement'
import type { BenchmarkResult } from '../benchmark-result.js'

export type RegressionSeverity = 'warning' | 'critical'

/** A figure that became worse by more than a limit. */
export interface Regression {
  readonly type: 'timing_regression' | 'throughput_regression' | 'memory_regression'
  readonly metric:
    | 'average_duration'
    | 'p95_duration'
    | 'operations_per_second'
    | 'memory_usage'
    | 'peak_memory'
  readonly severity: RegressionSeverity
  /** (new - old) / old, in percent. Negative for a drop. */
  readonly changePercent: number
  readonly oldValue: number
  readonly newValue: number
  readonly message: string
}

/** Outcome of a comparison of two hit rates. */
export type HitRateValidation =
  | { readonly status: 'skipped'; readonly reason: 'hit_rate_data_unavailable' }
  | {
      readonly status: 'passed'
      /** Difference in percentage points. */
      readonly changePercent: number
      readonly message: string
    }
  | {
      readonly status: 'regression_detected'
      readonly severity: RegressionSeverity
      /** Difference in percentage points. */
      readonly changePercent: number
      readonly oldHitRate: number
      readonly newHitRate: number
      readonly message: string
    }

/** Options of {@link PerformanceRegressionDetector}. */
export interface RegressionDetectorOptions {
  /** A change above it, in percent, is a warning. Default: 10. */
  readonly warningThreshold?: number | undefined
  /** A change above it, in percent, is critical. Default: 25. */
  readonly criticalThreshold?: number | undefined
}

/** The part of a result that the detector compares. */
export type ComparedResult = Pick<
  BenchmarkResult,
  'avgDurationMs' | 'p95DurationMs' | 'operationsPerSecond' | 'memoryUsageMb' | 'memoryPeakMb'
>

const OPTIONS: ReadonlySet<string> = new Set(['warningThreshold', 'criticalThreshold'])

/** Drops of the hit rate in percentage points. */
const HIT_RATE_DROP = { warning: 5, critical: 15 }

/**
 * Compares two results with limits in percent. A change of exactly a limit does not exceed it.
 *
 * @example
 * ```ts
 * const detector = new PerformanceRegressionDetector({ warningThreshold: 15 })
 * const regressions = detector.detectTimingRegressions(before, after)
 * ```
 */
export class PerformanceRegressionDetector {
  static {
    recognizeCopies(this, 'cache-bench/PerformanceRegressionDetector')
  }

  readonly warningThreshold: number
  readonly criticalThreshold: number

  /** @throws ConfigurationError (`INVALID_OPTION`) for an invalid or unknown option */
  constructor(options: RegressionDetectorOptions = {}) {
    assertKnownFields(options, OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { warningThreshold = 10, criticalThreshold = 25 } = options
    this.warningThreshold = percentOption('warningThreshold', warningThreshold)
    this.criticalThreshold = percentOption('criticalThreshold', criticalThreshold)
    if (criticalThreshold < warningThreshold) {
      throw invalidOption('criticalThreshold', 'at least warningThreshold', criticalThreshold)
    }
  }

  /** Returns the severity of a change to the worse in percent, or `undefined` if it is within the limits. */
  severityOf(worseByPercent: number): RegressionSeverity | undefined {
    if (worseByPercent > this.criticalThreshold) return 'critical'
    return worseByPercent > this.warningThreshold ? 'warning' : undefined
  }

  /** Returns increases of the average and the 95th percentile, and drops of the throughput. */
  detectTimingRegressions(before: ComparedResult, after: ComparedResult): Regression[] {
    const timing = 'timing_regression'
    return [
      this.#increase(timing, 'average_duration', before.avgDurationMs, after.avgDurationMs, 'ms'),
      this.#increase(timing, 'p95_duration', before.p95DurationMs, after.p95DurationMs, 'ms'),
      this.#drop(before.operationsPerSecond, after.operationsPerSecond),
    ].filter((regression) => regression !== undefined)
  }

  /** Returns increases of the memory. A figure that was 0 before is skipped. */
  detectMemoryRegressions(before: ComparedResult, after: ComparedResult): Regression[] {
    const memory = 'memory_regression'
    return [
      this.#increase(memory, 'memory_usage', before.memoryUsageMb, after.memoryUsageMb, 'MiB'),
      this.#increase(memory, 'peak_memory', before.memoryPeakMb, after.memoryPeakMb, 'MiB'),
    ].filter((regression) => regression !== undefined)
  }

  /** Compares the hit rates. A drop of more than 5 points is a warning, of more than 15 points critical. */
  validateCacheHitRates(
    before: Pick<BenchmarkResult, 'cacheHitRate'>,
    after: Pick<BenchmarkResult, 'cacheHitRate'>,
  ): HitRateValidation {
    const { cacheHitRate: oldHitRate } = before
    const { cacheHitRate: newHitRate } = after
    if (oldHitRate === undefined || newHitRate === undefined) {
      return { status: 'skipped', reason: 'hit_rate_data_unavailable' }
    }
    const changePercent = newHitRate - oldHitRate
    const message = `hit rate changed by ${signed(changePercent)} percentage points`
    if (changePercent >= -HIT_RATE_DROP.warning) return { status: 'passed', changePercent, message }
    return {
      status: 'regression_detected',
      severity: changePercent < -HIT_RATE_DROP.critical ? 'critical' : 'warning',
      changePercent,
      oldHitRate,
      newHitRate,
      message,
    }
  }

  #increase(
    type: Regression['type'],
    metric: Regression['metric'],
    oldValue: number,
    newValue: number,
    unit: string,
  ): Regression | undefined {
    const changePercent = changeInPercent(oldValue, newValue)
    const severity = this.severityOf(changePercent ?? 0)
    if (changePercent === undefined || severity === undefined) return undefined
    const values = `${rounded(oldValue)} ${unit} to ${rounded(newValue)} ${unit}`
    const message = `${metric} increased by ${changePercent.toFixed(1)} % from ${values}`
    return { type, metric, severity, changePercent, oldValue, newValue, message }
  }

  #drop(oldValue: number, newValue: number): Regression | undefined {
    const changePercent = changeInPercent(oldValue, newValue)
    const severity = this.severityOf(-(changePercent ?? 0))
    if (changePercent === undefined || severity === undefined) return undefined
    const values = `${rounded(oldValue)} to ${rounded(newValue)}`
    return {
      type: 'throughput_regression',
      metric: 'operations_per_second',
      severity,
      changePercent,
      oldValue,
      newValue,
      message: `operations_per_second dropped by ${(-changePercent).toFixed(1)} % from ${values}`,
    }
  }
}

/** Returns (new - old) / old in percent, or `undefined` if the old value is 0. */
export function changeInPercent(oldValue: number, newValue: number): number | undefined {
  return oldValue === 0 ? undefined : ((newValue - oldValue) / oldValue) * 100
}

function percentOption(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw invalidOption(name, 'a number of at least 0', value)
}

function rounded(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 })
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)}`
}
