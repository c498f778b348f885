import { CacheError, ConfigurationError } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { startRedis } from '@verbatim/test-support'
import { describe, expect, test } from 'vitest'
import {
  BenchmarkConfig,
  type BenchmarkedCache,
  BenchmarkMonitor,
  CachePerformanceBenchmark,
} from '../../src/index.js'

const benchmark = new CachePerformanceBenchmark({ warmupIterations: 0 })

describe('benchmarkMemoryCachePerformance', () => {
  test('counts the hits of the memory tier with a monitor', async () => {
    const monitor = new BenchmarkMonitor()
    const cache = new InMemoryCache({ performanceMonitor: monitor, maxSize: 100_000 })
    const monitored = new CachePerformanceBenchmark({ monitor, warmupIterations: 0 })
    const result = await monitored.benchmarkMemoryCachePerformance(cache, { iterations: 40 })
    const { evictionTestEntries = 0, ...metadata } = result.metadata
    expect(metadata).toMatchObject({
      cacheHits: 30,
      cacheMisses: 0,
      memoryHits: 30,
      redisHits: 0,
      memoryHitRate: 100,
      overallHitRate: 100,
      hasMemoryCache: true,
    })
    expect(evictionTestEntries).toBeGreaterThan(1_000)
    expect(result.iterations).toBe(20 + 30 + evictionTestEntries)
    expect(result.samplesMs).toHaveLength(result.iterations)
    expect(cache.getStats().totalEntries).toBe(0)
  })

  test('counts the hits of each tier of a cache with Redis', async () => {
    await using redis = await startRedis()
    const monitor = new BenchmarkMonitor()
    const cache = new GenericRedisCache({
      redisUrl: redis.url,
      enableL1Cache: false,
      performanceMonitor: monitor,
    })
    await cache.connect()
    try {
      const monitored = new CachePerformanceBenchmark({ monitor, warmupIterations: 0 })
      const { metadata } = await monitored.benchmarkMemoryCachePerformance(cache, {
        iterations: 40,
      })
      expect(metadata).toMatchObject({ memoryHits: 0, redisHits: 30, hasMemoryCache: false })
    } finally {
      await cache.close()
    }
  })

  test('does not guess the tier without a monitor', async () => {
    const { metadata } = await benchmark.benchmarkMemoryCachePerformance(new InMemoryCache(), {
      iterations: 4,
    })
    expect(metadata).not.toHaveProperty('memoryHits')
    expect(metadata).not.toHaveProperty('hasMemoryCache')
    expect(metadata.overallHitRate).toBe(100)
  })
})

describe('benchmarkCompressionEfficiency', () => {
  test('measures the bytes before and after compression', async () => {
    await using redis = await startRedis()
    const monitor = new BenchmarkMonitor()
    const cache = new GenericRedisCache({ redisUrl: redis.url, performanceMonitor: monitor })
    await cache.connect()
    try {
      const monitored = new CachePerformanceBenchmark({ monitor, warmupIterations: 0 })
      const result = await monitored.benchmarkCompressionEfficiency(cache, { iterations: 3 })
      const { metadata, compressionRatio = 0, compressionSavingsMb = 0 } = result
      expect(metadata).toMatchObject({ hasCompression: true, compressionTestTypes: 4 })
      expect(compressionRatio).toBeGreaterThan(0.05)
      expect(compressionRatio).toBeLessThan(0.95)
      expect(compressionSavingsMb).toBeGreaterThan(0)
      expect(metadata.compressionSavingsPercent).toBeCloseTo((1 - compressionRatio) * 100, 9)
      expect(result.iterations).toBe(12)
    } finally {
      await cache.close()
    }
  })

  test('reports no compression of a cache that does not compress', async () => {
    const monitor = new BenchmarkMonitor()
    const cache = new InMemoryCache({ performanceMonitor: monitor })
    const monitored = new CachePerformanceBenchmark({ monitor, warmupIterations: 0 })
    const result = await monitored.benchmarkCompressionEfficiency(cache, { iterations: 1 })
    expect(result.metadata).toMatchObject({ hasCompression: false, totalOriginalBytes: 0 })
    expect(result).not.toHaveProperty('compressionRatio')
  })
})

class MapCache implements BenchmarkedCache {
  readonly #values = new Map<string, unknown>()

  async get<T>(key: string): Promise<T | undefined> {
    return this.#values.get(key) as T | undefined
  }

  async set(key: string, value: unknown): Promise<void> {
    this.#values.set(key, value)
  }

  async exists(key: string): Promise<boolean> {
    return this.#values.has(key)
  }

  async delete(key: string): Promise<boolean> {
    return this.#values.delete(key)
  }
}

describe('runComprehensiveBenchmarkSuite', () => {
  test('runs all scenarios and remembers the suite', async () => {
    const suites = new CachePerformanceBenchmark({ warmupIterations: 0 })
    const suite = await suites.runComprehensiveBenchmarkSuite(new MapCache(), { iterations: 8 })
    expect(suite).toMatchObject({
      passRate: 1,
      failedBenchmarks: [],
      performanceGrade: 'Excellent',
    })
    expect(suite.results.map(({ operationType }) => operationType)).toEqual([
      'basic_operations',
      'memory_cache_performance',
      'compression_efficiency',
    ])
    expect(suites.history).toEqual([suite])
  })

  test('lists a scenario that fails and runs the others', async () => {
    class NoLongTexts extends MapCache {
      override async set(key: string, value: unknown): Promise<void> {
        if (key.startsWith('compression')) throw new Error('too long')
        await super.set(key, value)
      }

      override async get<T>(key: string): Promise<T | undefined> {
        if (key.startsWith('compression')) throw new Error('too long')
        return super.get(key)
      }
    }
    const suite = await benchmark.runComprehensiveBenchmarkSuite(new NoLongTexts(), {
      iterations: 4,
    })
    expect(suite.passRate).toBeCloseTo(2 / 3, 9)
    expect(suite.failedBenchmarks).toEqual([
      {
        operationType: 'compression_efficiency',
        error: 'all 32 iterations failed: too long',
      },
    ])
  })

  test('omits compression on request and with a configuration', async () => {
    const config = new BenchmarkConfig({ enableCompressionTests: false, defaultIterations: 4 })
    const configured = new CachePerformanceBenchmark({ config })
    const suite = await configured.runComprehensiveBenchmarkSuite(new MapCache())
    expect(suite.results).toHaveLength(2)
    expect(suite.results[0]?.iterations).toBe(4)
    const asked = await configured.runComprehensiveBenchmarkSuite(new MapCache(), {
      includeCompression: true,
    })
    expect(asked.results).toHaveLength(3)
  })
})

test('a scenario with a call that hangs ends after the timeout', async () => {
  class HangingCache extends MapCache {
    override get<T>(): Promise<T | undefined> {
      return new Promise(() => undefined)
    }
  }
  const config = new BenchmarkConfig({ timeoutSeconds: 0.05 })
  const run = new CachePerformanceBenchmark({ config }).benchmarkBasicOperations(new HangingCache())
  await expect(run).rejects.toThrow(CacheError)
  await expect(run).rejects.toThrow('basic_operations did not finish within 0.05 seconds')
})

test.each([
  [{ config: {} }, 'config must be a BenchmarkConfig; received an object'],
  [{ monitor: {} }, 'monitor must be a BenchmarkMonitor; received an object'],
])('the options %j are rejected', (options, message) => {
  const create = (): unknown => new CachePerformanceBenchmark(options as never)
  expect(create).toThrow(ConfigurationError)
  expect(create).toThrow(message)
})
