import type { Ttl } from '@verbatim/cache-core'
import type { AIRecord } from './ai-metrics.js'
import { groupBy } from './group-by.js'
import { mean } from './mean.js'

/** How long look-ups and stores of one operation took, of the newest thousand of all. */
export interface OperationTimes {
  readonly avgDurationMs: number
  readonly minDurationMs: number
  readonly maxDurationMs: number
  /** Of n durations in order the one at floor(n x share), counted from 0. */
  readonly percentiles: { readonly p50: number; readonly p95: number; readonly p99: number }
  readonly sampleCount: number
  /** As configured; `null` for never, left out for `defaultTtl`. */
  readonly configuredTtl?: Ttl
}

export interface OperationPerformance {
  readonly operations: Readonly<Record<string, OperationTimes>>
  readonly summary: {
    readonly totalOperationsMeasured: number
    readonly totalOperationTypes: number
    /** Left out before anything was measured, as are the next two. */
    readonly overallAvgDurationMs?: number
    /** By their averages. */
    readonly fastestOperation?: string
    readonly slowestOperation?: string
  }
}

export function operationPerformance(
  records: readonly AIRecord[],
  ttls: ReadonlyMap<string, Ttl>,
): OperationPerformance {
  const durations = groupBy(records, ({ operation }) => operation)
  const operations = Array.from(durations, ([operation, group]): [string, OperationTimes] => {
    const ttl = ttls.get(operation)
    const times = timesOf(group.map(({ milliseconds }) => milliseconds))
    return [operation, { ...times, ...(ttl !== undefined && { configuredTtl: ttl }) }]
  })
  const ordered = operations.toSorted(
    ([, one], [, other]) => one.avgDurationMs - other.avgDurationMs,
  )
  const [fastest, slowest] = [ordered.at(0), ordered.at(-1)]
  return {
    operations: Object.fromEntries(operations),
    summary: {
      totalOperationsMeasured: records.length,
      totalOperationTypes: operations.length,
      ...(records.length > 0 && {
        overallAvgDurationMs: mean(records.map(({ milliseconds }) => milliseconds)),
      }),
      ...(fastest && { fastestOperation: fastest[0] }),
      ...(slowest && { slowestOperation: slowest[0] }),
    },
  }
}

function timesOf(durations: readonly number[]): OperationTimes {
  const sorted = durations.toSorted((one, other) => one - other)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return {
    avgDurationMs: mean(durations),
    minDurationMs: sorted.at(0) ?? 0,
    maxDurationMs: sorted.at(-1) ?? 0,
    percentiles: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
    sampleCount: durations.length,
  }
}
