import { describe, expect, test } from 'vitest'
import { AIMetrics, type AIOutcome } from '../../src/metrics/ai-metrics.js'
import { operationPerformance } from '../../src/metrics/operation-performance.js'
import { optimizationRecommendations } from '../../src/metrics/optimization.js'
import type { TextTier } from '../../src/metrics/text-tier.js'
import { textTierStatistics } from '../../src/metrics/text-tier-statistics.js'

const TIERS = { small: 500, medium: 5_000, large: 50_000 }
const NO_TTLS: ReadonlyMap<string, number> = new Map()

interface Done {
  readonly operation?: string
  readonly tier?: TextTier
  readonly outcome?: AIOutcome
  readonly milliseconds?: number
}

function metricsOf(...done: readonly (Done & { readonly times?: number })[]): AIMetrics {
  const metrics = new AIMetrics()
  for (const { times = 1, ...each } of done) {
    for (let time = 0; time < times; time++) {
      metrics.add({ operation: 'qa', tier: 'small', outcome: 'hit', milliseconds: 50, ...each })
    }
  }
  return metrics
}

describe('what is kept', () => {
  test('is counts of all, and the newest thousand records in their order', () => {
    const metrics = new AIMetrics()
    for (let milliseconds = 1; milliseconds <= 2_500; milliseconds++) {
      metrics.add({ operation: 'qa', tier: 'small', outcome: 'hit', milliseconds })
    }
    expect(metrics.operations.get('qa')).toMatchObject({ hit: 2_500, miss: 0, stored: 0 })
    const kept = metrics.records.map(({ milliseconds }) => milliseconds)
    expect(kept).toEqual(Array.from({ length: 1_000 }, (_, index) => 1_501 + index))
  })

  test('names a hundred operations', () => {
    const metrics = metricsOf(
      ...Array.from({ length: 150 }, (_, index) => ({ operation: `op-${index}` })),
    )
    expect(metrics.operations.size).toBe(101)
    expect(metrics.operations.get('other')?.hit).toBe(50)
  })
})

describe('how long operations take', () => {
  test.each<[durations: number[], p50: number, p95: number, p99: number]>([
    [Array.from({ length: 100 }, (_, index) => index + 1), 51, 96, 100],
    [[45, 50], 50, 50, 50],
    [[7], 7, 7, 7],
  ])('%j', (durations, p50, p95, p99) => {
    const metrics = metricsOf(...durations.map((milliseconds) => ({ milliseconds })))
    const { operations } = operationPerformance(metrics.records, new Map([['qa', 1_800]]))
    expect(operations['qa']).toMatchObject({
      percentiles: { p50, p95, p99 },
      sampleCount: durations.length,
      configuredTtl: 1_800,
    })
  })

  test('the fastest and the slowest are told', () => {
    const metrics = metricsOf(
      { operation: 'qa', milliseconds: 10 },
      { operation: 'qa', milliseconds: 30 },
      { operation: 'summarize', milliseconds: 50 },
    )
    const performance = operationPerformance(metrics.records, NO_TTLS)
    expect(performance.summary).toEqual({
      totalOperationsMeasured: 3,
      totalOperationTypes: 2,
      overallAvgDurationMs: 30,
      fastestOperation: 'qa',
      slowestOperation: 'summarize',
    })
    expect(performance.operations['qa']).not.toHaveProperty('configuredTtl')
    expect(operationPerformance([], NO_TTLS)).toEqual({
      operations: {},
      summary: { totalOperationsMeasured: 0, totalOperationTypes: 0 },
    })
  })
})

