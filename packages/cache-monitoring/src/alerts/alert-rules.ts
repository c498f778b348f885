import { SLOW_PERCENT, slowShare } from '../figures/slow-share.js'
import type { ResolvedOptions } from '../options.js'
import { toMb } from '../records/megabytes.js'
import { ERROR_WINDOW_MS, type Recordings } from '../records/recordings.js'
import { type OperationTotals, totalsSince } from '../records/totals.js'
import type { Measured } from './alert-board.js'

/** Fewer operations say nothing about how many fail. */
const LEAST_OPERATIONS = 20
const MEMORY_FULL_PERCENT = 90

/** Measures all that may be alerted about. */
export function measureAll(recordings: Recordings, options: ResolvedOptions): Measured[] {
  const { keyGenerationThreshold, cacheOperationThreshold } = options
  return [
    cacheSize(recordings, options),
    memoryEntries(recordings),
    invalidationRate(recordings, options),
    errorRate(recordings, options),
    slow(
      'slow_operations',
      'cache operations',
      recordings.operations.measurements(),
      cacheOperationThreshold,
    ),
    slow(
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
    message: `Caches in memory hold ${value?.toFixed(0)} % of the entries that they may.`,
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
  const { operations, errors } = lately(recordings, options)
  const value = operations < LEAST_OPERATIONS ? undefined : (errors / operations) * 100
  return {
    name: 'error_rate',
    thresholds: [['ERROR', options.errorRateThresholdPercent]],
    value,
    message: `${value?.toFixed(1)} % of ${operations} operations in the last five minutes failed.`,
  }
}

/** What was counted in the last five minutes, give or take a sample; or since the start. */
function lately(
  { totals, totalsHistory }: Recordings,
  { clock }: ResolvedOptions,
): OperationTotals {
  const before = totalsHistory
    .read()
    .findLast(({ takenAt }) => takenAt <= clock.now() - ERROR_WINDOW_MS)
  return before === undefined ? totals : totalsSince(totals, before.measurement)
}

function slow(
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
