import type { BenchmarkResult, BenchmarkSuite } from '../src/index.js'

/** Returns a result of 100 equal iterations with the given fields replaced. */
export function resultWith(fields: Partial<BenchmarkResult> = {}): BenchmarkResult {
  return {
    operationType: 'basic_operations',
    cacheName: 'map',
    timestamp: '2026-01-01T00:00:00.000Z',
    iterations: 100,
    successRate: 1,
    cacheHitRate: 100,
    durationMs: 200,
    avgDurationMs: 2,
    minDurationMs: 2,
    maxDurationMs: 2,
    p95DurationMs: 2,
    p99DurationMs: 2,
    stdDevMs: 0,
    operationsPerSecond: 500,
    memoryPeakMb: 50,
    memoryUsageMb: 5,
    performanceGrade: 'Excellent',
    operations: {},
    samplesMs: [],
    metadata: {
      warmupIterations: 0,
      seed: 1,
      environment: {
        platform: 'linux x64',
        runtimeVersion: 'Node.js 20.19.0',
        processor: 'Some CPU',
        cpuCount: 2,
      },
    },
    ...fields,
  }
}

/** Returns a suite of results with the given fields replaced. */
export function suiteWith(
  results: readonly BenchmarkResult[],
  fields: Partial<BenchmarkSuite> = {},
): BenchmarkSuite {
  return {
    name: 'Suite',
    results,
    totalDurationMs: 1_000,
    passRate: 1,
    failedBenchmarks: [],
    performanceGrade: 'Excellent',
    memoryEfficiencyGrade: 'Excellent',
    timestamp: '2026-01-01T00:00:00.000Z',
    environmentInfo: {
      platform: 'linux x64',
      runtimeVersion: 'Node.js 20.19.0',
      processor: 'Some CPU',
      cpuCount: 2,
      environmentVariables: {},
    },
    ...fields,
  }
}
