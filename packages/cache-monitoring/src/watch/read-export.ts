import type { ExportedMetrics } from '../export/metrics-export.js'
import type { LatencyHistogramData } from '../records/latency-histogram.js'
import type { Buckets, Reading } from './reading.js'

/** Reads what `exportMetrics()` has answered, as JSON. */
export function readExport(metrics: ExportedMetrics, takenAt: number): Reading {
  const memory = metrics.memory_usage_measurements.at(-1)
  return {
    takenAt,
    hits: metrics.cache_hits,
    misses: metrics.cache_misses,
    errors: metrics.cache_errors,
    operations: metrics.total_operations,
    latencies: metrics.latencies.map(({ operation, tier, histogram }) => {
      return { operation, tier, count: histogram.count, buckets: bucketsOf(histogram) }
    }),
    ...(memory && {
      memory: { bytes: memory.total_cache_size_bytes, entries: memory.cache_entry_count },
    }),
    alerts: metrics.alerts.map(({ name, level, message }) => ({ name, level, message })),
  }
}

function bucketsOf({ relative_error, zero_count, bins }: LatencyHistogramData): Buckets {
  const growth = (1 + relative_error) / (1 - relative_error)
  let count = zero_count
  return [
    [0, zero_count],
    ...bins.map(([bin, held]): [number, number] => {
      count += held
      return [growth ** bin, count]
    }),
  ]
}
