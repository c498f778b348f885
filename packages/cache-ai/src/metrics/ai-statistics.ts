import type { Ttl } from '@verbatim/cache-core'
import type { PerformanceMonitor, PerformanceStats } from '@verbatim/cache-monitoring'
import type { RedisCacheStats } from '@verbatim/cache-redis'
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
  /** Look-ups that Redis could not answer: neither hits nor misses. */
  readonly totalErrors: number
  /** hits / (hits + misses), in percent with two decimals; left out without either. */
  readonly overallHitRate?: number
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
  /** hits / (hits + misses), in percent; left out before the first read that was answered. */
  readonly hitRatio?: number
  /** Reads that were answered, and responses that were stored. */
  readonly totalOperations: number
  readonly cacheHits: number
  readonly cacheMisses: number
  /** Reads that Redis could not answer: neither hits nor misses. */
  readonly cacheErrors: number
  /** Of the newest ten look-ups and stores; left out before the first. */
  readonly recentAvgOperationTimeSeconds?: number
  readonly hitsByOperation: Readonly<Record<string, number>>
  readonly missesByOperation: Readonly<Record<string, number>>
  readonly textTierDistribution: Readonly<Record<TextTier, number>>
}

export interface AIStatisticsSources {
  readonly metrics: AIMetrics
  readonly ttls: ReadonlyMap<string, Ttl>
  readonly tiers: TextSizeTiers
  readonly monitor: Pick<PerformanceMonitor, 'getPerformanceStats'>
  readonly keys: { getKeyGenerationStats(): KeyGenerationStats }
  /** All reads of this cache. */
  readonly reads: () => Pick<RedisCacheStats, 'hits' | 'misses' | 'errors' | 'hitRate'>
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
    const { hits, misses, errors, hitRate } = reads()
    const recent = metrics.records.slice(-RECENT)
    const byOperation = (outcome: 'hit' | 'miss'): Record<string, number> =>
      Object.fromEntries(
        Array.from(metrics.operations, ([operation, counts]) => [operation, counts[outcome]]),
      )
    return {
      ...(hitRate !== undefined && { hitRatio: hitRate }),
      totalOperations: hits + misses + sumOf(metrics.operations.values()).stored,
      cacheHits: hits,
      cacheMisses: misses,
      cacheErrors: errors,
      ...(recent.length > 0 && {
        recentAvgOperationTimeSeconds: mean(recent.map(({ milliseconds }) => milliseconds)) / 1_000,
      }),
      hitsByOperation: byOperation('hit'),
      missesByOperation: byOperation('miss'),
      textTierDistribution: distributionOf(metrics),
    }
  }

  summary(): AIPerformanceSummary {
    const { metrics, monitor, keys, ttls, memoryPercent } = this.#sources
    const all = sumOf(metrics.operations.values())
    const overallHitRate = hitRateOf(all)
    const inheritedStats = monitor.getPerformanceStats()
    const rates = Array.from(metrics.operations).flatMap(([operation, counts]) => {
      const rate = hitRateOf(counts)
      return rate === undefined ? [] : [[operation, twoDecimals(rate)] as const]
    })
    return {
      totalOperations: all.hit + all.miss,
      totalErrors: all.error,
      ...(overallHitRate !== undefined && { overallHitRate: twoDecimals(overallHitRate) }),
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
