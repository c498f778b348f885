import { runInNewContext } from 'node:vm'
import {
  ConfigurationError,
  InfrastructureError,
  ManualClock,
  ValidationError,
} from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import {
  type BenchmarkOptions,
  CachePerformanceBenchmark,
  type CachePerformanceBenchmarkOptions,
} from '../src/index.js'
import { ClockworkCache } from './clockwork-cache.js'

describe('the result', () => {
  test('contains the durations of each operation and of whole iterations', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1))
    const benchmark = new CachePerformanceBenchmark({ warmupIterations: 0, seed: 9, clock })
    const result = await benchmark.benchmarkBasicOperations(new ClockworkCache(clock), {
      iterations: 50,
    })
    expect(result).toMatchObject({
      operationType: 'basic_operations',
      cacheName: 'ClockworkCache',
      timestamp: '2026-01-01T00:00:00.350Z',
      iterations: 50,
      durationMs: 350,
      avgDurationMs: 7,
      minDurationMs: 7,
      maxDurationMs: 7,
      p95DurationMs: 7,
      p99DurationMs: 7,
      stdDevMs: 0,
      operationsPerSecond: expect.closeTo(142.857, 3),
      successRate: 1,
      cacheHitRate: 100,
      performanceGrade: 'Good',
      operations: {
        set: { avgDurationMs: 4, operationsPerSecond: 250 },
        get: { avgDurationMs: 2, operationsPerSecond: 500 },
        exists: { avgDurationMs: 1, operationsPerSecond: 1_000 },
      },
      metadata: { warmupIterations: 0, seed: 9 },
    })
    expect(result.memoryPeakMb).toBeGreaterThan(1)
    expect(result.memoryUsageMb).toBeGreaterThanOrEqual(0)
    expect(result.metadata.environment.runtimeVersion).toBe(`Node.js ${process.versions.node}`)
  })

  test('excludes the warm-up', async () => {
    const clock = new ManualClock()
    const cache = new ClockworkCache(clock)
    const benchmark = new CachePerformanceBenchmark({ warmupIterations: 30, clock })
    const result = await benchmark.benchmarkBasicOperations(cache, { iterations: 20 })
    expect(cache.ttls).toHaveLength(50)
    expect(result.durationMs).toBe(20 * 7)
  })

  test('excludes iterations in which a call failed', async () => {
    const clock = new ManualClock()
    const cache = new (class extends ClockworkCache {
      override async exists(key: string): Promise<boolean> {
        if (Number(key.at(-1)) % 2 === 1) throw new InfrastructureError('down')
        return super.exists(key)
      }
    })(clock)
    const benchmark = new CachePerformanceBenchmark({ defaultIterations: 10, clock })
    const result = await benchmark.benchmarkBasicOperations(cache)
    expect(result).toMatchObject({ iterations: 10, successRate: 0.5, durationMs: 5 * 7 })
  })

  test('contains plausible durations of a real cache', async () => {
    const result = await new CachePerformanceBenchmark().benchmarkBasicOperations(
      new InMemoryCache(),
      { cacheName: 'memory' },
    )
    expect(result).toMatchObject({ cacheName: 'memory', iterations: 100, successRate: 1 })
    expect(result.operationsPerSecond).toBeGreaterThan(0)
    expect(result.minDurationMs).toBeLessThanOrEqual(result.p95DurationMs)
    expect(result.p95DurationMs).toBeLessThanOrEqual(result.maxDurationMs)
  })
})

test('all entries have a TTL and are deleted at the end', async () => {
  const clock = new ManualClock()
  const cache = new ClockworkCache(clock)
  await cache.set('mine', 'stays')
  await new CachePerformanceBenchmark({ clock }).benchmarkBasicOperations(cache)
  expect([...cache.entries.keys()]).toEqual(['mine'])
  expect(cache.ttls.slice(1).every((ttl) => Number(ttl) >= 300 && Number(ttl) <= 3_600)).toBe(true)
})

