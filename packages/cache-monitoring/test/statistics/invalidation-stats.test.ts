import { ManualClock } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { CachePerformanceMonitor } from '../../src/index.js'

const HOUR = 3_600_000

function monitorWith(
  patterns: readonly string[],
  keysInvalidated: number,
  clock: ManualClock = new ManualClock(),
): CachePerformanceMonitor {
  const monitor = new CachePerformanceMonitor({ clock })
  for (const pattern of patterns) {
    monitor.recordInvalidationEvent({ pattern, keysInvalidated, duration: 0.25 })
  }
  return monitor
}

describe('getInvalidationFrequencyStats', () => {
  test('returns only thresholds before the first invalidation', () => {
    expect(new CachePerformanceMonitor().getInvalidationFrequencyStats()).toEqual({
      noInvalidations: true,
      totalInvalidations: 0,
      totalKeysInvalidated: 0,
      warningThresholdPerHour: 50,
      criticalThresholdPerHour: 100,
    })
  })

  test.each<[count: number, level: string]>([
    [49, 'normal'],
    [50, 'warning'],
    [99, 'warning'],
    [100, 'critical'],
  ])('%i invalidations in the last hour have the level %s', (count, currentAlertLevel) => {
    const monitor = monitorWith(
      Array.from({ length: count }, () => 'a*'),
      1,
    )
    expect(monitor.getInvalidationFrequencyStats()).toMatchObject({
      totalInvalidations: count,
      rates: { lastHour: count, last24Hours: count, averagePerHour: count / 24 },
      thresholds: { warningPerHour: 50, criticalPerHour: 100, currentAlertLevel },
    })
  })

  test('counts the invalidations of the last day beyond the retention', () => {
    const clock = new ManualClock()
    const monitor = monitorWith(['a*', 'a*', 'b*'], 2, clock)
    clock.advance(2 * HOUR)
    monitor.recordInvalidationEvent({ pattern: 'c*', keysInvalidated: 1, duration: 1 })
    expect(monitor.getInvalidationFrequencyStats()).toMatchObject({
      rates: { lastHour: 1, last24Hours: 4, averagePerHour: 4 / 24 },
      patterns: { mostCommonPatterns: { 'c*': 1 }, invalidationTypes: { manual: 1 } },
      efficiency: { avgKeysPerInvalidation: 7 / 4, avgDurationSeconds: 1, maxDurationSeconds: 1 },
    })
  })

  test('returns the ten most common patterns of the newest fifty', () => {
    const old = Array.from({ length: 30 }, () => 'old*')
    const recent = Array.from({ length: 12 }, (_, index) =>
      Array.from({ length: index < 2 ? 5 : 4 }, () => `p${index}*`),
    ).flat()
    const stats = monitorWith([...old, ...recent], 1).getInvalidationFrequencyStats()
    expect(stats).toHaveProperty('patterns.mostCommonPatterns.p0*', 5)
    expect(!stats.noInvalidations && Object.keys(stats.patterns.mostCommonPatterns)).toEqual([
      'p0*',
      'p1*',
      'p2*',
      'p3*',
      'p4*',
      'p5*',
      'p6*',
      'p7*',
      'p8*',
      'p9*',
    ])
  })
})

describe('getInvalidationRecommendations', () => {
  const issues = (monitor: CachePerformanceMonitor): string[] =>
    monitor.getInvalidationRecommendations().map(({ issue, severity }) => `${severity} ${issue}`)

  test.each<[what: string, patterns: string[], keys: number, issues: string[]]>([
    ['no invalidation', [], 1, []],
    ['two usual invalidations', ['a*', 'b*'], 5, []],
    [
      'an invalidation of no key',
      ['a*'],
      0,
      ['info dominant_invalidation_pattern', 'info low_invalidation_efficiency'],
    ],
    ['half of the invalidations with one pattern', ['a*', 'b*'], 1, []],
    [
      'more than half of the invalidations with one pattern',
      ['a*', 'a*', 'b*'],
      1,
      ['info dominant_invalidation_pattern'],
    ],
    ['a hundred keys for each', ['a*', 'b*'], 100, []],
    ['more than a hundred keys for each', ['a*', 'b*'], 101, ['warning high_invalidation_impact']],
    [
      'fifty invalidations',
      Array.from({ length: 50 }, (_, index) => `p${index % 3}*`),
      1,
      ['warning high_invalidation_frequency'],
    ],
    [
      'a hundred invalidations',
      Array.from({ length: 100 }, (_, index) => `p${index % 3}*`),
      1,
      ['critical high_invalidation_frequency'],
    ],
    ['invalidations of caches, which have no pattern', ['', '', ''], 1, []],
  ])('after %s', (_what, patterns, keys, expected) => {
    expect(issues(monitorWith(patterns, keys))).toEqual(expected)
  })

  test('returns the figure and not the pattern', () => {
    const [advice] = monitorWith(['secret*', 'secret*'], 1).getInvalidationRecommendations()
    expect(advice?.message).toBe('One pattern causes 2 of 2 invalidations.')
    expect(advice?.suggestions.length).toBeGreaterThan(0)
  })

  test('ignores invalidations that are older than the retention', () => {
    const clock = new ManualClock()
    const monitor = monitorWith(['a*'], 0, clock)
    clock.advance(HOUR)
    expect(issues(monitor)).toEqual([])
  })
})
