import { type Clock, ConfigurationError, systemClock } from '@verbatim/cache-core'
import {
  assertClock,
  assertKnownFields,
  assertSignal,
  classNameOf,
  hitRate,
  integerOption,
  invalidArgument,
  invalidOption,
  isError,
  recognizeCopies,
} from '@verbatim/cache-core/implement'
import type { BenchmarkMonitor } from './benchmark-monitor.js'
import {
  type BenchmarkResult,
  currentEnvironment,
  type OperationType,
  performanceGrade,
} from './benchmark-result.js'
import {
  type BenchmarkSuite,
  type FailedBenchmark,
  memoryEfficiencyGrade,
  suiteGrade,
} from './benchmark-suite.js'
import { BenchmarkConfig } from './config/benchmark-config.js'
import { type BenchmarkThresholds, DEFAULT_THRESHOLDS } from './config/thresholds.js'
import { environmentInfo } from './environment-info.js'
import { type ComparisonResult, compareResults } from './regression/comparison-result.js'
import { PerformanceRegressionDetector } from './regression/performance-regression-detector.js'
import { analyzePerformanceTrends, type PerformanceTrends } from './regression/trends.js'
import { formatTextReport } from './report/text.js'
import { measureBasicOperations, type WarmUp, warmUp } from './scenarios/basic-operations.js'
import { measureInBatches } from './scenarios/batches.js'
import { measureCompression } from './scenarios/compression.js'
import {
  type BenchmarkedCache,
  type Measurement,
  type Measuring,
  removeKeys,
} from './scenarios/measurement.js'
import { measureMemoryCache } from './scenarios/memory-cache.js'
import { durationStatistics } from './statistics.js'
import {
  type BasicOperationsItem,
  generateBasicOperationsData,
  MAX_ITEMS,
  MAX_SEED,
} from './test-data.js'
import { withinTimeout } from './timeout.js'

/** Options of {@link CachePerformanceBenchmark}. */
export interface CachePerformanceBenchmarkOptions {
  /** Iterations, timeout and limits. Default: none, and the defaults of the other options. */
  readonly config?: BenchmarkConfig | undefined
  /** Monitor that the measured cache reports to. It measures tiers and compression. Default: none. */
  readonly monitor?: BenchmarkMonitor | undefined
  /**
   * Number of measured iterations of a call without `iterations`. 1 to 1,000,000. Default: that of `config`;
   * without `config`, 100 for basic operations, 200 for the memory cache, and 50 for compression.
   */
  readonly defaultIterations?: number | undefined
  /**
   * Number of iterations before the measured ones, in which Node compiles the code. 0 to 1,000,000.
   * Default: that of `config`; without `config`, 5,000, or fewer if they take longer than one second.
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

/** Options of {@link CachePerformanceBenchmark.benchmarkBasicOperations}. */
export interface BasicOperationsOptions extends BenchmarkOptions {
  /**
   * Time in milliseconds in which each operation is measured in batches, 20 to 60,000. A duration is then the mean of
   * a batch, because reading the clock takes as long as a hit in memory. Default: none, and each call is timed.
   */
  readonly budgetMs?: number | undefined
}

/** Options of a comparison. */
export type CompareOptions = Pick<BenchmarkOptions, 'iterations' | 'signal'>

/** Options of a suite. */
export interface SuiteOptions extends BenchmarkOptions {
  /** Whether the suite measures compression. Default: that of `config`, otherwise true. */
  readonly includeCompression?: boolean | undefined
}

/** After only 10 iterations, an InMemoryCache is about 30 times too slow: Node has not compiled it. */
const DEFAULT_WARM_UP = { iterations: 5_000, withinMs: 1_000 }
const DEFAULT_TIMEOUT_SECONDS = 300
const DEFAULT_ITERATIONS: Readonly<Record<OperationType, number>> = {
  basic_operations: 100,
  memory_cache_performance: 200,
  compression_efficiency: 50,
}

/** Number of retained suites of {@link CachePerformanceBenchmark.history}. */
const MAX_HISTORY = 100

const BYTES_PER_MB = 1_024 * 1_024
const OPTIONS: ReadonlySet<string> = new Set([
  'config',
  'monitor',
  'defaultIterations',
  'warmupIterations',
  'seed',
  'clock',
])
const CALL_OPTIONS: ReadonlySet<string> = new Set(['iterations', 'cacheName', 'signal'])
const BASIC_OPTIONS: ReadonlySet<string> = new Set([...CALL_OPTIONS, 'budgetMs'])
const SUITE_OPTIONS: ReadonlySet<string> = new Set([...CALL_OPTIONS, 'includeCompression'])

type Measure = (
  measuring: Measuring,
  items: readonly BasicOperationsItem[],
  iterations: number,
) => Promise<Measurement>

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

