import { expect, test } from 'vitest'
import { CachePerformanceMonitor } from '../../src/index.js'

type Work = (monitor: CachePerformanceMonitor) => void

const reads =
  (hits: number, misses: number): Work =>
  (monitor) => {
    for (let count = 0; count < hits; count++) monitor.observeOperation('get', 'hit', 'memory', 1)
    for (let count = 0; count < misses; count++)
      monitor.observeOperation('get', 'miss', 'memory', 1)
  }

const compressions =
  (count: number, after: number): Work =>
  (monitor) => {
    for (let done = 0; done < count; done++) monitor.observeCompression(1_000, after, 1)
  }

const slowOnes =
  (slow: number, all: number): Work =>
  (monitor) => {
    for (let done = 0; done < all; done++) {
      monitor.observeOperation('set', 'ok', 'redis', done < slow ? 51 : 50)
    }
  }

test.each<[what: string, work: Work, messages: string[]]>([
  ['no operation', () => {}, []],
  ['few reads', reads(0, 99), []],
  ['many misses', reads(29, 71), ['29.0 % of 100 reads were hits.']],
  ['enough hits', reads(30, 70), []],
  ['few compressions', compressions(19, 990), []],
  [
    'compression that saves little',
    compressions(20, 901),
    ['Compression saves 9.9 % of 20 values.'],
  ],
  ['compression that pays', compressions(20, 900), []],
  ['a few slow operations', slowOnes(4, 100), []],
  ['slow operations', slowOnes(5, 100), ['5 of the last 100 operations took longer than 50 ms.']],
  [
    'an impossible record',
    (monitor) => monitor.observeInvalidation(-1, 1),
    ['1 records had an impossible number or an unknown operation.'],
  ],
])('getRecommendations after %s', (_what, work, messages) => {
  const monitor = new CachePerformanceMonitor()
  work(monitor)
  const advice = monitor.getRecommendations()
  expect(advice.map(({ message }) => message)).toEqual(messages)
  for (const { suggestions } of advice) expect(suggestions.length).toBeGreaterThan(0)
})

test('getRecommendations returns the most severe first, memory and invalidations included', () => {
  const monitor = new CachePerformanceMonitor()
  monitor.recordInvalidationEvent({ pattern: 'a*', keysInvalidated: 0, duration: 1 })
  reads(0, 100)(monitor)
  monitor.recordMemoryUsage({
    memoryCacheBytes: 200_000_000,
    memoryCacheEntries: 95,
    memoryCacheMaxEntries: 100,
  })
  expect(monitor.getRecommendations().map(({ severity, issue }) => `${severity} ${issue}`)).toEqual(
    [
      'critical memory_usage',
      'warning low_hit_rate',
      'info memory_usage',
      'info dominant_invalidation_pattern',
      'info low_invalidation_efficiency',
    ],
  )
})
