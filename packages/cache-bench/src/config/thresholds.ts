import { invalidOption } from '@verbatim/cache-core/implement'

/** Highest durations of a scenario, in milliseconds. */
export interface DurationLimits {
  readonly avgMs: number
  readonly p95Ms: number
  readonly p99Ms: number
}

/** Two limits of one figure. */
export interface AlertLimits {
  readonly warning: number
  readonly critical: number
}

/** Limits that a result is compared with. */
export interface BenchmarkThresholds {
  readonly basicOperations: DurationLimits
  readonly memoryCache: DurationLimits
  readonly compression: DurationLimits
  /** Increase of the memory, in MiB. */
  readonly memoryUsageMb: AlertLimits
  /** Change to the worse between two results, in percent. */
  readonly regressionPercent: AlertLimits
  /** Share of iterations without a failed call, in percent. Lower is worse. */
  readonly successRatePercent: AlertLimits
}

/** Some of the {@link BenchmarkThresholds}. */
export type PartialThresholds = {
  readonly [Group in keyof BenchmarkThresholds]?: Partial<BenchmarkThresholds[Group]> | undefined
}

/** The default thresholds. */
export const DEFAULT_THRESHOLDS: BenchmarkThresholds = {
  basicOperations: { avgMs: 50, p95Ms: 100, p99Ms: 200 },
  memoryCache: { avgMs: 5, p95Ms: 10, p99Ms: 20 },
  compression: { avgMs: 100, p95Ms: 200, p99Ms: 500 },
  memoryUsageMb: { warning: 50, critical: 100 },
  regressionPercent: { warning: 10, critical: 25 },
  successRatePercent: { warning: 95, critical: 90 },
}

/** Names of the groups with {@link DurationLimits}. */
const DURATION_GROUPS = ['basicOperations', 'memoryCache', 'compression'] as const

/** Names of the groups whose `critical` is above their `warning`. */
const RISING_GROUPS = ['memoryUsageMb', 'regressionPercent'] as const

/**
 * Returns thresholds with the given fields replaced.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) that names the field
 */
export function mergeThresholds(
  base: BenchmarkThresholds,
  changes: PartialThresholds,
): BenchmarkThresholds {
  const merged = Object.fromEntries(
    Object.entries(base).map(([group, limits]) => [
      group,
      { ...limits, ...changes[group as keyof BenchmarkThresholds] },
    ]),
  ) as unknown as BenchmarkThresholds
  assertThresholds(merged)
  return merged
}

function assertThresholds(thresholds: BenchmarkThresholds): void {
  for (const [group, limits] of Object.entries(thresholds)) {
    for (const [field, value] of Object.entries(limits)) {
      if (typeof value === 'number' && Number.isFinite(value) && value >= 0) continue
      throw invalidOption(`thresholds.${group}.${field}`, 'a number of at least 0', value)
    }
  }
  for (const group of DURATION_GROUPS) {
    const { avgMs, p95Ms, p99Ms } = thresholds[group]
    assertOrder(`thresholds.${group}.p95Ms`, 'at least avgMs', p95Ms, avgMs <= p95Ms)
    assertOrder(`thresholds.${group}.p99Ms`, 'at least p95Ms', p99Ms, p95Ms <= p99Ms)
  }
  for (const group of RISING_GROUPS) {
    const { warning, critical } = thresholds[group]
    assertOrder(`thresholds.${group}.critical`, 'above warning', critical, warning < critical)
  }
  const { warning, critical } = thresholds.successRatePercent
  assertOrder('thresholds.successRatePercent.warning', 'at most 100', warning, warning <= 100)
  const isBelow = critical <= warning
  assertOrder('thresholds.successRatePercent.critical', 'at most warning', critical, isBelow)
}

function assertOrder(option: string, rule: string, value: number, isOrdered: boolean): void {
  if (!isOrdered) throw invalidOption(option, rule, value)
}
