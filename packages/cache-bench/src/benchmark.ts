import {
  assertClock,
  assertKnownFields,
  assertSignal,
  type Clock,
  ConfigurationError,
  integerOption,
  invalidArgument,
  recognizeCopies,
  systemClock,
} from '@verbatim/cache-core'
import {
  type BenchmarkedCache,
  type Measurements,
  measure,
  removeAll,
  type WarmUp,
  warmUp,
} from './basic-operations.js'
import { type BenchmarkResult, performanceGrade } from './benchmark-result.js'
import { currentEnvironment } from './environment.js'
import { durationStatistics } from './statistics.js'
import { generateBasicOperationsData, LARGEST_SEED, MOST_ITEMS } from './test-data.js'

/** How a {@link CachePerformanceBenchmark} is set up. */
export interface CachePerformanceBenchmarkOptions {
  /** Measured iterations where a call does not say. 1 to 1,000,000. Default: 100. */
  readonly defaultIterations?: number | undefined
  /**
   * Iterations before the measured ones, so that the code under test is compiled. 0 to 1,000,000.
   * Default: 5000, or as many as one second permits.
   */
  readonly warmupIterations?: number | undefined
  /** Of the test data, the same for every cache. 1 to 2^32 - 1. Default: 1. */
  readonly seed?: number | undefined
  /** Where durations are read. Default: the machine's clocks. */
  readonly clock?: Clock | undefined
}

/** What may differ from one cache to the next. */
export interface BenchmarkOptions {
  /** 1 to 1,000,000. Default: the benchmark's `defaultIterations`. */
  readonly iterations?: number | undefined
  /** What to call the cache in results. Default: the name of its class. */
  readonly cacheName?: string | undefined
  /** Ends the run early. The keys are removed, and the run rejects with the reason. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** With 10, the figures of an InMemoryCache are about 30 times too slow: they measure compilation. */
const DEFAULT_WARM_UP = { iterations: 5_000, withinMs: 1_000 }

const BYTES_PER_MB = 1_024 * 1_024
const OPTIONS: ReadonlySet<string> = new Set([
  'defaultIterations',
  'warmupIterations',
  'seed',
  'clock',
])
const CALL_OPTIONS: ReadonlySet<string> = new Set(['iterations', 'cacheName', 'signal'])

/** Measures caches, all with the same data, one call at a time. */
export class CachePerformanceBenchmark {
  static {
    recognizeCopies(this, 'cache-bench/CachePerformanceBenchmark')
  }

  readonly #defaultIterations: number
  readonly #warmUp: Omit<WarmUp, 'signal'>
  readonly #seed: number
  readonly #clock: Clock

  /** @throws ConfigurationError that names the option and what it may be */
  constructor(options: CachePerformanceBenchmarkOptions = {}) {
    assertKnownFields(options, OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { defaultIterations = 100, warmupIterations, seed = 1, clock = systemClock } = options
    assertClock(clock)
    this.#defaultIterations = iterationsOption('defaultIterations', defaultIterations, 1)
    this.#warmUp =
      warmupIterations === undefined
        ? DEFAULT_WARM_UP
        : {
            iterations: iterationsOption('warmupIterations', warmupIterations, 0),
            withinMs: Infinity,
          }
    this.#seed = integerOption('seed', seed, { min: 1, max: LARGEST_SEED })
    this.#clock = clock
  }

  /**
   * Sets, gets and checks one key after another, and removes them in the end.
   *
   * The keys are `test_key_0`, `test_key_1` and so on: run it against a cache, or under a prefix,
   * that has no such keys of its own.
   *
   * @throws ValidationError for anything but a cache, and for a bad or unknown option
   * @throws ConfigurationError for `iterations` out of range
   * @throws CacheError (`WRONG_ANSWER`) when a read does not give back what was just set
   * @throws CacheError (`BENCHMARK_FAILED`) when no iteration ran through
   */
  async benchmarkBasicOperations(
    cache: BenchmarkedCache,
    options: BenchmarkOptions = {},
  ): Promise<BenchmarkResult> {
    assertCache(cache)
    assertKnownFields(options, CALL_OPTIONS, 'options')
    const { cacheName = cache.constructor.name, signal } = options
    assertSignal(signal)
    if (typeof cacheName !== 'string') throw invalidArgument('cacheName', 'a string', cacheName)
    const iterations = iterationsOption(
      'iterations',
      options.iterations ?? this.#defaultIterations,
      1,
    )
    const items = generateBasicOperationsData({
      count: Math.max(iterations, this.#warmUp.iterations),
      seed: this.#seed,
    })
    const progress = { iterations: 0 }
    try {
      await warmUp(cache, items, this.#clock, { ...this.#warmUp, signal }, progress)
      const measured = items.slice(0, iterations)
      const measurements = await measure(cache, measured, this.#clock, signal)
      return this.#result(cacheName, iterations, progress.iterations, measurements)
    } finally {
      await removeAll(cache, items.slice(0, Math.max(iterations, progress.iterations)))
    }
  }

  #result(
    cacheName: string,
    iterations: number,
    warmupIterations: number,
    measurements: Measurements,
  ): BenchmarkResult {
    const { set, get, exists, together, initialMemory, peakMemory } = measurements
    const statistics = durationStatistics(together)
    return {
      operationType: 'basic_operations',
      cacheName,
      timestamp: new Date(this.#clock.wallTime()).toISOString(),
      iterations,
      ...statistics,
      successRate: together.length / iterations,
      cacheHitRate: 100,
      memoryPeakMb: peakMemory / BYTES_PER_MB,
      memoryUsageMb: (peakMemory - initialMemory) / BYTES_PER_MB,
      performanceGrade: performanceGrade(statistics.avgDurationMs),
      operations: {
        set: durationStatistics(set),
        get: durationStatistics(get),
        exists: durationStatistics(exists),
      },
      metadata: {
        warmupIterations,
        seed: this.#seed,
        environment: currentEnvironment(),
      },
    }
  }
}

function iterationsOption(name: string, value: unknown, min: number): number {
  return integerOption(name, value, { min, max: MOST_ITEMS })
}

function assertCache(value: unknown): void {
  const cache = Object(value)
  const methods = ['get', 'set', 'exists', 'delete']
  if (methods.every((method) => typeof Reflect.get(cache, method) === 'function')) return
  throw invalidArgument('cache', 'a cache with get(), set(), exists() and delete()', value)
}
