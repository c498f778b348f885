import type { ResponseOutcome, TextSize } from '@verbatim/cache-core'
import { CachePerformanceMonitor, type ResponseFigures } from '@verbatim/cache-monitoring'
import { describe, expect, test } from 'vitest'
import { operationPerformance } from '../../src/statistics/operation-performance.js'
import { responseRecommendations } from '../../src/statistics/recommendations.js'
import { textSizeStatistics } from '../../src/statistics/text-size-statistics.js'

const SIZES = { small: 500, medium: 5_000, large: 50_000 }
const NO_TTLS: ReadonlyMap<string, number> = new Map()

interface Observed {
  readonly operation?: string
  readonly size?: TextSize
  readonly outcome?: ResponseOutcome
  readonly milliseconds?: number
  readonly times?: number
}

/** Returns the figures of a monitor that has observed these lookups and stores. */
function figuresOf(...observed: readonly Observed[]): ResponseFigures {
  const monitor = new CachePerformanceMonitor()
  for (const { times = 1, ...each } of observed) {
    const { operation = 'qa', outcome = 'hit', milliseconds = 50, size = 'small' } = each
    for (let time = 0; time < times; time++) {
      monitor.observeResponse(operation, undefined, outcome, milliseconds, size)
    }
  }
  return monitor.getResponseFigures()
}

describe('operationPerformance', () => {
  test.each<[durations: number[], p50: number, p95: number, p99: number]>([
    [Array.from({ length: 100 }, (_, index) => index + 1), 51, 96, 100],
    [[45, 50], 50, 50, 50],
    [[7], 7, 7, 7],
  ])('of %j has the percentiles %d, %d and %d', (durations, p50, p95, p99) => {
    const figures = figuresOf(...durations.map((milliseconds) => ({ milliseconds })))
    const { operations } = operationPerformance(figures.recent, new Map([['qa', 1_800]]))
    expect(operations['qa']).toMatchObject({
      percentiles: { p50, p95, p99 },
      sampleCount: durations.length,
      configuredTtl: 1_800,
    })
  })

  test('names the fastest and the slowest operation', () => {
    const figures = figuresOf(
      { operation: 'qa', milliseconds: 10 },
      { operation: 'qa', milliseconds: 30 },
      { operation: 'summarize', milliseconds: 50 },
    )
    const performance = operationPerformance(figures.recent, NO_TTLS)
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

describe('textSizeStatistics', () => {
  test('has hit rates, durations and ranks', () => {
    const figures = figuresOf(
      { size: 'small', outcome: 'hit', times: 3, milliseconds: 20 },
      { size: 'small', outcome: 'miss', milliseconds: 60 },
      { size: 'small', outcome: 'stored', milliseconds: 0 },
      { size: 'large', outcome: 'hit', milliseconds: 0.5 },
    )
    const statistics = textSizeStatistics(figures, SIZES)
    expect(statistics).toMatchObject({
      tierConfiguration: SIZES,
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

  test('has no rank for a size without one of the newest thousand measurements', () => {
    const figures = figuresOf(
      { size: 'large', outcome: 'hit', milliseconds: 9_000 },
      { size: 'small', outcome: 'hit', milliseconds: 10, times: 1_000 },
    )
    const statistics = textSizeStatistics(figures, SIZES)
    expect(statistics.tierHitRates).toEqual({ small: 100, large: 100 })
    expect(statistics.performanceRankings).toEqual([{ tier: 'small', score: 10_000 }])
  })

  test.each<[observed: Observed, findings: string[]]>([
    [{ size: 'medium', outcome: 'miss', milliseconds: 101 }, ['low_hit_rate', 'slow']],
    [{ size: 'medium', outcome: 'stored', milliseconds: 100 }, []],
    [{ size: 'xlarge', outcome: 'hit' }, ['high_hit_rate', 'long_texts_hit']],
  ])('of %j has the findings %j', (observed, findings) => {
    const { tierFindings } = textSizeStatistics(figuresOf(observed), SIZES)
    expect(tierFindings.map(({ finding }) => finding)).toEqual(findings)
  })
})

describe('responseRecommendations', () => {
  const issues = (
    responses: ResponseFigures,
    more: Partial<Parameters<typeof responseRecommendations>[0]> = {},
  ): string[] =>
    responseRecommendations({
      responses,
      ttls: NO_TTLS,
      memoryPercent: undefined,
      compression: undefined,
      ...more,
    }).map(({ severity, issue }) => `${severity}: ${issue}`)

  test.each<[hits: number, misses: number, expected: string[]]>([
    [2, 7, []],
    [0, 10, ['warning: low_hit_rate']],
    [29, 71, ['warning: low_hit_rate']],
    [30, 70, []],
    [90, 10, []],
    [91, 9, ['info: high_hit_rate']],
  ])('after %i hits and %i misses', (times, misses, expected) => {
    const figures = figuresOf({ times, outcome: 'hit' }, { times: misses, outcome: 'miss' })
    expect(issues(figures)).toEqual(expected)
  })

  test('concern the text sizes', () => {
    const short = { times: 20, outcome: 'stored' } as const
    const long = { size: 'xlarge', outcome: 'stored' } as const
    expect(issues(figuresOf(short, { ...long, times: 5 }))).toEqual([])
    expect(issues(figuresOf(short, { ...long, times: 6 }))).toEqual(['info: many_long_texts'])
    expect(issues(figuresOf({ times: 11, size: 'medium', outcome: 'stored' }))).toEqual([
      'info: few_short_texts',
    ])
  })

  test('concern memory, except for a cache that has just started', () => {
    const old = figuresOf({ times: 100, outcome: 'stored' })
    const young = figuresOf({ times: 99, outcome: 'stored' })
    expect(issues(old, { memoryPercent: 91 })).toEqual(['warning: memory_full'])
    expect(issues(old, { memoryPercent: 90 })).toEqual([])
    expect(issues(old, { memoryPercent: 30 })).toEqual([])
    expect(issues(old, { memoryPercent: 29 })).toEqual(['info: memory_mostly_empty'])
    expect(issues(young, { memoryPercent: 29 })).toEqual([])
  })

  test.each<[times: number, milliseconds: number, ttl: number | null, expected: string[]]>([
    [5, 99, 3_600, ['info: short_ttl']],
    [4, 99, 3_600, []],
    [5, 100, 3_600, []],
    [5, 99, 7_200, []],
    [5, 99, null, []],
  ])('after %i lookups of %d ms with a TTL of %s', (times, milliseconds, ttl, expected) => {
    const figures = figuresOf({ times, milliseconds, outcome: 'stored' })
    expect(issues(figures, { ttls: new Map([['qa', ttl]]) })).toEqual(expected)
  })

  test.each([
    [11, 0.81, ['info: compression_in_vain']],
    [10, 0.81, []],
    [11, 0.8, []],
  ])('after %i values were compressed to %d', (totalOperations, avgCompressionRatio, expected) => {
    const compression = { totalOperations, avgCompressionRatio } as never
    expect(issues(figuresOf(), { compression })).toEqual(expected)
  })
})
