import { ManualClock } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import { CachePerformanceMonitor } from '../../src/index.js'

function monitorOf(seconds: readonly number[]): CachePerformanceMonitor {
  const monitor = new CachePerformanceMonitor({ clock: new ManualClock(0) })
  for (const duration of seconds) {
    monitor.recordCacheOperationTime({ operation: 'get', duration, cacheHit: true })
    monitor.recordKeyGenerationTime({ duration, textLength: 1, operationType: 'qa' })
    monitor.recordCompressionRatio({
      originalSize: 1,
      compressedSize: 1,
      compressionTime: duration,
    })
  }
  return monitor
}

test.each<[seconds: number[], multiplier: number, slow: number[]]>([
  [[], 2, []],
  [[1], 2, []],
  [[1], 1, [1]],
  [[0, 0, 0], 2, []],
  // The fastest four of five take 1 on average; twice that is slow, at exactly twice too.
  [[1, 1, 1, 1, 1.9], 2, []],
  [[1, 1, 1, 1, 2], 2, [2]],
  [[5, 1, 1, 1, 1], 5, [5]],
  // By the mean of all, 20.8, the 30 would not stand out at twice that.
  [[1, 1, 1, 1, 1, 1, 1, 1, 30, 170], 2, [30, 170]],
])('of %j, those that took %d times as long as usual are %j', (seconds, multiplier, slow) => {
  const { cacheOperations, keyGeneration, compression } =
    monitorOf(seconds).getRecentSlowOperations(multiplier)
  for (const section of [cacheOperations, keyGeneration, compression]) {
    expect(section.map(({ durationSeconds }) => durationSeconds)).toEqual(slow)
  }
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '2', null])(
  'getRecentSlowOperations rejects the multiplier %j',
  (multiplier) => {
    expect(() => monitorOf([1]).getRecentSlowOperations(multiplier as number)).toThrow(
      'multiplier must be a finite number above 0; received',
    )
  },
)

test('a slow operation has its type, its time and the factor', () => {
  expect(monitorOf([1, 1, 1, 1, 4]).getRecentSlowOperations()).toMatchObject({
    cacheOperations: [
      {
        operationType: 'get',
        durationSeconds: 4,
        timestamp: '1970-01-01T00:00:00.000Z',
        timesSlower: 4,
      },
    ],
    keyGeneration: [{ operationType: 'qa', timesSlower: 4 }],
    compression: [{ operationType: '', timesSlower: 4 }],
  })
})
