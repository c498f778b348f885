import { ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test, vi } from 'vitest'
import { CachePerformanceMonitor } from '../../src/index.js'

const MB = 1_048_576

describe('getMemoryUsageStats', () => {
  test('returns only thresholds before the first measurement', () => {
    expect(new CachePerformanceMonitor().getMemoryUsageStats()).toEqual({
      noMeasurements: true,
      warningThresholdMb: 50,
      criticalThresholdMb: 100,
    })
    expect(new CachePerformanceMonitor().getMemoryWarnings()).toEqual([])
  })

  test('covers both tiers, averages over all entries and compares with the warning threshold', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.recordMemoryUsage({
      memoryCacheBytes: 10 * MB,
      memoryCacheEntries: 60,
      redisBytes: 30 * MB,
      redisKeys: 40,
    })
    expect(monitor.getMemoryUsageStats()).toMatchObject({
      current: {
        totalCacheSizeMb: 40,
        memoryCacheSizeMb: 10,
        cacheEntryCount: 100,
        memoryCacheEntryCount: 60,
        avgEntrySizeBytes: 0.4 * MB,
        cacheUtilizationPercent: 80,
        warningThresholdReached: false,
      },
      thresholds: { warningThresholdReached: false, criticalThresholdReached: false },
    })
    const stats = monitor.getPerformanceStats()
    expect(stats.memoryUsage?.current.processMemoryMb).toBeGreaterThan(10)
  })

  test.each<[bytes: number, warning: boolean, critical: boolean, severity: string[]]>([
    [50 * MB - 1, false, false, []],
    [50 * MB, true, false, ['warning']],
    [100 * MB - 1, true, false, ['warning']],
    [100 * MB, true, true, ['critical']],
  ])('reports for %i bytes: warning %s, critical %s', (bytes, warning, critical, severity) => {
    const monitor = new CachePerformanceMonitor()
    monitor.recordMemoryUsage({ memoryCacheBytes: bytes, memoryCacheEntries: 1 })
    expect(monitor.getMemoryUsageStats()).toMatchObject({
      thresholds: { warningThresholdReached: warning, criticalThresholdReached: critical },
    })
    expect(monitor.getMemoryWarnings().map((each) => each.severity)).toEqual(severity)
  })

  test('computes trends over the newest ten measurements', () => {
    const clock = new ManualClock()
    const monitor = new CachePerformanceMonitor({ clock })
    for (let count = 1; count <= 12; count++) {
      monitor.recordMemoryUsage({ memoryCacheBytes: count * MB, memoryCacheEntries: count * 10 })
      clock.advance(60_000)
    }
    expect(monitor.getMemoryUsageStats()).toMatchObject({
      trends: {
        totalMeasurements: 10,
        avgTotalCacheSizeMb: 7.5,
        maxTotalCacheSizeMb: 12,
        avgMemoryCacheSizeMb: 7.5,
        avgEntryCount: 75,
        maxEntryCount: 120,
        growthRateMbPerHour: 60,
      },
    })
  })

  test('has no growth rate after one measurement', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.recordMemoryUsage({ memoryCacheBytes: 0, memoryCacheEntries: 0 })
    const stats = monitor.getMemoryUsageStats()
    expect(stats).not.toHaveProperty('current.avgEntrySizeBytes')
    expect(stats).not.toHaveProperty('trends.growthRateMbPerHour')
  })

  test.each([
    [90, 100, 0],
    [91, 100, 1],
    [95, 1_000, 0],
    [901, 1_000, 1],
  ])('of %i of %i entries has %i recommendations', (entries, maxEntries, notes) => {
    const monitor = new CachePerformanceMonitor()
    monitor.recordMemoryUsage({
      memoryCacheBytes: 1,
      memoryCacheEntries: entries,
      memoryCacheMaxEntries: maxEntries,
    })
    expect(monitor.getMemoryWarnings().filter(({ severity }) => severity === 'info')).toHaveLength(
      notes,
    )
  })

  test.each([
    { memoryCacheBytes: -1, memoryCacheEntries: 1 },
    { memoryCacheBytes: 1, memoryCacheEntries: Number.NaN },
    { memoryCacheBytes: 1, memoryCacheEntries: 1, memoryCacheMaxEntries: -1 },
    { memoryCacheBytes: 1, memoryCacheEntries: 1, redisBytes: Number.POSITIVE_INFINITY },
    { memoryCacheBytes: 1, memoryCacheEntries: 1, redisKeys: -1 },
  ])('rejects the record %j', (record) => {
    const monitor = new CachePerformanceMonitor()
    monitor.recordMemoryUsage(record)
    expect(monitor.getPerformanceStats()).toMatchObject({ rejectedRecords: 1 })
    expect(monitor.getMemoryUsageStats().noMeasurements).toBe(true)
  })
})

