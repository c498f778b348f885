import { type BenchmarkSuite, calculateOverallScore } from '../benchmark-suite.js'
import { type PageChart, renderPage } from './html.js'

/** Returns a report of a suite as a page with charts. */
export function formatSuitePage(suite: BenchmarkSuite, recommendations: readonly string[]): string {
  const { runtimeVersion, platform, processor, cpuCount } = suite.environmentInfo
  const { results, failedBenchmarks } = suite
  const labels = results.map(({ operationType, cacheName }) => `${operationType}, ${cacheName}`)
  const chart = (
    title: string,
    unit: string,
    series: readonly (readonly [name: string, points: readonly number[]])[],
  ): PageChart => ({
    title,
    note: `${suite.timestamp}, one process.`,
    kind: 'bar',
    unit,
    isLogarithmic: false,
    labels,
    series: series.map(([name, points]) => ({ name, points })),
  })
  return renderPage({
    title: suite.name,
    conditions: [
      `${suite.timestamp}, ${runtimeVersion}, ${platform}, ${cpuCount} x ${processor}.`,
      `Score ${calculateOverallScore(suite).toFixed(1)} of 100, performance ` +
        `${suite.performanceGrade}, memory ${suite.memoryEfficiencyGrade}.`,
    ],
    notes: [
      ...failedBenchmarks.map(({ operationType, error }) => `Failed: ${operationType}: ${error}`),
      ...recommendations,
    ],
    charts:
      results.length === 0
        ? []
        : [
            chart('Latency', 'ms', [
              ['average', results.map(({ avgDurationMs }) => avgDurationMs)],
              ['p95', results.map(({ p95DurationMs }) => p95DurationMs)],
              ['p99', results.map(({ p99DurationMs }) => p99DurationMs)],
            ]),
            chart('Throughput', 'per second', [
              ['iterations', results.map(({ operationsPerSecond }) => operationsPerSecond)],
            ]),
            chart('Memory', 'MiB', [
              ['increase', results.map(({ memoryUsageMb }) => memoryUsageMb)],
              ['peak', results.map(({ memoryPeakMb }) => memoryPeakMb)],
            ]),
          ],
  })
}