describe('a cache that returns wrong results', () => {
  class Forgetful extends ClockworkCache {
    override async get<T>(): Promise<T | undefined> {
      return undefined
    }
  }
  class Confused extends ClockworkCache {
    override async get<T>(_key: string): Promise<T | undefined> {
      return super.get<T>('test_key_0')
    }
  }
  class Lossy extends ClockworkCache {
    override async set(key: string, value: object): Promise<void> {
      return super.set(key, { ...value, options: {} })
    }
  }
  class Denying extends ClockworkCache {
    override async exists(): Promise<boolean> {
      return false
    }
  }

  test.each([
    ['returns undefined', Forgetful, 'get returned undefined directly after set of test_key_0'],
    [
      'returns the value of another key',
      Confused,
      'get returned another value directly after set of test_key_1',
    ],
    [
      'returns an incomplete value',
      Lossy,
      'get returned another value directly after set of test_key_0',
    ],
    [
      'returns false from exists',
      Denying,
      'exists returned false directly after set of test_key_0',
    ],
  ])('is rejected if it %s', async (_defect, Cache, message) => {
    const clock = new ManualClock()
    const cache = new Cache(clock)
    const run = new CachePerformanceBenchmark({ clock }).benchmarkBasicOperations(cache)
    await expect(run).rejects.toMatchObject({
      code: 'WRONG_ANSWER',
      message: expect.stringContaining(message),
    })
    expect(cache.entries.size).toBe(0)
  })

  test('is reported with the message of an error from another realm', async () => {
    const clock = new ManualClock()
    const cache = new (class extends ClockworkCache {
      override async set(): Promise<void> {
        throw runInNewContext("new Error('the backend is down')")
      }
    })(clock)
    const benchmark = new CachePerformanceBenchmark({ warmupIterations: 0, clock })
    const run = benchmark.benchmarkBasicOperations(cache)
    await expect(run).rejects.toThrow('all 100 iterations failed: the backend is down')
  })

  test('is rejected if every iteration fails', async () => {
    const clock = new ManualClock()
    const cache = new (class extends ClockworkCache {
      override async set(): Promise<void> {
        throw new InfrastructureError('the backend is down')
      }
    })(clock)
    const run = new CachePerformanceBenchmark({ clock }).benchmarkBasicOperations(cache)
    await expect(run).rejects.toMatchObject({
      code: 'BENCHMARK_FAILED',
      message: 'all 100 iterations failed: the backend is down',
    })
  })
})

