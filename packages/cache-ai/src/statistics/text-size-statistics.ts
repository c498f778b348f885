import type { TextSize } from '@verbatim/cache-core'
import { hitRate, TEXT_SIZES } from '@verbatim/cache-core/implement'
import type { ResponseFigures } from '@verbatim/cache-monitoring'
import type { TextSizeTiers } from '../text-size.js'
import { groupBy, mean } from './grouping.js'

/** Durations of lookups and stores for texts of one size, among the newest thousand of all sizes. */
export interface TierTimes {
  readonly avgMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly sampleCount: number
}

/** A notable figure of one text size. */
export interface TierFinding {
  readonly tier: TextSize
  readonly finding:
    | 'low_hit_rate'
    | 'high_hit_rate'
    | 'slow'
    | 'fast'
    | 'small_texts_missed'
    | 'long_texts_hit'
  /** The hit rate in percent, or the mean duration in milliseconds. */
  readonly value: number
}

/** Statistics by text size. */
export interface TextSizeStatistics {
  readonly tierConfiguration: TextSizeTiers
  /** Lookups and stores of each size. */
  readonly tierDistribution: Readonly<Record<TextSize, number>>
  /** hits / (hits + misses) of each size with a hit or a miss, in percent. */
  readonly tierHitRates: Readonly<Partial<Record<TextSize, number>>>
  readonly averageResponseTimes: Readonly<Partial<Record<TextSize, TierTimes>>>
  readonly tierFindings: readonly TierFinding[]
  /**
   * Sizes by hit rate x 1000 / mean milliseconds (at least 1), the best first. Sizes without a duration are
   * absent.
   */
  readonly performanceRankings: readonly { readonly tier: TextSize; readonly score: number }[]
  readonly dataCompleteness: {
    readonly recordedTiers: readonly TextSize[]
    readonly missingTiers: readonly TextSize[]
    /** Recorded sizes of the four, in percent. */
    readonly completenessPercentage: number
  }
}

const LOW_HIT_RATE = 30
const HIGH_HIT_RATE = 90
const LOW_HIT_RATE_OF_SMALL = 80
const HIGH_HIT_RATE_OF_XLARGE = 60
const SLOW_MS = 100
const FAST_MS = 10

/** Computes the statistics by text size. */
export function textSizeStatistics(
  figures: ResponseFigures,
  tierConfiguration: TextSizeTiers,
): TextSizeStatistics {
  const distribution = sizeDistribution(figures)
  const rates = new Map<TextSize, number>()
  for (const size of TEXT_SIZES) {
    const { hit, miss } = figures.byTextSize[size]
    const rate = hitRate({ hits: hit, misses: miss })
    if (rate !== undefined) rates.set(size, rate)
  }
  const times = timesBySize(figures)
  const recorded = TEXT_SIZES.filter((size) => distribution[size] > 0)
  return {
    tierConfiguration,
    tierDistribution: distribution,
    tierHitRates: Object.fromEntries(rates),
    averageResponseTimes: Object.fromEntries(times),
    tierFindings: TEXT_SIZES.flatMap((size) => findingsOf(size, rates.get(size), times.get(size))),
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
      missingTiers: TEXT_SIZES.filter((size) => distribution[size] === 0),
      completenessPercentage: (recorded.length / TEXT_SIZES.length) * 100,
    },
  }
}

/** Returns the number of lookups and stores of each text size. */
export function sizeDistribution({ byTextSize }: ResponseFigures): Record<TextSize, number> {
  const countOf = (size: TextSize): number =>
    Object.values(byTextSize[size]).reduce((sum, count) => sum + count, 0)
  return {
    small: countOf('small'),
    medium: countOf('medium'),
    large: countOf('large'),
    xlarge: countOf('xlarge'),
  }
}

function timesBySize({ recent }: ResponseFigures): Map<TextSize, TierTimes> {
  const times = new Map<TextSize, TierTimes>()
  for (const [size, group] of groupBy(recent, ({ textSize }) => textSize)) {
    if (size === undefined) continue
    const durations = group.map(({ milliseconds }) => milliseconds)
    times.set(size, {
      avgMs: mean(durations),
      minMs: Math.min(...durations),
      maxMs: Math.max(...durations),
      sampleCount: durations.length,
    })
  }
  return times
}

function findingsOf(
  tier: TextSize,
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
