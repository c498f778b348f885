import type { Ttl } from '@verbatim/cache-core'
import type { ResponseMeasurement } from '@verbatim/cache-monitoring'
import { groupBy, mean } from './grouping.js'

/** Durations of the lookups and stores of one operation, among the newest thousand of all operations. */
export interface OperationTimes {
  readonly avgDurationMs: number
  readonly minDurationMs: number
  readonly maxDurationMs: number
  /** The duration at index floor(n x share) of n sorted durations, counted from 0. */
  readonly percentiles: { readonly p50: number; readonly p95: number; readonly p99: number }
  readonly sampleCount: number
  /** The TTL of the operation; `null` for never expires, absent for `defaultTtl`. */
  readonly configuredTtl?: Ttl
}

/** Durations of lookups and stores by operation. */
export interface OperationPerformance {
  readonly operations: Readonly<Record<string, OperationTimes>>
  readonly summary: {
    readonly totalOperationsMeasured: number
    readonly totalOperationTypes: number
    /** Absent before the first measurement. */
    readonly overallAvgDurationMs?: number
    /** By average duration; absent before the first measurement. */
    readonly fastestOperation?: string
    /** By average duration; absent before the first measurement. */
    readonly slowestOperation?: string
  }
}

/** Computes the durations of lookups and stores by operation. */
export function operationPerformance(
  recent: readonly ResponseMeasurement[],
  ttls: ReadonlyMap<string, Ttl>,
): OperationPerformance {
  const groups = groupBy(recent, ({ operation }) => operation)
  const operations = Array.from(groups, ([operation, group]): [string, OperationTimes] => {
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
      totalOperationsMeasured: recent.length,
      totalOperationTypes: operations.length,
      ...(recent.length > 0 && {
        overallAvgDurationMs: mean(recent.map(({ milliseconds }) => milliseconds)),
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
