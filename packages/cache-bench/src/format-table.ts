import Table from 'cli-table3'
import type { BenchmarkResult } from './benchmark-result.js'
import { figure, percent } from './report/figures.js'
import type { DurationStatistics } from './statistics.js'

const COLUMNS: readonly [title: string, value: (statistics: DurationStatistics) => number][] = [
  ['ops/s', (statistics) => statistics.operationsPerSecond],
  ['avg ms', (statistics) => statistics.avgDurationMs],
  ['min ms', (statistics) => statistics.minDurationMs],
  ['p95 ms', (statistics) => statistics.p95DurationMs],
  ['p99 ms', (statistics) => statistics.p99DurationMs],
  ['max ms', (statistics) => statistics.maxDurationMs],
  ['std dev ms', (statistics) => statistics.stdDevMs],
]

/** Returns results as a table of text, without colors. */
export function formatTable(results: readonly BenchmarkResult[]): string {
  const table = new Table({
    head: ['cache', 'operation', ...COLUMNS.map(([title]) => title)],
    colAligns: ['left', 'left', ...COLUMNS.map(() => 'right' as const)],
    style: { head: [], border: [] },
  })
  for (const result of results) {
    const operations = Object.entries(result.operations)
    table.push(
      ...operations.map(([name, statistics], index) =>
        row(index === 0 ? result.cacheName : '', name, statistics),
      ),
      row('', 'iteration', result),
      [{ content: conditions(result), colSpan: COLUMNS.length + 2 }],
    )
  }
  return table.toString()
}

function row(cacheName: string, operation: string, statistics: DurationStatistics): string[] {
  return [cacheName, operation, ...COLUMNS.map(([, value]) => figure(value(statistics)))]
}

function conditions(result: BenchmarkResult): string {
  const { seed, warmupIterations, environment } = result.metadata
  return [
    `${result.performanceGrade}: ${result.iterations} iterations after a warm-up of ${warmupIterations}, seed ${seed}`,
    [
      `success rate ${percent(result.successRate * 100)}`,
      ...(result.cacheHitRate === undefined ? [] : [`hit rate ${percent(result.cacheHitRate)}`]),
    ].join(', '),
    `memory peak ${result.memoryPeakMb.toFixed(1)} MiB, increase ${result.memoryUsageMb.toFixed(1)} MiB`,
    `${environment.runtimeVersion}, ${environment.platform}, ${environment.cpuCount} x ${environment.processor}`,
  ].join('\n')
}
