import type { OperationCounts, OperationName, TierName } from '../records/operation-counts.js'

/** How long one operation took in one tier, since the monitor was made or last reset. In seconds. */
export interface LatencyStats {
  readonly operation: OperationName
  readonly tier: TierName
  /** How many were timed. */
  readonly count: number
  /** Within 1 % of the exact one, as are the next. */
  readonly p50Seconds: number
  readonly p90Seconds: number
  readonly p95Seconds: number
  readonly p99Seconds: number
  readonly p999Seconds: number
}

export function latencyStats(counts: OperationCounts): LatencyStats[] {
  return Array.from(counts.used())
    .filter(({ latencies }) => latencies.count > 0)
    .map(({ operation, tier, latencies }) => {
      const at = (percent: number): number => latencies.percentile(percent) ?? 0
      return {
        operation,
        tier,
        count: latencies.count,
        p50Seconds: at(50),
        p90Seconds: at(90),
        p95Seconds: at(95),
        p99Seconds: at(99),
        p999Seconds: at(99.9),
      }
    })
}
