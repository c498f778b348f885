import { frequencies } from '../figures/invalidation-stats.js'
import type { ResolvedOptions } from '../options.js'
import type { Recordings } from '../records/recordings.js'
import type { Recommendation } from './recommendation.js'

const DOMINANT_SHARE = 0.5
const LOW_KEYS = 1
const HIGH_KEYS = 100

/** What the invalidations within retention suggest; nothing where there are none. */
export function invalidationRecommendations(
  recordings: Recordings,
  options: ResolvedOptions,
): Recommendation[] {
  if (recordings.invalidations.measurements().length === 0) return []
  const advice = [
    highFrequency(recordings, options),
    dominantPattern(recordings),
    keysPerInvalidation(recordings),
  ]
  return advice.filter((each) => each !== undefined)
}

function highFrequency(
  { invalidationsInLastHour: lastHour }: Recordings,
  options: ResolvedOptions,
): Recommendation | undefined {
  if (lastHour < options.invalidationRateWarningPerHour) return undefined
  const isCritical = lastHour >= options.invalidationRateCriticalPerHour
  return {
    severity: isCritical ? 'critical' : 'warning',
    issue: 'high_invalidation_frequency',
    message: `There were ${lastHour} invalidations in the last hour; ${options.invalidationRateWarningPerHour} are worth a warning.`,
    suggestions: [
      'Let entries expire by a shorter TTL instead of invalidating them',
      'Invalidate by tags, and several of them in one call',
      'Look for code that invalidates at every write',
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
    // The pattern itself is to be found in the statistics, by those who may see it.
    message: `One pattern makes ${count} of ${all} invalidations.`,
    suggestions: [
      'Give what this pattern matches a cache, or a prefix, of its own',
      'Give it a TTL that fits how often it changes',
    ],
  }
}

function keysPerInvalidation({ sums }: Recordings): Recommendation | undefined {
  const keys = sums.keysInvalidated / sums.invalidations
  if (keys < LOW_KEYS) {
    return {
      severity: 'info',
      issue: 'low_invalidation_efficiency',
      message: `An invalidation removes ${keys.toFixed(2)} keys on average.`,
      suggestions: [
        'Look whether the patterns match the keys that there are',
        'Leave out invalidations of what is not cached',
      ],
    }
  }
  if (keys <= HIGH_KEYS) return undefined
  return {
    severity: 'warning',
    issue: 'high_invalidation_impact',
    message: `An invalidation removes ${keys.toFixed(0)} keys on average.`,
    suggestions: [
      'Invalidate more narrowly, by tags or by longer patterns',
      'Load the most used keys again before their readers ask',
    ],
  }
}
