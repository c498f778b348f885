import type { ResolvedOptions } from '../options.js'
import { toMb } from '../records/memory-use.js'
import { type OperationTotals, totalsSince } from '../records/operation-counts.js'
import { ERROR_WINDOW_MS, type Recordings } from '../records/recordings.js'
import type { Measured } from './alerts.js'

/** Fewer operations allow no error rate. */
const LEAST_OPERATIONS = 20
/** Fewer measurements allow no share of slow ones. */
const LEAST_MEASUREMENTS = 20
const MEMORY_FULL_PERCENT = 90
/** With this share of slow operations, the 95th percentile is above the threshold. */
export const SLOW_PERCENT = 5

/** Measures every figure that has alerts. */
export function measureAll(recordings: Recordings, options: ResolvedOptions): Measured[] {
  const { keyGenerationThreshold, cacheOperationThreshold } = options
  return [
    cacheSize(recordings, options),
    memoryEntries(recordings),
    invalidationRate(recordings, options),
    errorRate(recordings, options),
    slowAlert(
      'slow_operations',
      'cache operations',
      recordings.operations.measurements(),
      cacheOperationThreshold,
    ),
    slowAlert(
      'slow_key_generation',
      'keys',
      recordings.keyGenerations.measurements(),
      keyGenerationThreshold,
    ),
  ]
}

function cacheSize(recordings: Recordings, options: ResolvedOptions): Measured {
  const value = recordings.newestMemory?.totalCacheSizeBytes
  return {
    name: 'cache_size',
    thresholds: [
      ['WARNING', options.memoryWarningThresholdBytes],
      ['CRITICAL', options.memoryCriticalThresholdBytes],
    ],
    value,
    message: `Caches hold ${toMb(value ?? 0).toFixed(1)} MB.`,
  }
}

function memoryEntries(recordings: Recordings): Measured {
  const { memoryCacheEntryCount = 0, memoryCacheMaxEntries } = recordings.newestMemory ?? {}
  const value = memoryCacheMaxEntries
    ? (memoryCacheEntryCount / memoryCacheMaxEntries) * 100
    : undefined
  return {
    name: 'memory_entries',
    thresholds: [['INFO', MEMORY_FULL_PERCENT]],
    value,
    message: `Caches in memory hold ${value?.toFixed(0)} % of their maximum number of entries.`,
  }
}

function invalidationRate(recordings: Recordings, options: ResolvedOptions): Measured {
  const value = recordings.invalidationsInLastHour
  return {
    name: 'invalidation_rate',
    thresholds: [
      ['WARNING', options.invalidationRateWarningPerHour],
      ['CRITICAL', options.invalidationRateCriticalPerHour],
    ],
    value,
    message: `There were ${value} invalidations in the last hour.`,
  }
}

function errorRate(recordings: Recordings, options: ResolvedOptions): Measured {
  const { operations, errors } = recentTotals(recordings, options)
  const value = operations < LEAST_OPERATIONS ? undefined : (errors / operations) * 100
  return {
    name: 'error_rate',
    thresholds: [['ERROR', options.errorRateThresholdPercent]],
    value,
    message: `${value?.toFixed(1)} % of ${operations} operations in the last five minutes failed.`,
  }
}

/** Returns the counts of the last five minutes, to within one sample, or since the start. */
function recentTotals(
  { totals, totalsHistory }: Recordings,
  { clock }: ResolvedOptions,
): OperationTotals {
  const before = totalsHistory
    .read()
    .findLast(({ takenAt }) => takenAt <= clock.now() - ERROR_WINDOW_MS)
  return before === undefined ? totals : totalsSince(totals, before.measurement)
}

function slowAlert(
  name: 'slow_operations' | 'slow_key_generation',
  what: string,
  measurements: readonly { readonly duration: number }[],
  thresholdSeconds: number,
): Measured {
  const { all, percent } = slowShare(measurements, thresholdSeconds)
  return {
    name,
    thresholds: [['WARNING', SLOW_PERCENT]],
    value: percent,
    message: `${percent?.toFixed(1)} % of the last ${all} ${what} took longer than ${thresholdSeconds * 1_000} ms.`,
  }
}

/** The share of measurements above a threshold. */
export interface SlowShare {
  readonly slow: number
  readonly all: number
  /** `undefined` for too few measurements. */
  readonly percent: number | undefined
}

export function slowShare(
  measurements: readonly { readonly duration: number }[],
  thresholdSeconds: number,
): SlowShare {
  const all = measurements.length
  const slow = measurements.filter(({ duration }) => duration > thresholdSeconds).length
  return { slow, all, percent: all < LEAST_MEASUREMENTS ? undefined : (slow / all) * 100 }
}