describe('sampling', () => {
  test('measures all caches at the interval, also under fake timers', async () => {
    vi.useFakeTimers()
    const monitor = new CachePerformanceMonitor({
      sampleIntervalSeconds: 0.02,
      memoryWarningThresholdBytes: 7,
    })
    vi.useRealTimers()
    const alerts = vi.fn()
    monitor.on('alert', alerts)
    const options = { performanceMonitor: monitor, maxSize: 10 }
    const [one, other] = [new InMemoryCache(options), new InMemoryCache(options)]
    await one.set('a', 'xx')
    await other.set('b', 'yyy')
    await vi.waitFor(
      () =>
        expect(monitor.getMemoryUsageStats()).toMatchObject({ current: { cacheEntryCount: 2 } }),
      { timeout: 5_000 },
    )
    expect(alerts).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ name: 'cache_size', threshold: 7 }),
      'raised',
    )
    monitor.close()
  })

  test('happens before statistics are returned, if it is due', async () => {
    const clock = new ManualClock()
    const monitor = new CachePerformanceMonitor({ clock, sampleIntervalSeconds: 5 })
    const cache = new InMemoryCache({ performanceMonitor: monitor })
    const measured = (): number[] =>
      monitor.exportMetrics().memory_usage_measurements.map((each) => each.total_cache_size_bytes)
    expect(measured()).toEqual([0])
    await cache.set('a', 'xx')
    clock.advance(4_999)
    expect(measured()).toEqual([0])
    clock.advance(1)
    const { bytes } = cache.memoryUse()
    expect(bytes).toBeGreaterThan(0)
    expect(measured()).toEqual([0, bytes])
    expect(measured()).toEqual([0, bytes])
  })

  test('skips a cache that fails to return its size', () => {
    const monitor = new CachePerformanceMonitor({ clock: new ManualClock() })
    const failing = {
      memoryUse: () => {
        throw new Error('a cache of somebody else')
      },
    }
    const sound = { memoryUse: () => ({ entries: 1, maxEntries: 2, bytes: 3 }) }
    monitor.observeMemory(failing)
    monitor.observeMemory(sound)
    monitor.sample()
    expect(monitor.getMemoryUsageStats()).toMatchObject({ current: { cacheEntryCount: 1 } })
  })

  test('keeps neither an unused monitor nor an unused cache alive', async () => {
    const collected: string[] = []
    const registry = new FinalizationRegistry<string>((what) => collected.push(what))
    const monitor = new CachePerformanceMonitor()
    const make = (): void => {
      registry.register(new CachePerformanceMonitor({ sampleIntervalSeconds: 0.01 }), 'monitor')
      registry.register(new InMemoryCache({ performanceMonitor: monitor }), 'cache')
    }
    make()
    const collectGarbage = await garbageCollector()
    await vi.waitFor(
      () => {
        collectGarbage()
        expect(collected.toSorted()).toEqual(['cache', 'monitor'])
      },
      { timeout: 5_000 },
    )
    monitor.sample()
    expect(monitor.getMemoryUsageStats().noMeasurements).toBe(true)
  })
})

async function garbageCollector(): Promise<() => void> {
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
