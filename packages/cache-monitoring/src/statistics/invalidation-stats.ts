import type { ResolvedOptions } from '../options.js'
import type { InvalidationMeasurement } from '../records/measurements.js'
import type { Recordings } from '../records/recordings.js'
import { distribution } from './distribution.js'

const MINUTES_PER_HOUR = 60
const HOURS_PER_DAY = 24
/** Invalidations that recent figures cover. */
const RECENT = 50
const MOST_PATTERNS = 10

/** The cost of invalidations. */
export interface InvalidationEfficiency {
  /** totalKeysInvalidated / totalInvalidations. */
  readonly avgKeysPerInvalidation: number
  /** The average of the newest 50 retained invalidations; absent without any. */
  readonly avgDurationSeconds?: number
  /** The maximum of the newest 50 retained invalidations; absent without any. */
  readonly maxDurationSeconds?: number
}

/** Invalidations since the last reset. */
export interface InvalidationStats {
  readonly totalInvalidations: number
  readonly totalKeysInvalidated: number
  readonly efficiency: InvalidationEfficiency
}

/** The result before the first invalidation. */
export interface NoInvalidationFrequencyStats {
  readonly noInvalidations: true
  readonly totalInvalidations: 0
  readonly totalKeysInvalidated: 0
  readonly warningThresholdPerHour: number
  readonly criticalThresholdPerHour: number
}

/** Rates, thresholds and patterns of invalidations. */
export interface InvalidationFrequencyStats extends InvalidationStats {
  readonly noInvalidations: false
  readonly rates: {
    /** Counted by the minute; retention does not change it. */
    readonly lastHour: number
    /** Counted by the minute; retention does not change it. */
    readonly last24Hours: number
    /** last24Hours / 24. */
    readonly averagePerHour: number
  }
  readonly thresholds: {
    readonly warningPerHour: number
    readonly criticalPerHour: number
    readonly currentAlertLevel: 'normal' | 'warning' | 'critical'
  }
  readonly patterns: {
    /** The ten most frequent patterns of the newest 50 invalidations. */
    readonly mostCommonPatterns: Readonly<Record<string, number>>
    readonly invalidationTypes: Readonly<Record<string, number>>
  }
}

/** Computes the totals and the cost of invalidations. */
export function invalidationStats({ invalidations, sums }: Recordings): InvalidationStats {
  const recent = invalidations.measurements().slice(-RECENT)
  const durations = recent.map(({ duration }) => duration)
  return {
    totalInvalidations: sums.invalidations,
    totalKeysInvalidated: sums.keysInvalidated,
    efficiency: {
      avgKeysPerInvalidation: sums.keysInvalidated / sums.invalidations,
      ...(durations.length > 0 && durationsOf(durations)),
    },
  }
}

function durationsOf(
  durations: readonly number[],
): Required<Pick<InvalidationEfficiency, 'avgDurationSeconds' | 'maxDurationSeconds'>> {
  const { mean, max } = distribution(durations)
  return { avgDurationSeconds: mean, maxDurationSeconds: max }
}

/** Computes the rates of invalidations. */
export function invalidationFrequency(
  recordings: Recordings,
  options: ResolvedOptions,
): InvalidationFrequencyStats | NoInvalidationFrequencyStats {
  const warningPerHour = options.invalidationRateWarningPerHour
  const criticalPerHour = options.invalidationRateCriticalPerHour
  if (recordings.sums.invalidations === 0) {
    return {
      noInvalidations: true,
      totalInvalidations: 0,
      totalKeysInvalidated: 0,
      warningThresholdPerHour: warningPerHour,
      criticalThresholdPerHour: criticalPerHour,
    }
  }
  const { invalidationsByMinute } = recordings
  const lastHour = invalidationsByMinute.inLast(MINUTES_PER_HOUR)
  const last24Hours = invalidationsByMinute.inLast(HOURS_PER_DAY * MINUTES_PER_HOUR)
  const recent = recordings.invalidations.measurements().slice(-RECENT)
  return {
    noInvalidations: false,
    ...invalidationStats(recordings),
    rates: { lastHour, last24Hours, averagePerHour: last24Hours / HOURS_PER_DAY },
    thresholds: {
      warningPerHour,
      criticalPerHour,
      currentAlertLevel:
        lastHour >= criticalPerHour
          ? 'critical'
          : lastHour >= warningPerHour
            ? 'warning'
            : 'normal',
    },
    patterns: {
      mostCommonPatterns: frequencies(recent, ({ pattern }) => pattern, MOST_PATTERNS),
      invalidationTypes: frequencies(recent, ({ invalidationType }) => invalidationType, RECENT),
    },
  }
}

/** Counts the words of invalidations, the most frequent first. */
export function frequencies(
  events: readonly InvalidationMeasurement[],
  wordOf: (event: InvalidationMeasurement) => string,
  most: number,
): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const event of events) counts.set(wordOf(event), (counts.get(wordOf(event)) ?? 0) + 1)
  const ordered = Array.from(counts).toSorted(([, one], [, other]) => other - one)
  return Object.fromEntries(ordered.slice(0, most))
}
