import { hitRate } from '@verbatim/cache-core/implement'
import type { ResolvedOptions } from '../options.js'
import { type OperationTotals, totalsSince } from '../records/operation-counts.js'
import type { Timed } from '../records/recent-records.js'
import type { Recordings } from '../records/recordings.js'
import { fitLine } from './line-fit.js'

const MILLISECONDS_PER_HOUR = 3_600_000

/** The development of a figure over its retained readings. */
export interface Trend {
  /** Retained readings. */
  readonly readings: number
  /** The newest reading; absent without a reading. */
  readonly current?: number
  /** (last - first) / time between them; absent with fewer than two readings. */
  readonly growthPerHour?: number
  /** The slope of the best line; absent with fewer than three readings. */
  readonly slope?: {
    readonly perHour: number
    /** The lower bound of the 95 % confidence interval. */
    readonly perHourLow: number
    /** The upper bound of the 95 % confidence interval. */
    readonly perHourHigh: number
    /** `'unclear'` where the bounds have different signs. */
    readonly direction: 'rising' | 'falling' | 'unclear'
  }
}

/** The trend of a figure that has thresholds. */
export interface TrendToThresholds extends Trend {
  /** Hours until the warning threshold at this slope; absent unless the figure is rising. */
  readonly hoursToWarning?: number
  /** Hours until the critical threshold at this slope; absent unless the figure is rising. */
  readonly hoursToCritical?: number
}

export interface Trends {
  /** Bytes that caches occupy in this process and in the shared store. */
  readonly cacheSizeBytes: TrendToThresholds
  readonly cacheEntries: Trend
  /** The hit rate of the reads between two readings, in percent. */
  readonly hitRate: Trend
  /** Operations of every kind between two readings. */
  readonly operationsPerSecond: Trend
}

interface Reading {
  /** Milliseconds on the monotonic clock. */
  readonly takenAt: number
  readonly value: number
}

/** Computes the trends of a monitor. */
export function trends(recordings: Recordings, options: ResolvedOptions): Trends {
  const memory = recordings.memory.read()
  const sizes = memory.map(({ takenAt, measurement }) => {
    return { takenAt, value: measurement.totalCacheSizeBytes }
  })
  const size = trend(sizes)
  const totals = recordings.totalsHistory.read()
  return {
    cacheSizeBytes: {
      ...size,
      ...hoursTo('hoursToWarning', size, options.memoryWarningThresholdBytes),
      ...hoursTo('hoursToCritical', size, options.memoryCriticalThresholdBytes),
    },
    cacheEntries: trend(
      memory.map(({ takenAt, measurement }) => ({ takenAt, value: measurement.cacheEntryCount })),
    ),
    hitRate: trend(between(totals, (counted) => hitRate(counted))),
    operationsPerSecond: trend(between(totals, ({ operations }, seconds) => operations / seconds)),
  }
}

function trend(readings: readonly Reading[]): Trend {
  const [first, last] = [readings.at(0), readings.at(-1)]
  if (first === undefined || last === undefined) return { readings: 0 }
  const hoursOf = ({ takenAt }: Reading): number =>
    (takenAt - first.takenAt) / MILLISECONDS_PER_HOUR
  const hours = hoursOf(last)
  const fit = fitLine(
    readings.map(hoursOf),
    readings.map(({ value }) => value),
  )
  return {
    readings: readings.length,
    current: last.value,
    ...(hours > 0 && { growthPerHour: (last.value - first.value) / hours }),
    ...(fit && {
      slope: {
        perHour: fit.slope,
        perHourLow: fit.slopeLow,
        perHourHigh: fit.slopeHigh,
        direction: fit.slopeLow > 0 ? 'rising' : fit.slopeHigh < 0 ? 'falling' : 'unclear',
      },
    }),
  }
}

function hoursTo<Name extends string>(
  name: Name,
  { current, slope }: Trend,
  threshold: number,
): { readonly [Each in Name]?: number } {
  if (current === undefined || slope?.direction !== 'rising') return {}
  const hours = Math.max(0, (threshold - current) / slope.perHour)
  return { [name]: hours } as { [Each in Name]: number }
}

/** Computes a figure from the counts between successive readings. An unknown figure is left out. */
function between(
  totals: readonly Timed<OperationTotals>[],
  figure: (counted: OperationTotals, seconds: number) => number | undefined,
): Reading[] {
  return totals.slice(1).flatMap(({ takenAt, measurement }, index) => {
    const before = totals[index] as Timed<OperationTotals>
    const seconds = (takenAt - before.takenAt) / 1_000
    if (seconds <= 0) return []
    const value = figure(totalsSince(measurement, before.measurement), seconds)
    return value === undefined ? [] : [{ takenAt, value }]
  })
}
