import { type Ttl, toMilliseconds } from '@verbatim/cache-core'
import type { CompressionStats } from '@verbatim/cache-monitoring'
import { type AIMetrics, hitRateOf } from './ai-metrics.js'
import { groupBy } from './group-by.js'
import { mean } from './mean.js'
import { distributionOf } from './text-tier-statistics.js'

/** What might be set otherwise, and the figure that says so. */
export interface OptimizationRecommendation {
  readonly type: 'hit_rate' | 'text_tier' | 'memory' | 'ttl' | 'compression'
  readonly priority: 'high' | 'medium' | 'low'
  readonly title: string
  /** Holds the figure. */
  readonly description: string
  readonly action: string
}

/** What the recommendations are made of. */
export interface OptimizationFigures {
  readonly metrics: AIMetrics
  readonly ttls: ReadonlyMap<string, Ttl>
  /** Entries in memory, in percent of those that there may be; `undefined` without a memory tier. */
  readonly memoryPercent: number | undefined
  readonly compression: CompressionStats | undefined
}

const LEAST_REQUESTS = 10
const LOW_HIT_RATE = 30
const HIGH_HIT_RATE = 90
const RECENT = 100
const LEAST_RECENT = 5
const FAST_MS = 100
const LONG_TTL_MS = 7_200_000

/** The most important first. */
export function optimizationRecommendations(
  figures: OptimizationFigures,
): OptimizationRecommendation[] {
  const order = ['high', 'medium', 'low']
  return [
    ...byHitRate(figures),
    ...byTextTier(figures),
    ...byMemory(figures),
    ...byTtl(figures),
    ...byCompression(figures),
  ].toSorted((one, other) => order.indexOf(one.priority) - order.indexOf(other.priority))
}

function byHitRate({ metrics }: OptimizationFigures): OptimizationRecommendation[] {
  return Array.from(metrics.operations).flatMap(
    ([operation, counts]): OptimizationRecommendation[] => {
      const rate = hitRateOf(counts)
      const requests = counts.hit + counts.miss
      if (rate === undefined || requests < LEAST_REQUESTS) return []
      const description = `${rate.toFixed(1)} % of ${requests} look-ups of ${operation} were hits.`
      const type = 'hit_rate'
      if (rate < LOW_HIT_RATE) {
        const action = 'Let its responses live longer, or look what in its requests always differs'
        return [
          { type, priority: 'high', title: `${operation} is rarely hit`, description, action },
        ]
      }
      if (rate <= HIGH_HIT_RATE) return []
      const action = 'Leave it as it is'
      return [{ type, priority: 'low', title: `${operation} is mostly hit`, description, action }]
    },
  )
}

function byTextTier({ metrics }: OptimizationFigures): OptimizationRecommendation[] {
  const { small, medium, large, xlarge } = distributionOf(metrics)
  const all = small + medium + large + xlarge
  if (all < LEAST_REQUESTS) return []
  const percent = (count: number): string => `${((count / all) * 100).toFixed(1)} % of ${all} texts`
  const found: OptimizationRecommendation[] = []
  if (xlarge / all > 0.2) {
    found.push({
      type: 'text_tier',
      priority: 'medium',
      title: 'Many texts are very long',
      description: `${percent(xlarge)} are of the tier xlarge.`,
      action: 'Raise the tier large, or split such texts before they are asked about',
    })
  }
  if (small / all < 0.1) {
    found.push({
      type: 'text_tier',
      priority: 'low',
      title: 'Few texts are short',
      description: `${percent(small)} are of the tier small.`,
      action: 'Raise the tier small, if tiers are to tell texts apart',
    })
  }
  return found
}

function byMemory({ metrics, memoryPercent }: OptimizationFigures): OptimizationRecommendation[] {
  if (memoryPercent === undefined) return []
  const description = `${memoryPercent.toFixed(0)} % of the entries that memory may hold are there.`
  if (memoryPercent > 90) {
    const action = 'Raise l1CacheSize'
    return [{ type: 'memory', priority: 'high', title: 'Memory is full', description, action }]
  }
  // A cache that has just begun holds little, which says nothing.
  if (memoryPercent >= 30 || metrics.records.length < RECENT) return []
  const action = 'Lower l1CacheSize'
  return [{ type: 'memory', priority: 'low', title: 'Memory is mostly empty', description, action }]
}

function byTtl({ metrics, ttls }: OptimizationFigures): OptimizationRecommendation[] {
  const recent = groupBy(metrics.records.slice(-RECENT), ({ operation }) => operation)
  return Array.from(recent).flatMap(([operation, records]): OptimizationRecommendation[] => {
    const ttl = ttls.get(operation)
    const lifeMs = ttl === undefined || ttl === null ? undefined : toMilliseconds(ttl, 'ttl')
    const averageMs = mean(records.map(({ milliseconds }) => milliseconds))
    if (lifeMs === undefined || lifeMs >= LONG_TTL_MS) return []
    if (records.length < LEAST_RECENT || averageMs >= FAST_MS) return []
    return [
      {
        type: 'ttl',
        priority: 'medium',
        title: `${operation} could be kept longer`,
        description: `${records.length} of the last ${RECENT} requests were of ${operation}, and took ${averageMs.toFixed(1)} ms on average; its responses live ${lifeMs / 1_000} s.`,
        action: 'Let its responses live longer, if they stay right for so long',
      },
    ]
  })
}

function byCompression({ compression }: OptimizationFigures): OptimizationRecommendation[] {
  if (compression === undefined || compression.totalOperations <= 10) return []
  const { avgCompressionRatio, totalOperations } = compression
  if (avgCompressionRatio <= 0.8) return []
  return [
    {
      type: 'compression',
      priority: 'medium',
      title: 'Compression saves little',
      description: `${totalOperations} values had ${(avgCompressionRatio * 100).toFixed(0)} % of their size after it.`,
      action: 'Raise compressionThreshold',
    },
  ]
}
