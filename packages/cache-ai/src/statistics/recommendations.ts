import type { Ttl } from '@verbatim/cache-core'
import { hitRate, toMilliseconds } from '@verbatim/cache-core/implement'
import {
  bySeverity,
  type CompressionStats,
  type Recommendation,
  type ResponseFigures,
} from '@verbatim/cache-monitoring'
import { groupBy, mean } from './grouping.js'
import { sizeDistribution } from './text-size-statistics.js'

/** The figures behind the recommendations. */
export interface RecommendationFigures {
  readonly responses: ResponseFigures
  readonly ttls: ReadonlyMap<string, Ttl>
  /** Entries in memory, in percent of their maximum; `undefined` without a memory tier. */
  readonly memoryPercent: number | undefined
  readonly compression: CompressionStats | undefined
}

const LEAST_REQUESTS = 10
const LEAST_COMPRESSIONS = 10
const LOW_HIT_RATE = 30
const HIGH_HIT_RATE = 90
const HIGH_COMPRESSION_RATIO = 0.8
const FULL_PERCENT = 90
const EMPTY_PERCENT = 30
/** Lookups and stores that show the current load. */
const RECENT = 100
const LEAST_RECENT = 5
const FAST_MS = 100
const LONG_TTL_MS = 7_200_000

/** Returns the recommendations for a cache of AI responses, the most severe first. */
export function responseRecommendations(figures: RecommendationFigures): Recommendation[] {
  return bySeverity([
    ...byHitRate(figures),
    ...byTextSize(figures),
    ...byMemory(figures),
    ...byTtl(figures),
    ...byCompression(figures),
  ])
}

function byHitRate({ responses }: RecommendationFigures): Recommendation[] {
  return Array.from(responses.byOperation).flatMap(([operation, outcomes]): Recommendation[] => {
    const { hit, miss } = outcomes
    const rate = hitRate({ hits: hit, misses: miss })
    if (rate === undefined || hit + miss < LEAST_REQUESTS) return []
    const message = `${rate.toFixed(1)} % of ${hit + miss} lookups of ${operation} were hits.`
    if (rate < LOW_HIT_RATE) {
      const suggestions = [
        'Give its responses a longer TTL',
        'Check whether its requests contain what changes with every call',
      ]
      return [{ severity: 'warning', issue: 'low_hit_rate', message, suggestions }]
    }
    if (rate <= HIGH_HIT_RATE) return []
    const suggestions = ['Change nothing']
    return [{ severity: 'info', issue: 'high_hit_rate', message, suggestions }]
  })
}

function byTextSize({ responses }: RecommendationFigures): Recommendation[] {
  const { small, medium, large, xlarge } = sizeDistribution(responses)
  const all = small + medium + large + xlarge
  if (all < LEAST_REQUESTS) return []
  const share = (count: number): string => `${((count / all) * 100).toFixed(1)} % of ${all} texts`
  const found: Recommendation[] = []
  if (xlarge / all > 0.2) {
    found.push({
      severity: 'info',
      issue: 'many_long_texts',
      message: `${share(xlarge)} have the size xlarge.`,
      suggestions: ['Raise textSizeTiers.large, or split such texts before a request'],
    })
  }
  if (small / all < 0.1) {
    found.push({
      severity: 'info',
      issue: 'few_short_texts',
      message: `${share(small)} have the size small.`,
      suggestions: ['Raise textSizeTiers.small, so that more texts count as small'],
    })
  }
  return found
}

function byMemory({ responses, memoryPercent }: RecommendationFigures): Recommendation[] {
  if (memoryPercent === undefined) return []
  const message = `Memory holds ${memoryPercent.toFixed(0)} % of its maximum number of entries.`
  if (memoryPercent > FULL_PERCENT) {
    const suggestions = ['Raise l1CacheSize']
    return [{ severity: 'warning', issue: 'memory_full', message, suggestions }]
  }
  // A cache that has just started holds little.
  if (memoryPercent >= EMPTY_PERCENT || responses.recent.length < RECENT) return []
  const suggestions = ['Lower l1CacheSize']
  return [{ severity: 'info', issue: 'memory_mostly_empty', message, suggestions }]
}

function byTtl({ responses, ttls }: RecommendationFigures): Recommendation[] {
  const recent = groupBy(responses.recent.slice(-RECENT), ({ operation }) => operation)
  return Array.from(recent).flatMap(([operation, measurements]): Recommendation[] => {
    const ttl = ttls.get(operation)
    if (ttl === undefined || ttl === null || toMilliseconds(ttl) >= LONG_TTL_MS) return []
    const averageMs = mean(measurements.map(({ milliseconds }) => milliseconds))
    if (measurements.length < LEAST_RECENT || averageMs >= FAST_MS) return []
    const seconds = toMilliseconds(ttl) / 1_000
    return [
      {
        severity: 'info',
        issue: 'short_ttl',
        message: `${measurements.length} of the last ${RECENT} requests were of ${operation}, and took ${averageMs.toFixed(1)} ms on average. The TTL of its responses is ${seconds} s.`,
        suggestions: ['Give its responses a longer TTL, if they stay correct for so long'],
      },
    ]
  })
}

function byCompression({ compression }: RecommendationFigures): Recommendation[] {
  if (compression === undefined || compression.totalOperations <= LEAST_COMPRESSIONS) return []
  const { avgCompressionRatio, totalOperations } = compression
  if (avgCompressionRatio <= HIGH_COMPRESSION_RATIO) return []
  return [
    {
      severity: 'info',
      issue: 'compression_in_vain',
      message: `Compression reduces ${totalOperations} values to ${(avgCompressionRatio * 100).toFixed(0)} % of their size on average.`,
      suggestions: ['Raise compressionThreshold'],
    },
  ]
}
