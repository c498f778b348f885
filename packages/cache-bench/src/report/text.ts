import type { BenchmarkResult } from '../benchmark-result.js'
import { type BenchmarkSuite, calculateOverallScore } from '../benchmark-suite.js'
import { type BenchmarkThresholds, DEFAULT_THRESHOLDS } from '../config/thresholds.js'
import { figure, percent, recommendationsOf } from './figures.js'
import { durationLimits, exceededLimits, passes } from './thresholds-check.js'

/** Options of the reports of a suite. */
export interface ReportOptions {
  /** Limits of PASS and FAIL. Default: the default thresholds. */
  readonly thresholds?: BenchmarkThresholds | undefined
}

const WIDTH = 60

/** Returns a report of a suite as text. */
export function formatTextReport(suite: BenchmarkSuite, options: ReportOptions = {}): string {
  const { thresholds = DEFAULT_THRESHOLDS } = options
  const { environmentInfo, failedBenchmarks } = suite
  const { environmentVariables, ...machine } = environmentInfo
  const recommendations = recommendationsOf(suite, thresholds)
  return [
    '='.repeat(WIDTH),
    'CACHE PERFORMANCE REPORT',
    '='.repeat(WIDTH),
    `Suite: ${suite.name}`,
    `Time: ${suite.timestamp}`,
    `Duration: ${figure(suite.totalDurationMs)} ms`,
    `Pass rate: ${percent(suite.passRate * 100)}`,
    `Overall score: ${calculateOverallScore(suite).toFixed(1)} of 100`,
    ...section('ENVIRONMENT'),
    ...Object.entries({ ...machine, ...environmentVariables }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    ...section('BENCHMARK RESULTS'),
    ...suite.results.flatMap((result) => resultLines(result, thresholds)),
    ...(failedBenchmarks.length === 0 ? [] : section('FAILED BENCHMARKS')),
    ...failedBenchmarks.map(({ operationType, error }) => `${operationType}: ${error}`),
    ...section('PERFORMANCE ANALYSIS'),
    `Performance grade: ${suite.performanceGrade}`,
    `Memory efficiency grade: ${suite.memoryEfficiencyGrade}`,
    ...section('RECOMMENDATIONS'),
    ...recommendations.map((recommendation) => `- ${recommendation}`),
    '',
  ].join('\n')
}

function resultLines(result: BenchmarkResult, thresholds: BenchmarkThresholds): string[] {
  const { avgMs } = durationLimits(result.operationType, thresholds)
  const verdict = passes(result, thresholds) ? 'PASS' : 'FAIL'
  return [
    `${result.operationType.toUpperCase()}: ${verdict}`,
    `  Average: ${figure(result.avgDurationMs)} ms (limit ${avgMs} ms), ${result.performanceGrade}`,
    `  p95: ${figure(result.p95DurationMs)} ms, p99: ${figure(result.p99DurationMs)} ms`,
    `  Throughput: ${figure(result.operationsPerSecond)} per second`,
    `  Memory: ${figure(result.memoryUsageMb)} MiB, peak ${figure(result.memoryPeakMb)} MiB`,
    `  Success rate: ${percent(result.successRate * 100)}`,
    ...(result.cacheHitRate === undefined ? [] : [`  Hit rate: ${percent(result.cacheHitRate)}`]),
    ...(result.compressionRatio === undefined
      ? []
      : [`  Compression ratio: ${figure(result.compressionRatio)}`]),
    ...exceededLimits(result, thresholds).map(
      ({ severity, figure: name, value, limit, unit }) =>
        `  ${severity}: ${name} ${figure(value)} ${unit}, limit ${limit} ${unit}`,
    ),
  ]
}

function section(title: string): string[] {
  return ['', title, '-'.repeat(WIDTH)]
}