describe('with budgetMs', () => {
  /** A cache with a size that removes its oldest entry. */
  class SmallCache {
    readonly #entries = new Map<string, unknown>()
    readonly #size: number

    constructor(size: number) {
      this.#size = size
    }

    async set(key: string, value: unknown): Promise<void> {
      this.#entries.delete(key)
      this.#entries.set(key, value)
      const [oldest = ''] = this.#entries.keys()
      if (this.#entries.size > this.#size) this.#entries.delete(oldest)
    }

    async get<T>(key: string): Promise<T | undefined> {
      return this.#entries.get(key) as T | undefined
    }

    async exists(key: string): Promise<boolean> {
      return this.#entries.has(key)
    }

    async delete(key: string): Promise<boolean> {
      return this.#entries.delete(key)
    }
  }

  const benchmark = new CachePerformanceBenchmark({ warmupIterations: 0 })

  test('the durations are means of batches, and the arithmetic stays the same', async () => {
    const cache = new SmallCache(100)
    const result = await benchmark.benchmarkBasicOperations(cache, { iterations: 50, budgetMs: 20 })
    expect(result).toMatchObject({ iterations: 50, successRate: 1, cacheHitRate: 100 })
    const { samplesMs, avgDurationMs, operations } = result
    const sum = samplesMs.reduce((total, sample) => total + sample, 0)
    expect(avgDurationMs / (sum / samplesMs.length)).toBeCloseTo(1)
    expect(Object.keys(operations)).toEqual(['set', 'get', 'exists'])
    for (const { minDurationMs } of Object.values(operations)) {
      expect(minDurationMs).toBeGreaterThan(0)
    }
    expect(await cache.exists('test_key_0')).toBe(false)
  })

  test('a cache that holds fewer entries has a hit rate below 100 %', async () => {
    const { cacheHitRate } = await benchmark.benchmarkBasicOperations(new SmallCache(10), {
      iterations: 100,
      budgetMs: 20,
    })
    expect(cacheHitRate).toBe(10)
  })

  test.each([19, 60_001, Number.NaN])('a budget of %d is rejected', async (budgetMs) => {
    const run = benchmark.benchmarkBasicOperations(new SmallCache(10), { budgetMs })
    await expect(run).rejects.toThrow('budgetMs must be an integer from 20 to 60000')
  })
})

describe('an option out of range', () => {
  test.each<[CachePerformanceBenchmarkOptions, string]>([
    [{ defaultIterations: 0 }, 'defaultIterations'],
    [{ defaultIterations: 1_000_001 }, 'defaultIterations'],
    [{ warmupIterations: -1 }, 'warmupIterations'],
    [{ warmupIterations: 0.5 }, 'warmupIterations'],
    [{ seed: 0 }, 'seed'],
    [{ seed: Number.NaN }, 'seed'],
  ])('is rejected by the constructor: %j', (options, name) => {
    const build = (): unknown => new CachePerformanceBenchmark(options)
    expect(build).toThrow(ConfigurationError)
    expect(build).toThrow(`${name} must be `)
  })

  test.each<BenchmarkOptions>([{ iterations: 0 }, { iterations: 2.5 }])(
    'is rejected by the call before it changes the cache: %j',
    async (options) => {
      const clock = new ManualClock()
      const cache = new ClockworkCache(clock)
      const run = new CachePerformanceBenchmark({ clock }).benchmarkBasicOperations(cache, options)
      await expect(run).rejects.toThrow(ConfigurationError)
      expect(cache.ttls).toEqual([])
    },
  )
})

test('arguments of a wrong type and unknown options are rejected', async () => {
  const benchmark = new CachePerformanceBenchmark()
  for (const bad of [undefined, null, 'cache', {}, new Map()] as never[]) {
    await expect(benchmark.benchmarkBasicOperations(bad)).rejects.toThrow(ValidationError)
  }
  const cache = new InMemoryCache()
  for (const bad of [null, 5, 'fast', { iteration: 5 }, { cacheName: 5 }] as never[]) {
    await expect(benchmark.benchmarkBasicOperations(cache, bad)).rejects.toThrow(ValidationError)
  }
  for (const bad of [null, 5, { iterations: 5 }, { clock: {} }] as never[]) {
    expect(() => new CachePerformanceBenchmark(bad)).toThrow(ConfigurationError)
  }
})

test('the result contains the number of warm-up iterations', async () => {
  const result = await new CachePerformanceBenchmark().benchmarkBasicOperations(new InMemoryCache())
  expect(result.metadata.warmupIterations).toBeGreaterThan(1_000)
  const cold = new CachePerformanceBenchmark({ warmupIterations: 0 })
  const { metadata } = await cold.benchmarkBasicOperations(new InMemoryCache())
  expect(metadata.warmupIterations).toBe(0)
})

test('the warm-up of a slow cache takes one second', async () => {
  const clock = new ManualClock()
  const benchmark = new CachePerformanceBenchmark({ clock })
  const result = await benchmark.benchmarkBasicOperations(new ClockworkCache(clock))
  // One iteration takes 7 ms.
  expect(result.metadata.warmupIterations).toBe(Math.ceil(1_000 / 7))
})

test.each([3, 150])(
  'a run deletes its keys when its signal is aborted after %i sets',
  async (limit) => {
    const controller = new AbortController()
    const cache = new InMemoryCache()
    let sets = 0
    const interrupting = {
      get: (key: string) => cache.get(key),
      exists: (key: string) => cache.exists(key),
      delete: (key: string) => cache.delete(key),
      set: async (key: string, value: unknown) => {
        await cache.set(key, value)
        if (++sets === limit) controller.abort(new Error('enough'))
      },
    }
    const run = new CachePerformanceBenchmark().benchmarkBasicOperations(interrupting as never, {
      signal: controller.signal,
    })
    await expect(run).rejects.toThrow('enough')
    expect([sets, cache.getStats().totalEntries]).toEqual([limit, 0])
    await expect(
      new CachePerformanceBenchmark().benchmarkBasicOperations(cache, { signal: 'soon' as never }),
    ).rejects.toThrow('signal must be an AbortSignal; received a string')
  },
)

test('a run whose cache never returns ends soon after its signal', async () => {
  const hanging = {
    get: () => new Promise<never>(() => undefined),
    set: async () => undefined,
    exists: async () => false,
    delete: async () => true,
  }
  const signal = AbortSignal.timeout(50)
  const run = new CachePerformanceBenchmark().benchmarkBasicOperations(hanging as never, { signal })
  await expect(run).rejects.toMatchObject({ name: 'TimeoutError' })
})

test.each([0, 100])(
  'a run stops at a signal of another class, with %i warm-up iterations',
  async (warmupIterations) => {
    const signal = {
      aborted: false,
      reason: undefined as unknown,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }
    const cache = new InMemoryCache()
    const benchmark = new CachePerformanceBenchmark({ warmupIterations })
    const options = { iterations: 5, signal: signal as never }
    expect(await benchmark.benchmarkBasicOperations(cache, options)).toMatchObject({
      successRate: 1,
    })
    Object.assign(signal, { aborted: true, reason: new Error('enough') })
    await expect(benchmark.benchmarkBasicOperations(cache, options)).rejects.toThrow('enough')
  },
)

test.each([[{ aborted: false }], [{ aborted: 0, addEventListener: () => 0 }], [null]])(
  'a run rejects a signal that lacks the methods of a signal: %j',
  async (signal) => {
    const run = new CachePerformanceBenchmark().benchmarkBasicOperations(new InMemoryCache(), {
      signal: signal as never,
    })
    await expect(run).rejects.toThrow('signal must be an AbortSignal; received')
  },
)
