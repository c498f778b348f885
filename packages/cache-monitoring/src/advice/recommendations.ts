import { hitRate } from '@verbatim/cache-core/implement'
import type { ResolvedOptions } from '../options.js'
import type { MemoryUsage } from '../records/measurements.js'
import { toMb } from '../records/memory-use.js'
import type { Recordings } from '../records/recordings.js'
import { frequencies } from '../statistics/invalidation-stats.js'
import { summarizeCompression } from '../statistics/performance-stats.js'
import { SLOW_PERCENT, slowShare } from './alert-rules.js'

/** The severities of recommendations and alerts, from the least to the most severe. */
const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const

export type Severity = (typeof SEVERITIES)[number]

/** Advice on a cache, with the measured figure behind it. */
export interface Recommendation {
  readonly severity: Severity
  /** The subject, such as `'high_invalidation_frequency'`. */
  readonly issue: string
  /** Contains the figure. */
  readonly message: string
  readonly suggestions: readonly string[]
}

const LEAST_READS = 100
const LEAST_COMPRESSIONS = 20
const LOW_HIT_RATE_PERCENT = 30
const LOW_SAVINGS_PERCENT = 10
const NEARLY_FULL_PERCENT = 90
/** The share of invalidations above which a pattern dominates. */
const DOMINANT_SHARE = 0.5
const FEW_KEYS = 1
const MANY_KEYS = 100

/** Returns the recommendations from all statistics, the most severe first. */
export function recommendations(
  recordings: Recordings,
  options: ResolvedOptions,
): Recommendation[] {
  const all = [
    lowHitRate(recordings),
    lowCompression(recordings),
    slowOperations(recordings, options),
    rejectedRecords(recordings),
    ...memoryRecommendations(recordings.newestMemory, options),
    ...invalidationRecommendations(recordings, options),
  ]
  return bySeverity(all.filter((each) => each !== undefined))
}

/** Sorts recommendations, the most severe first. */
export function bySeverity(all: readonly Recommendation[]): Recommendation[] {
  const rankOf = ({ severity }: Recommendation): number => SEVERITIES.indexOf(severity)
  return all.toSorted((one, other) => rankOf(other) - rankOf(one))
}

function lowHitRate({ totals }: Recordings): Recommendation | undefined {
  const percent = hitRate(totals)
  const reads = totals.hits + totals.misses
  if (percent === undefined || reads < LEAST_READS || percent >= LOW_HIT_RATE_PERCENT) {
    return undefined
  }
  return {
    severity: 'warning',
    issue: 'low_hit_rate',
    message: `${percent.toFixed(1)} % of ${reads} reads were hits.`,
    suggestions: [
      'Give entries a longer TTL',
      'Let the cache hold more entries',
      'Check whether keys contain what changes with every call, such as a time or an identifier',
    ],
  }
}

function lowCompression({ compressions }: Recordings): Recommendation | undefined {
  const measurements = compressions.measurements()
  if (measurements.length < LEAST_COMPRESSIONS) return undefined
  const { overallSavingsPercent } = summarizeCompression(measurements)
  if (overallSavingsPercent === undefined || overallSavingsPercent >= LOW_SAVINGS_PERCENT) {
    return undefined
  }
  return {
    severity: 'info',
    issue: 'compression_in_vain',
    message: `Compression saves ${overallSavingsPercent.toFixed(1)} % of ${measurements.length} values.`,
    suggestions: ['Raise compressionThreshold if the values are compressed already'],
  }
}

function slowOperations(
  { operations }: Recordings,
  { cacheOperationThreshold }: ResolvedOptions,
): Recommendation | undefined {
  const { slow, all, percent } = slowShare(operations.measurements(), cacheOperationThreshold)
  if (percent === undefined || percent < SLOW_PERCENT) return undefined
  return {
    severity: 'warning',
    issue: 'slow_operations',
    message: `${slow} of the last ${all} operations took longer than ${cacheOperationThreshold * 1_000} ms.`,
    suggestions: [
      'Check the network and the load of Redis',
      'Let the memory tier hold more entries',
      'Store smaller values',
    ],
  }
}

function rejectedRecords({ sums }: Recordings): Recommendation | undefined {
  if (sums.rejected === 0) return undefined
  return {
    severity: 'info',
    issue: 'rejected_records',
    message: `${sums.rejected} records had an impossible number or an unknown operation.`,
    suggestions: ['Check the code that calls the record methods'],
  }
}

/** Returns the recommendations from the newest measurement of memory. */
export function memoryRecommendations(
  newest: MemoryUsage | undefined,
  options: ResolvedOptions,
): Recommendation[] {
  if (newest === undefined) return []
  return [largeSize(newest, options), manyEntries(newest)].filter((each) => each !== undefined)
}