  readonly #config: BenchmarkConfig | undefined
  readonly #monitor: BenchmarkMonitor | undefined
  readonly #defaultIterations: number | undefined
  readonly #warmUp: WarmUp
  readonly #seed: number
  readonly #clock: Clock
  readonly #history: BenchmarkSuite[] = []

  /** @throws ConfigurationError (`INVALID_OPTION`) for an invalid or unknown option */
  constructor(options: CachePerformanceBenchmarkOptions = {}) {
    assertKnownFields(options, OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { config, monitor, seed = 1, clock = systemClock } = options
    const { defaultIterations = config?.defaultIterations } = options
    const { warmupIterations = config?.warmupIterations } = options
    assertClock(clock)
    if (config !== undefined && !(config instanceof BenchmarkConfig)) {
      throw invalidOption('config', 'a BenchmarkConfig', config)
    }
    if (monitor !== undefined && typeof monitor?.counts !== 'function') {
      throw invalidOption('monitor', 'a BenchmarkMonitor', monitor)
    }
    this.#config = config
    this.#monitor = monitor
    this.#defaultIterations =
      defaultIterations === undefined
        ? undefined
        : iterationsOption('defaultIterations', defaultIterations, 1)
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

  /** Returns the limits that reports compare results with. */
  get thresholds(): BenchmarkThresholds {
    return this.#config?.thresholds ?? DEFAULT_THRESHOLDS
  }

  /** Returns the last 100 suites of this benchmark, the oldest first. */
  get history(): readonly BenchmarkSuite[] {
    return [...this.#history]
  }

  /**
   * Measures `set`, `get` and `exists` with one key after another, then deletes the keys. With `budgetMs`, the
   * durations are those of batches.
   *
   * The keys are `test_key_0`, `test_key_1` and so on. Use a cache or a key prefix without such keys:
   * the benchmark overwrites and deletes them.
   *
   * @throws ValidationError for an object that is not a cache, and for an invalid or unknown option
   * @throws ConfigurationError for `iterations` out of range
   * @throws CacheError (`WRONG_ANSWER`) if a read does not return the value that was just set
   * @throws CacheError (`BENCHMARK_FAILED`) if every iteration failed
   * @throws CacheError (`BENCHMARK_TIMEOUT`) after the timeout of `config`, by default 300 seconds. The keys
   * are deleted as soon as the call that hangs returns
   * @example
   * ```ts
   * const result = await benchmark.benchmarkBasicOperations(cache, { iterations: 1_000 })
   * console.log(result.operations.get?.p95DurationMs)
   * ```
   */
  async benchmarkBasicOperations(
    cache: BenchmarkedCache,
    options: BasicOperationsOptions = {},
  ): Promise<BenchmarkResult> {
    assertCache(cache)
    assertKnownFields(options, BASIC_OPTIONS, 'options')
    const { budgetMs, ...call } = options
    if (budgetMs === undefined) {
      return this.#run('basic_operations', cache, call, measureBasicOperations)
    }
    const budget = integerOption('budgetMs', budgetMs, { min: 20, max: 60_000 })
    return this.#run('basic_operations', cache, call, (measuring, items) =>
      measureInBatches(measuring, items, budget),
    )
  }

  /**
   * Measures repeated reads of the same keys, then fills the cache with 5 MB of other entries.
   *
   * Each call is one iteration. With a `monitor`, the result has the hits of each tier.
   *
   * @throws the errors of {@link CachePerformanceBenchmark.benchmarkBasicOperations}
   */
  benchmarkMemoryCachePerformance(
    cache: BenchmarkedCache,
    options: BenchmarkOptions = {},
  ): Promise<BenchmarkResult> {
    return this.#run('memory_cache_performance', cache, options, (measuring, items) =>
      measureMemoryCache(measuring, items, this.#seed),
    )
  }

  /**
   * Measures values that compress well and badly. One iteration sets and reads four kinds of data.
   *
   * With a `monitor`, the result has the measured bytes before and after compression.
   *
   * @throws the errors of {@link CachePerformanceBenchmark.benchmarkBasicOperations}
   */
  benchmarkCompressionEfficiency(
    cache: BenchmarkedCache,
    options: BenchmarkOptions = {},
  ): Promise<BenchmarkResult> {
    return this.#run('compression_efficiency', cache, options, (measuring, _items, iterations) =>
      measureCompression(measuring, iterations, this.#seed),
    )
  }

  /**
   * Measures the basic operations of two caches and compares the results.
   *
   * @throws the errors of {@link CachePerformanceBenchmark.benchmarkBasicOperations}
   */
  async compareBeforeAfterRefactoring(
    originalCache: BenchmarkedCache,
    newCache: BenchmarkedCache,
    options: CompareOptions = {},
  ): Promise<ComparisonResult> {
    assertCache(originalCache, 'originalCache')
    assertCache(newCache, 'newCache')
    const before = await this.benchmarkBasicOperations(originalCache, options)
    const after = await this.benchmarkBasicOperations(newCache, options)
    const { warning, critical } = this.thresholds.regressionPercent
    const detector = new PerformanceRegressionDetector({
      warningThreshold: warning,
      criticalThreshold: critical,
    })
    return compareResults(before, after, detector, this.#timestamp())
  }

  /**
   * Runs all scenarios. A scenario that fails is listed in `failedBenchmarks`, and the others still run.
   *
   * @throws ValidationError for an object that is not a cache, and for an invalid or unknown option
   * @throws the reason of the signal if it is aborted
   */
  async runComprehensiveBenchmarkSuite(
    cache: BenchmarkedCache,
    options: SuiteOptions = {},
  ): Promise<BenchmarkSuite> {
    assertCache(cache)
    assertKnownFields(options, SUITE_OPTIONS, 'options')
    const { includeCompression = this.#config?.enableCompressionTests ?? true, ...call } = options
    assertSignal(call.signal)
    const scenarios: [OperationType, () => Promise<BenchmarkResult>][] = [
      ['basic_operations', () => this.benchmarkBasicOperations(cache, call)],
      ['memory_cache_performance', () => this.benchmarkMemoryCachePerformance(cache, call)],
    ]
    if (includeCompression) {
      const compression = () => this.benchmarkCompressionEfficiency(cache, call)
      scenarios.push(['compression_efficiency', compression])
    }
    const startedAt = this.#clock.now()
    const results: BenchmarkResult[] = []
    const failedBenchmarks: FailedBenchmark[] = []
    for (const [operationType, scenario] of scenarios) {
      try {
        results.push(await scenario())
      } catch (error) {
        if (call.signal?.aborted) throw error
        const message = isError(error) ? error.message : 'unknown error'
        failedBenchmarks.push({ operationType, error: message })
      }
    }
    const suite: BenchmarkSuite = {
      name: 'Comprehensive Cache Performance Benchmark',
      results,
      totalDurationMs: this.#clock.now() - startedAt,
      passRate: results.length / scenarios.length,
      failedBenchmarks,
      performanceGrade: suiteGrade(results),
      memoryEfficiencyGrade: memoryEfficiencyGrade(results),
      timestamp: this.#timestamp(),
      environmentInfo: environmentInfo(),
    }
    this.#history.push(suite)
    if (this.#history.length > MAX_HISTORY) this.#history.shift()
    return suite
  }

  /** Returns a report of a suite as text, with PASS or FAIL against the thresholds of each scenario. */
  generatePerformanceReport(suite: BenchmarkSuite): string {
    return formatTextReport(suite, { thresholds: this.thresholds })
  }

  /** Compares the newest with the oldest result of each scenario. It needs at least two suites. */
  analyzePerformanceTrends(suites: readonly BenchmarkSuite[] = this.#history): PerformanceTrends {
    return analyzePerformanceTrends(suites)
  }

  async #run(
    operationType: OperationType,
    cache: BenchmarkedCache,
    options: BenchmarkOptions,
    measure: Measure,
  ): Promise<BenchmarkResult> {
    assertCache(cache)
    assertKnownFields(options, CALL_OPTIONS, 'options')
    const { cacheName = classNameOf(cache), signal } = options
    assertSignal(signal)
    if (typeof cacheName !== 'string') throw invalidArgument('cacheName', 'a string', cacheName)
    const defaultIterations = this.#defaultIterations ?? DEFAULT_ITERATIONS[operationType]
    const iterations = iterationsOption('iterations', options.iterations ?? defaultIterations, 1)
    const items = generateBasicOperationsData({
      count: Math.max(iterations, this.#warmUp.iterations),
      seed: this.#seed,
    })
    const progress = { iterations: 0 }
    const seconds = this.#config?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS
    return withinTimeout(operationType, seconds, signal, async (stop) => {
      const measuring = { cache, clock: this.#clock, signal: stop, monitor: this.#monitor }
      try {
        await warmUp(measuring, items, this.#warmUp, progress)
        const measurement = await measure(measuring, items.slice(0, iterations), iterations)
        return this.#result(operationType, cacheName, progress.iterations, measurement)
      } finally {
        const written = items.slice(0, Math.max(iterations, progress.iterations))
        await removeKeys(
          cache,
          written.map(({ key }) => key),
        )
      }
    })
  }

  #result(
    operationType: OperationType,
    cacheName: string,
    warmupIterations: number,
    measurement: Measurement,
  ): BenchmarkResult {
    const { samples, operations, iterations, memory, hits, reads, counts } = measurement
    const { successes = samples.length } = measurement
    const statistics = durationStatistics(samples)
    const tracksMemory = this.#config?.enableMemoryTracking ?? true
    const rate = hitRate({ hits, misses: reads - hits })
    const { avgCompressionRatio, totalOriginalBytes = 0, totalCompressedBytes = 0 } = counts
    return {
      operationType,
      cacheName,
      timestamp: this.#timestamp(),
      iterations,
      ...statistics,
      successRate: successes / iterations,
      ...(rate !== undefined && { cacheHitRate: rate }),
      memoryPeakMb: tracksMemory ? memory.peakBytes / BYTES_PER_MB : 0,
      memoryUsageMb: tracksMemory ? (memory.peakBytes - memory.initialBytes) / BYTES_PER_MB : 0,
      ...(avgCompressionRatio !== undefined && {
        compressionRatio: avgCompressionRatio,
        compressionSavingsMb: (totalOriginalBytes - totalCompressedBytes) / BYTES_PER_MB,
      }),
      performanceGrade: performanceGrade(statistics.avgDurationMs),
      operations: Object.fromEntries(
        Object.entries(operations).map(([name, durations]) => [
          name,
          durationStatistics(durations),
        ]),
      ),
      samplesMs: samples,
      metadata: {
        warmupIterations,
        seed: this.#seed,
        environment: currentEnvironment(),
        ...counts,
      },
    }
  }

  #timestamp(): string {
    return new Date(this.#clock.wallTime()).toISOString()
  }
}

function iterationsOption(name: string, value: unknown, min: number): number {
  return integerOption(name, value, { min, max: MAX_ITEMS })
}

function assertCache(value: unknown, argument = 'cache'): void {
  const cache = Object(value)
  const methods = ['get', 'set', 'exists', 'delete']
  if (methods.every((method) => typeof Reflect.get(cache, method) === 'function')) return
  throw invalidArgument(argument, 'a cache with get(), set(), exists() and delete()', value)
}
