import Table from 'cli-table3'
import type { BenchmarkResult } from './benchmark-result.js'
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
    const { set, get, exists } = result.operations
    table.push(
      row(result.cacheName, 'set', set),
      row('', 'get', get),
      row('', 'exists', exists),
      row('', 'all three', result),
      [{ content: conditions(result), colSpan: COLUMNS.length + 2 }],
    )
  }
  return table.toString()
}

function row(cacheName: string, operation: string, statistics: DurationStatistics): string[] {
  return [cacheName, operation, ...COLUMNS.map(([, value]) => threeDigits(value(statistics)))]
}

function conditions(result: BenchmarkResult): string {
  const { seed, warmupIterations, environment } = result.metadata
  return [
    `${result.performanceGrade}: ${result.iterations} iterations after a warm-up of ${warmupIterations}, seed ${seed}`,
    `success rate ${percent(result.successRate * 100)}, hit rate ${percent(result.cacheHitRate)}`,
    `memory peak ${result.memoryPeakMb.toFixed(1)} MiB, increase ${result.memoryUsageMb.toFixed(1)} MiB`,
    `${environment.runtimeVersion}, ${environment.platform}, ${environment.cpuCount} x ${environment.processor}`,
  ].join('\n')
}

function threeDigits(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

function percent(value: number): string {
  return `${value.toLocaleString('en-US', { maximumFractionDigits: 4 })} %`
}
