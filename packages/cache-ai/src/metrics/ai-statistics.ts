import type { Ttl } from '@verbatim/cache-core'
import type { CachePerformanceMonitor, PerformanceStats } from '@verbatim/cache-monitoring'
import type { KeyGenerationStats } from '../keys/key-generation-stats.js'
import { type AIMetrics, hitRateOf, sumOf } from './ai-metrics.js'
import { mean } from './mean.js'
import { type OperationPerformance, operationPerformance } from './operation-performance.js'
import { type OptimizationRecommendation, optimizationRecommendations } from './optimization.js'
import type { TextSizeTiers, TextTier } from './text-tier.js'
import {
  distributionOf,
  type TextTierStatistics,
  textTierStatistics,
} from './text-tier-statistics.js'

/** How the cache does with responses, by operation and by the length of texts. */
export interface AIPerformanceSummary {
  /** Look-ups: hits and misses. */
  readonly totalOperations: number
  /** hits / (hits + misses), in percent with two decimals; 0 without either. */
  readonly overallHitRate: number
  /** Of each operation that was looked up, in percent with two decimals. */
  readonly hitRateByOperation: Readonly<Record<string, number>>
  /** Look-ups and stores. */
  readonly textTierDistribution: Readonly<Record<TextTier, number>>
  readonly keyGenerationStats: KeyGenerationStats
  readonly optimizationRecommendations: readonly OptimizationRecommendation[]
  readonly inheritedStats: PerformanceStats
}

/** The same in short, with all reads of the cache. */
export interface AIOverview {
  /** hits / (hits + misses), in percent; 0 before the first read. */
  readonly hitRatio: number
  /** Reads, and responses that were stored. */
  readonly totalOperations: number
  readonly cacheHits: number
  readonly cacheMisses: number
  /** Of the newest ten look-ups and stores. */
  readonly recentAvgOperationTimeSeconds: number
  readonly hitsByOperation: Readonly<Record<string, number>>
  readonly missesByOperation: Readonly<Record<string, number>>
  readonly textTierDistribution: Readonly<Record<TextTier, number>>
}

export interface AIStatisticsSources {
  readonly metrics: AIMetrics
  readonly ttls: ReadonlyMap<string, Ttl>
  readonly tiers: TextSizeTiers
  readonly monitor: CachePerformanceMonitor
  readonly keys: { getKeyGenerationStats(): KeyGenerationStats }
  /** All reads of this cache. */
  readonly reads: () => { readonly hits: number; readonly misses: number; readonly hitRate: number }
  /** Entries in memory, in percent of those that there may be; `undefined` without a memory tier. */
  readonly memoryPercent: () => number | undefined
}

const RECENT = 10

/** What an AI cache answers about itself. */
export class AIStatistics {
  readonly #sources: AIStatisticsSources

  constructor(sources: AIStatisticsSources) {
    this.#sources = sources
  }

  overview(): AIOverview {
    const { metrics, reads } = this.#sources
    const { hits, misses, hitRate } = reads()
    const recent = metrics.records.slice(-RECENT)
    const byOperation = (outcome: 'hit' | 'miss'): Record<string, number> =>
      Object.fromEntries(
        Array.from(metrics.operations, ([operation, counts]) => [operation, counts[outcome]]),
      )
    return {
      hitRatio: hitRate,
      totalOperations: hits + misses + sumOf(metrics.operations.values()).stored,
      cacheHits: hits,
      cacheMisses: misses,
      recentAvgOperationTimeSeconds: mean(recent.map(({ milliseconds }) => milliseconds)) / 1_000,
      hitsByOperation: byOperation('hit'),
      missesByOperation: byOperation('miss'),
      textTierDistribution: distributionOf(metrics),
    }
  }

  summary(): AIPerformanceSummary {
    const { metrics, monitor, keys, ttls, memoryPercent } = this.#sources
    const all = sumOf(metrics.operations.values())
    const inheritedStats = monitor.getPerformanceStats()
    const rates = Array.from(metrics.operations).flatMap(([operation, counts]) => {
      const rate = hitRateOf(counts)
      return rate === undefined ? [] : [[operation, twoDecimals(rate)] as const]
    })
    return {
      totalOperations: all.hit + all.miss,
      overallHitRate: twoDecimals(hitRateOf(all) ?? 0),
      hitRateByOperation: Object.fromEntries(rates),
      textTierDistribution: distributionOf(metrics),
      keyGenerationStats: keys.getKeyGenerationStats(),
      optimizationRecommendations: optimizationRecommendations({
        metrics,
        ttls,
        memoryPercent: memoryPercent(),
        compression: inheritedStats.compression,
      }),
      inheritedStats,
    }
  }

  textTiers(): TextTierStatistics {
    return textTierStatistics(this.#sources.metrics, this.#sources.tiers)
  }

  operations(): OperationPerformance {
    return operationPerformance(this.#sources.metrics.records, this.#sources.ttls)
  }
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100
}