function largeSize(
  { totalCacheSizeBytes }: MemoryUsage,
  { memoryWarningThresholdBytes, memoryCriticalThresholdBytes }: ResolvedOptions,
): Recommendation | undefined {
  const size = `Caches hold ${toMb(totalCacheSizeBytes).toFixed(1)} MB`
  const issue = 'memory_usage'
  if (totalCacheSizeBytes >= memoryCriticalThresholdBytes) {
    const threshold = toMb(memoryCriticalThresholdBytes).toFixed(1)
    return {
      severity: 'critical',
      issue,
      message: `${size}, and the critical threshold is ${threshold} MB.`,
      suggestions: [
        'Set maxBytes, so that the cache evicts entries by itself',
        'Give entries a shorter TTL',
        'Remove entries that are no longer needed',
        'Lower compressionThreshold, so that smaller values are compressed',
      ],
    }
  }
  if (totalCacheSizeBytes < memoryWarningThresholdBytes) return undefined
  const threshold = toMb(memoryWarningThresholdBytes).toFixed(1)
  return {
    severity: 'warning',
    issue,
    message: `${size}, and the warning threshold is ${threshold} MB.`,
    suggestions: [
      'Watch getTrends(): it tells when the critical threshold is reached',
      'Give entries a shorter TTL',
      'Lower compressionThreshold, so that smaller values are compressed',
    ],
  }
}

function manyEntries({
  memoryCacheEntryCount,
  memoryCacheMaxEntries,
}: MemoryUsage): Recommendation | undefined {
  if (memoryCacheMaxEntries === null || memoryCacheMaxEntries === 0) return undefined
  const percent = (memoryCacheEntryCount / memoryCacheMaxEntries) * 100
  if (percent <= NEARLY_FULL_PERCENT) return undefined
  return {
    severity: 'info',
    issue: 'memory_usage',
    message: `Caches in memory hold ${memoryCacheEntryCount} of ${memoryCacheMaxEntries} entries (${percent.toFixed(0)} %).`,
    suggestions: [
      'Let the cache hold more entries if its hit rate is low',
      'Change nothing if its hit rate is high: a full cache evicts what is used least',
    ],
  }
}

/** Returns the recommendations from retained invalidations; none without an invalidation. */
export function invalidationRecommendations(
  recordings: Recordings,
  options: ResolvedOptions,
): Recommendation[] {
  if (recordings.invalidations.measurements().length === 0) return []
  const all = [
    highFrequency(recordings, options),
    dominantPattern(recordings),
    keysPerInvalidation(recordings),
  ]
  return all.filter((each) => each !== undefined)
}

function highFrequency(
  { invalidationsInLastHour: lastHour }: Recordings,
  options: ResolvedOptions,
): Recommendation | undefined {
  const { invalidationRateWarningPerHour, invalidationRateCriticalPerHour } = options
  if (lastHour < invalidationRateWarningPerHour) return undefined
  return {
    severity: lastHour >= invalidationRateCriticalPerHour ? 'critical' : 'warning',
    issue: 'high_invalidation_frequency',
    message: `There were ${lastHour} invalidations in the last hour, and the warning threshold is ${invalidationRateWarningPerHour}.`,
    suggestions: [
      'Let entries expire by a shorter TTL instead of invalidating them',
      'Invalidate by tags, several of them in one call',
      'Look for code that invalidates with every write',
    ],
  }
}

function dominantPattern({ invalidations }: Recordings): Recommendation | undefined {
  const events = invalidations.measurements().filter(({ pattern }) => pattern !== '')
  const all = invalidations.measurements().length
  const [[, count] = ['', 0]] = Object.entries(frequencies(events, ({ pattern }) => pattern, 1))
  if (count <= all * DOMINANT_SHARE) return undefined
  return {
    severity: 'info',
    issue: 'dominant_invalidation_pattern',
    // The pattern itself may be private. The statistics contain it.
    message: `One pattern causes ${count} of ${all} invalidations.`,
    suggestions: [
      'Give the entries that match this pattern a cache or a prefix of their own',
      'Give these entries a TTL that fits how often they change',
    ],
  }
}

function keysPerInvalidation({ sums }: Recordings): Recommendation | undefined {
  const keys = sums.keysInvalidated / sums.invalidations
  if (keys < FEW_KEYS) {
    return {
      severity: 'info',
      issue: 'low_invalidation_efficiency',
      message: `An invalidation removes ${keys.toFixed(2)} keys on average.`,
      suggestions: [
        'Check whether the patterns match existing keys',
        'Do not invalidate what is not cached',
      ],
    }
  }
  if (keys <= MANY_KEYS) return undefined
  return {
    severity: 'warning',
    issue: 'high_invalidation_impact',
    message: `An invalidation removes ${keys.toFixed(0)} keys on average.`,
    suggestions: [
      'Invalidate fewer keys, by tags or by longer patterns',
      'Load the most used keys again before they are requested',
    ],
  }
}
