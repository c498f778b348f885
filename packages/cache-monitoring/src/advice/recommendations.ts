import { SLOW_PERCENT, slowShare } from '../figures/slow-share.js'
import { summarizeCompression } from '../figures/summaries.js'
import type { ResolvedOptions } from '../options.js'
import type { Recordings } from '../records/recordings.js'
import { hitRate } from '../records/totals.js'
import { invalidationRecommendations } from './invalidation-recommendations.js'
import { memoryWarnings } from './memory-warnings.js'
import type { Recommendation } from './recommendation.js'

/** Fewer measurements say nothing. */
const LEAST_READS = 100
const LEAST_COMPRESSIONS = 20
const LOW_HIT_RATE_PERCENT = 30
const LOW_SAVINGS_PERCENT = 10

/** All that the figures suggest; what matters most comes first. */
export function recommendations(
  recordings: Recordings,
  options: ResolvedOptions,
): Recommendation[] {
  const memory = memoryWarnings(recordings.newestMemory, options).map((warning) => ({
    severity: warning.severity,
    issue: 'memory_usage',
    message: warning.message,
    suggestions: warning.recommendations,
  }))
  const advice = [
    lowHitRate(recordings),
    compressionInVain(recordings),
    slowOperations(recordings, options),
    rejected(recordings),
    ...memory,
    ...invalidationRecommendations(recordings, options),
  ]
  const order = ['critical', 'warning', 'info']
  return advice
    .filter((each) => each !== undefined)
    .toSorted((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity))
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
      'Give entries longer lives',
      'Let the cache hold more entries',
      'Look whether keys hold what changes at every call, such as a time or an identifier',
    ],
  }
}

function compressionInVain({ compressions }: Recordings): Recommendation | undefined {
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
    suggestions: ['Raise compressionThreshold: what is compressed already does not get smaller'],
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
      'Look at the network and the load of Redis',
      'Let the memory tier hold more entries',
      'Store smaller values',
    ],
  }
}

function rejected({ sums }: Recordings): Recommendation | undefined {
  if (sums.rejected === 0) return undefined
  return {
    severity: 'info',
    issue: 'rejected_records',
    message: `${sums.rejected} records held a number that means nothing, or an unknown operation.`,
    suggestions: ['Look at the code that records by hand'],
  }
}
