import type { TextSize, Ttl } from '@verbatim/cache-core'
import { hitRate } from '@verbatim/cache-core/implement'
import type {
  PerformanceMonitor,
  PerformanceStats,
  Recommendation,
  ResponseOutcomes,
} from '@verbatim/cache-monitoring'
import type { RedisCacheStats } from '@verbatim/cache-redis'
import type { KeyGenerationStats } from '../keys/key-generation-stats.js'
import type { TextSizeTiers } from '../text-size.js'
import { mean } from './grouping.js'
import { type OperationPerformance, operationPerformance } from './operation-performance.js'
import { responseRecommendations } from './recommendations.js'
import {
  sizeDistribution,
  type TextSizeStatistics,
  textSizeStatistics,
} from './text-size-statistics.js'

/** Statistics of AI responses by operation and text size. Caches that share a monitor share them. */
export interface AIPerformanceSummary {
  /** Lookups that were hits or misses. */
  readonly totalOperations: number
  /** Lookups that Redis could not answer: neither hits nor misses. */
  readonly totalErrors: number
  /** hits / (hits + misses), in percent with two decimals; absent before the first hit or miss. */
  readonly overallHitRate?: number
  /** The hit rate of each operation that was looked up, in percent with two decimals. */
  readonly hitRateByOperation: Readonly<Record<string, number>>
  /** Lookups and stores by text size. */
  readonly textTierDistribution: Readonly<Record<TextSize, number>>
  readonly keyGenerationStats: KeyGenerationStats
  readonly optimizationRecommendations: readonly Recommendation[]
  /** The statistics of the monitor. */
  readonly inheritedStats: PerformanceStats
}

/** A short summary, with all reads of the cache. */
export interface AIOverview {
  /** hits / (hits + misses), in percent; absent before the first hit or miss. */
  readonly hitRatio?: number
  /** Reads that were hits or misses, and responses that were stored. */
  readonly totalOperations: number
  readonly cacheHits: number
  readonly cacheMisses: number
  /** Reads that Redis could not answer: neither hits nor misses. */
  readonly cacheErrors: number
  /** The mean of the newest ten lookups and stores; absent before the first. */
  readonly recentAvgOperationTimeSeconds?: number
  readonly hitsByOperation: Readonly<Record<string, number>>
  readonly missesByOperation: Readonly<Record<string, number>>
  /** Lookups and stores by text size. */
  readonly textTierDistribution: Readonly<Record<TextSize, number>>
}

export interface AIStatisticsSources {
  readonly monitor: Pick<PerformanceMonitor, 'getPerformanceStats' | 'getResponseFigures'>
  readonly ttls: ReadonlyMap<string, Ttl>
  readonly tiers: TextSizeTiers
  readonly keys: { getKeyGenerationStats(): KeyGenerationStats }
  /** Returns the reads of this cache. */
  readonly reads: () => Pick<RedisCacheStats, 'hits' | 'misses' | 'errors' | 'hitRate'>
  /** Returns the entries in memory in percent of their maximum; `undefined` without a memory tier. */
  readonly memoryPercent: () => number | undefined
}

const RECENT = 10

/** Reads the statistics of AI responses from the monitor of a cache. */
export class AIStatistics {
  readonly #sources: AIStatisticsSources

  constructor(sources: AIStatisticsSources) {
    this.#sources = sources
  }

  overview(): AIOverview {
    const { monitor, reads } = this.#sources
    const figures = monitor.getResponseFigures()
    const operations = [...figures.byOperation]
    const { hits, misses, errors, hitRate: hitRatio } = reads()
    const recent = figures.recent.slice(-RECENT).map(({ milliseconds }) => milliseconds)
    return {
      ...(hitRatio !== undefined && { hitRatio }),
      totalOperations: hits + misses + sumOf(figures.byOperation.values(), 'stored'),
      cacheHits: hits,
      cacheMisses: misses,
      cacheErrors: errors,
      ...(recent.length > 0 && { recentAvgOperationTimeSeconds: mean(recent) / 1_000 }),
      hitsByOperation: Object.fromEntries(operations.map(([name, { hit }]) => [name, hit])),
      missesByOperation: Object.fromEntries(operations.map(([name, { miss }]) => [name, miss])),
      textTierDistribution: sizeDistribution(figures),
    }
  }

  summary(): AIPerformanceSummary {
    const { monitor, keys, ttls, memoryPercent } = this.#sources
    const responses = monitor.getResponseFigures()
    const outcomes = [...responses.byOperation.values()]
    const [hits, misses] = [sumOf(outcomes, 'hit'), sumOf(outcomes, 'miss')]
    const overallHitRate = hitRate({ hits, misses })
    const inheritedStats = monitor.getPerformanceStats()
    const rates = Array.from(responses.byOperation).flatMap(([operation, { hit, miss }]) => {
      const rate = hitRate({ hits: hit, misses: miss })
      return rate === undefined ? [] : [[operation, twoDecimals(rate)] as const]
    })
    return {
      totalOperations: hits + misses,
      totalErrors: sumOf(outcomes, 'error'),
      ...(overallHitRate !== undefined && { overallHitRate: twoDecimals(overallHitRate) }),
      hitRateByOperation: Object.fromEntries(rates),
      textTierDistribution: sizeDistribution(responses),
      keyGenerationStats: keys.getKeyGenerationStats(),
      optimizationRecommendations: responseRecommendations({
        responses,
        ttls,
        memoryPercent: memoryPercent(),
        compression: inheritedStats.compression,
      }),
      inheritedStats,
    }
  }

  textSizes(): TextSizeStatistics {
    return textSizeStatistics(this.#sources.monitor.getResponseFigures(), this.#sources.tiers)
  }

  operations(): OperationPerformance {
    const { monitor, ttls } = this.#sources
    return operationPerformance(monitor.getResponseFigures().recent, ttls)
  }
}

function sumOf(all: Iterable<ResponseOutcomes>, outcome: keyof ResponseOutcomes): number {
  let sum = 0
  for (const outcomes of all) sum += outcomes[outcome]
  return sum
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100
}
