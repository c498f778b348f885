import type { ExportedMetrics } from '../export/metrics-export.js'
import type { LatencyHistogramData } from '../records/latency-histogram.js'
import { assertReading } from './assert-reading.js'
import { mergeReadings } from './merge-readings.js'
import type { Buckets, Reading } from './reading.js'

/**
 * Reads what `exportMetrics()` returned, as JSON: one export, or a list of exports whose order stays the
 * same from reading to reading.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for a figure that cannot be
 */
export function readExport(
  exported: ExportedMetrics | readonly ExportedMetrics[],
  takenAt: number,
): Reading {
  if (!isList(exported)) return readOne(exported, takenAt, '')
  const readings = exported.map((metrics, index): [string, Reading] => {
    const source = exported.length === 1 ? '' : metrics.cache
    return [`${index} ${metrics.cache}`, readOne(metrics, takenAt, source)]
  })
  if (readings.length === 0) throw new TypeError('the list of exports is empty')
  return mergeReadings(new Map(readings))
}

function isList(
  exported: ExportedMetrics | readonly ExportedMetrics[],
): exported is readonly ExportedMetrics[] {
  return Array.isArray(exported)
}

/** @param source - whose alerts these are; empty where there is nothing to tell apart */
function readOne(metrics: ExportedMetrics, takenAt: number, source: string): Reading {
  const memory = metrics.memory_usage_measurements.at(-1)
  const reading: Reading = {
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
    alerts: metrics.alerts.map(({ name, level, message }) => {
      return { name, level, message: source === '' ? message : `${source}: ${message}` }
    }),
  }
  assertReading(reading, 'export')
  return reading
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