describe('tiers of texts', () => {
  test('have their hit rates, times and ranks', () => {
    const metrics = metricsOf(
      { tier: 'small', outcome: 'hit', times: 3, milliseconds: 20 },
      { tier: 'small', outcome: 'miss', milliseconds: 60 },
      { tier: 'small', outcome: 'stored', milliseconds: 0 },
      { tier: 'large', outcome: 'hit', milliseconds: 0.5 },
    )
    const statistics = textTierStatistics(metrics, TIERS)
    expect(statistics).toMatchObject({
      tierConfiguration: TIERS,
      tierDistribution: { small: 5, medium: 0, large: 1, xlarge: 0 },
      tierHitRates: { small: 75, large: 100 },
      averageResponseTimes: { small: { avgMs: 24, minMs: 0, maxMs: 60, sampleCount: 5 } },
      performanceRankings: [
        { tier: 'large', score: 100_000 },
        { tier: 'small', score: 75_000 / 24 },
      ],
      dataCompleteness: {
        recordedTiers: ['small', 'large'],
        missingTiers: ['medium', 'xlarge'],
        completenessPercentage: 50,
      },
    })
    expect(statistics.tierFindings).toEqual([
      { tier: 'small', finding: 'small_texts_missed', value: 75 },
      { tier: 'large', finding: 'high_hit_rate', value: 100 },
      { tier: 'large', finding: 'fast', value: 0.5 },
    ])
  })

  test('have no rank when none of the newest thousand records is theirs', () => {
    const metrics = metricsOf(
      { tier: 'large', outcome: 'hit', milliseconds: 9_000 },
      { tier: 'small', outcome: 'hit', milliseconds: 10, times: 1_000 },
    )
    const statistics = textTierStatistics(metrics, TIERS)
    expect(statistics.tierHitRates).toEqual({ small: 100, large: 100 })
    expect(statistics.performanceRankings).toEqual([{ tier: 'small', score: 10_000 }])
  })

  test.each<[done: Done & { times?: number }, findings: string[]]>([
    [{ tier: 'medium', outcome: 'miss', milliseconds: 101 }, ['low_hit_rate', 'slow']],
    [{ tier: 'medium', outcome: 'stored', milliseconds: 100 }, []],
    [{ tier: 'xlarge', outcome: 'hit' }, ['high_hit_rate', 'long_texts_hit']],
  ])('%j: %j', (done, findings) => {
    const { tierFindings } = textTierStatistics(metricsOf(done), TIERS)
    expect(tierFindings.map(({ finding }) => finding)).toEqual(findings)
  })
})

describe('recommendations', () => {
  const titles = (
    metrics: AIMetrics,
    more: Partial<Parameters<typeof optimizationRecommendations>[0]> = {},
  ): string[] =>
    optimizationRecommendations({
      metrics,
      ttls: NO_TTLS,
      memoryPercent: undefined,
      compression: undefined,
      ...more,
    }).map(({ priority, title }) => `${priority}: ${title}`)

  test.each<[hits: number, misses: number, titles: string[]]>([
    [2, 7, []],
    [0, 10, ['high: qa is rarely hit']],
    [29, 71, ['high: qa is rarely hit']],
    [30, 70, []],
    [90, 10, []],
    [91, 9, ['low: qa is mostly hit']],
  ])('%i hits and %i misses', (times, misses, expected) => {
    const metrics = metricsOf({ times, outcome: 'hit' }, { times: misses, outcome: 'miss' })
    expect(titles(metrics)).toEqual(expected)
  })

  test('by the length of texts', () => {
    const short = { times: 20, outcome: 'stored' } as const
    const long = { tier: 'xlarge', outcome: 'stored' } as const
    expect(titles(metricsOf(short, { ...long, times: 5 }))).toEqual([])
    expect(titles(metricsOf(short, { ...long, times: 6 }))).toEqual([
      'medium: Many texts are very long',
    ])
    expect(titles(metricsOf({ times: 11, tier: 'medium', outcome: 'stored' }))).toEqual([
      'low: Few texts are short',
    ])
  })

  test('by memory, but not of a cache that has just begun', () => {
    const old = metricsOf({ times: 100, outcome: 'stored' })
    const young = metricsOf({ times: 99, outcome: 'stored' })
    expect(titles(old, { memoryPercent: 91 })).toEqual(['high: Memory is full'])
    expect(titles(old, { memoryPercent: 90 })).toEqual([])
    expect(titles(old, { memoryPercent: 30 })).toEqual([])
    expect(titles(old, { memoryPercent: 29 })).toEqual(['low: Memory is mostly empty'])
    expect(titles(young, { memoryPercent: 29 })).toEqual([])
  })

  test.each<[times: number, milliseconds: number, ttl: number | null, expected: string[]]>([
    [5, 99, 3_600, ['medium: qa could be kept longer']],
    [4, 99, 3_600, []],
    [5, 100, 3_600, []],
    [5, 99, 7_200, []],
    [5, 99, null, []],
  ])('%i records of %d ms with a TTL of %s', (times, milliseconds, ttl, expected) => {
    const metrics = metricsOf({ times, milliseconds, outcome: 'stored' })
    expect(titles(metrics, { ttls: new Map([['qa', ttl]]) })).toEqual(expected)
  })

  test.each([
    [11, 0.81, ['medium: Compression saves little']],
    [10, 0.81, []],
    [11, 0.8, []],
  ])('%i values compressed to %d', (totalOperations, avgCompressionRatio, expected) => {
    const compression = { totalOperations, avgCompressionRatio } as never
    expect(titles(metricsOf(), { compression })).toEqual(expected)
  })
})
