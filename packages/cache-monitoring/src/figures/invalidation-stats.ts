import type { ResolvedOptions } from '../options.js'
import type { InvalidationMeasurement } from '../records/measurements.js'
import type { Recordings } from '../records/recordings.js'
import { distribution } from './distribution.js'

const MINUTES_PER_HOUR = 60
const HOURS_PER_DAY = 24
/** The newest invalidations that say what is usual. */
const RECENT = 50
const MOST_PATTERNS = 10

/** What invalidations within retention cost. */
export interface InvalidationEfficiency {
  /** totalKeysInvalidated / totalInvalidations, since the monitor was made or last reset. */
  readonly avgKeysPerInvalidation: number
  /** Over the newest 50 within retention, like the next; left out where there is none. */
  readonly avgDurationSeconds?: number
  readonly maxDurationSeconds?: number
}

/** Invalidations: how many ever, and what the newest cost. */
export interface InvalidationStats {
  /** Since the monitor was made or last reset, like the next. */
  readonly totalInvalidations: number
  readonly totalKeysInvalidated: number
  readonly efficiency: InvalidationEfficiency
}

/** Before anything was invalidated. */
export interface NoInvalidationFrequencyStats {
  readonly noInvalidations: true
  readonly totalInvalidations: 0
  readonly totalKeysInvalidated: 0
  readonly warningThresholdPerHour: number
  readonly criticalThresholdPerHour: number
}

/** How often something is invalidated, and what. */
export interface InvalidationFrequencyStats extends InvalidationStats {
  readonly noInvalidations: false
  readonly rates: {
    /** Counted by the minute, whatever the retention, like the next. */
    readonly lastHour: number
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
    /** Of the newest 50 invalidations, the ten patterns that were recorded most often. */
    readonly mostCommonPatterns: Readonly<Record<string, number>>
    readonly invalidationTypes: Readonly<Record<string, number>>
  }
}

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

/** How often each word occurs, the most frequent first. */
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
