import { AI_OUTCOMES, type AIMetrics, hitRateOf } from './ai-metrics.js'
import { groupBy } from './group-by.js'
import { mean } from './mean.js'
import type { TextSizeTiers } from './text-tier.js'
import { TEXT_TIERS, type TextTier } from './text-tier.js'

/** How long look-ups and stores of texts of one tier took, of the newest thousand of all. */
export interface TierTimes {
  readonly avgMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly sampleCount: number
}

/** Something that stands out. */
export interface TierFinding {
  readonly tier: TextTier
  readonly finding:
    | 'low_hit_rate'
    | 'high_hit_rate'
    | 'slow'
    | 'fast'
    | 'small_texts_missed'
    | 'long_texts_hit'
  /** Percent of hits, or milliseconds. */
  readonly value: number
}

export interface TextTierStatistics {
  readonly tierConfiguration: TextSizeTiers
  /** Look-ups and stores of each. */
  readonly tierDistribution: Readonly<Record<TextTier, number>>
  /** hits / (hits + misses) of those that were looked up, in percent. */
  readonly tierHitRates: Readonly<Partial<Record<TextTier, number>>>
  readonly averageResponseTimes: Readonly<Partial<Record<TextTier, TierTimes>>>
  readonly tierFindings: readonly TierFinding[]
  /**
   * By hit rate x 1000 / mean milliseconds (at least 1), the best first. Without tiers that have no
   * response time.
   */
  readonly performanceRankings: readonly { readonly tier: TextTier; readonly score: number }[]
  readonly dataCompleteness: {
    readonly recordedTiers: readonly TextTier[]
    readonly missingTiers: readonly TextTier[]
    /** Of the four, in percent. */
    readonly completenessPercentage: number
  }
}

const LOW_HIT_RATE = 30
const HIGH_HIT_RATE = 90
const LOW_HIT_RATE_OF_SMALL = 80
const HIGH_HIT_RATE_OF_XLARGE = 60
const SLOW_MS = 100
const FAST_MS = 10

export function textTierStatistics(
  metrics: AIMetrics,
  tierConfiguration: TextSizeTiers,
): TextTierStatistics {
  const distribution = distributionOf(metrics)
  const rates = new Map<TextTier, number>()
  for (const [tier, counts] of metrics.tiers) {
    const rate = hitRateOf(counts)
    if (rate !== undefined) rates.set(tier, rate)
  }
  const times = timesOf(metrics)
  const recorded = TEXT_TIERS.filter((tier) => distribution[tier] > 0)
  return {
    tierConfiguration,
    tierDistribution: distribution,
    tierHitRates: Object.fromEntries(rates),
    averageResponseTimes: Object.fromEntries(times),
    tierFindings: TEXT_TIERS.flatMap((tier) => findingsOf(tier, rates.get(tier), times.get(tier))),
    performanceRankings: [...rates]
      .flatMap(([tier, rate]) => {
        const averageMs = times.get(tier)?.avgMs
        return averageMs === undefined
          ? []
          : [{ tier, score: (rate * 1_000) / Math.max(averageMs, 1) }]
      })
      .toSorted((one, other) => other.score - one.score),
    dataCompleteness: {
      recordedTiers: recorded,
      missingTiers: TEXT_TIERS.filter((tier) => distribution[tier] === 0),
      completenessPercentage: (recorded.length / TEXT_TIERS.length) * 100,
    },
  }
}

export function distributionOf({ tiers }: AIMetrics): Record<TextTier, number> {
  const distribution = { small: 0, medium: 0, large: 0, xlarge: 0 }
  for (const [tier, counts] of tiers) {
    for (const outcome of AI_OUTCOMES) distribution[tier] += counts[outcome]
  }
  return distribution
}

function timesOf({ records }: AIMetrics): Map<TextTier, TierTimes> {
  const times = new Map<TextTier, TierTimes>()
  for (const [tier, group] of groupBy(records, (record) => record.tier)) {
    const durations = group.map(({ milliseconds }) => milliseconds)
    times.set(tier, {
      avgMs: mean(durations),
      minMs: Math.min(...durations),
      maxMs: Math.max(...durations),
      sampleCount: durations.length,
    })
  }
  return times
}

function findingsOf(
  tier: TextTier,
  rate: number | undefined,
  times: TierTimes | undefined,
): TierFinding[] {
  const found: [boolean, TierFinding['finding'], number][] = []
  if (rate !== undefined) {
    found.push([rate < LOW_HIT_RATE, 'low_hit_rate', rate])
    found.push([rate > HIGH_HIT_RATE, 'high_hit_rate', rate])
    found.push([tier === 'small' && rate < LOW_HIT_RATE_OF_SMALL, 'small_texts_missed', rate])
    found.push([tier === 'xlarge' && rate > HIGH_HIT_RATE_OF_XLARGE, 'long_texts_hit', rate])
  }
  if (times !== undefined) {
    found.push([times.avgMs > SLOW_MS, 'slow', times.avgMs])
    found.push([times.avgMs < FAST_MS, 'fast', times.avgMs])
  }
  return found.filter(([holds]) => holds).map(([, finding, value]) => ({ tier, finding, value }))
}
