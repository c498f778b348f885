import { type Clock, ConfigurationError, systemClock } from '@verbatim/cache-core'
import {
  assertClock,
  assertKnownFields,
  assertSignal,
  integerOption,
  invalidArgument,
  recognizeCopies,
} from '@verbatim/cache-core/implement'
import {
  type BenchmarkedCache,
  type Measurements,
  measure,
  removeAll,
  type WarmUp,
  warmUp,
} from './basic-operations.js'
import { type BenchmarkResult, currentEnvironment, performanceGrade } from './benchmark-result.js'
import { durationStatistics } from './statistics.js'
import { generateBasicOperationsData, MAX_ITEMS, MAX_SEED } from './test-data.js'

/** Options of {@link CachePerformanceBenchmark}. */
export interface CachePerformanceBenchmarkOptions {
  /** Number of measured iterations of a call without `iterations`. 1 to 1,000,000. Default: 100. */
  readonly defaultIterations?: number | undefined
  /**
   * Number of iterations before the measured ones, in which Node compiles the code. 0 to 1,000,000.
   * Default: 5,000, or fewer if they take longer than one second.
   */
  readonly warmupIterations?: number | undefined
  /** Seed of the test data. 1 to 2^32 - 1. Default: 1. */
  readonly seed?: number | undefined
  /** Source of the time. Default: the clocks of the machine. */
  readonly clock?: Clock | undefined
}

/** Options of one call. */
export interface BenchmarkOptions {
  /** Number of measured iterations. 1 to 1,000,000. Default: `defaultIterations` of the benchmark. */
  readonly iterations?: number | undefined
  /** Name of the cache in results. Default: the name of its class. */
  readonly cacheName?: string | undefined
  /** Stops the run. The keys are deleted, and the run rejects with the reason. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** After only 10 iterations, an InMemoryCache is about 30 times too slow: Node has not compiled it. */
const DEFAULT_WARM_UP = { iterations: 5_000, withinMs: 1_000 }

const BYTES_PER_MB = 1_024 * 1_024
const OPTIONS: ReadonlySet<string> = new Set([
  'defaultIterations',
  'warmupIterations',
  'seed',
  'clock',
])
const CALL_OPTIONS: ReadonlySet<string> = new Set(['iterations', 'cacheName', 'signal'])

/**
 * Measures caches with the same data, one call after another.
 *
 * @example
 * ```ts
 * const benchmark = new CachePerformanceBenchmark({ seed: 42 })
 * const result = await benchmark.benchmarkBasicOperations(new InMemoryCache())
 * console.log(formatTable([result]))
 * ```
 */
export class CachePerformanceBenchmark {
  static {
    recognizeCopies(this, 'cache-bench/CachePerformanceBenchmark')
  }

  readonly #defaultIterations: number
  readonly #warmUp: Omit<WarmUp, 'signal'>
  readonly #seed: number
  readonly #clock: Clock

  /** @throws ConfigurationError (`INVALID_OPTION`) for an invalid or unknown option */
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
    this.#seed = integerOption('seed', seed, { min: 1, max: MAX_SEED })
    this.#clock = clock
  }

  /**
   * Measures `set`, `get` and `exists` with one key after another, then deletes the keys.
   *
   * The keys are `test_key_0`, `test_key_1` and so on. Use a cache or a key prefix without such keys:
   * the benchmark overwrites and deletes them.
   *
   * @throws ValidationError for an object that is not a cache, and for an invalid or unknown option
   * @throws ConfigurationError for `iterations` out of range
   * @throws CacheError (`WRONG_ANSWER`) if a read does not return the value that was just set
   * @throws CacheError (`BENCHMARK_FAILED`) if every iteration failed
   * @example
   * ```ts
   * const result = await benchmark.benchmarkBasicOperations(cache, { iterations: 1_000 })
   * console.log(result.operations.get.p95DurationMs)
   * ```
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
    const { set, get, exists, total, initialMemory, peakMemory } = measurements
    const statistics = durationStatistics(total)
    return {
      operationType: 'basic_operations',
      cacheName,
      timestamp: new Date(this.#clock.wallTime()).toISOString(),
      iterations,
      ...statistics,
      successRate: total.length / iterations,
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
  return integerOption(name, value, { min, max: MAX_ITEMS })
}

function assertCache(value: unknown): void {
  const cache = Object(value)
  const methods = ['get', 'set', 'exists', 'delete']
  if (methods.every((method) => typeof Reflect.get(cache, method) === 'function')) return
  throw invalidArgument('cache', 'a cache with get(), set(), exists() and delete()', value)
}
