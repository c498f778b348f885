import { timers } from '@verbatim/cache-core'
import { Counter, Gauge, Registry } from 'prom-client'
import type { CachePerformanceMonitor } from '../performance-monitor.js'
import { LatencyHistogram } from '../records/latency-histogram.js'
import type { ExportedMetrics } from './metrics-export.js'
import { PrometheusLatencies } from './prometheus-latencies.js'

interface Value {
  readonly labels: Record<string, string>
  readonly value: number
}

/**
 * What a monitor has counted, for Prometheus to scrape: a registry of its own, whose figures are read
 * anew at each scrape. Labels are from fixed sets: operations, outcomes, tiers and alerts.
 *
 * @example `reply.type(registry.contentType).send(await registry.metrics())`
 */
export function prometheusRegistry(monitor: CachePerformanceMonitor): Registry {
  const registry = new Registry()
  const read = onceAtATime(() => monitor.exportMetrics())
  addCounters(registry, read)
  addLatencies(registry, read)
  addMemory(registry, read)
  add(
    registry,
    Gauge,
    'verbatim_cache_alert',
    'Alerts that are raised, by their level.',
    ['name', 'level'],
    () => read().alerts.map(({ name, level }) => ({ labels: { name, level }, value: 1 })),
  )
  return registry
}

function addCounters(registry: Registry, read: () => ExportedMetrics): void {
  const counter = (
    name: string,
    help: string,
    labels: readonly string[],
    values: () => readonly Value[],
  ): void => add(registry, Counter, `verbatim_cache_${name}`, help, labels, values)
  const single = (value: number): Value[] => [{ labels: {}, value }]
  counter(
    'operations_total',
    'Operations, by how they ended and what answered.',
    ['operation', 'outcome', 'tier'],
    () =>
      read().operation_counts.map(({ operation, outcome, tier, count }) => {
        return { labels: { operation, outcome, tier }, value: count }
      }),
  )
  counter(
    'compression_bytes_total',
    'Bytes of values that were compressed, before and after.',
    ['stage'],
    () => [
      { labels: { stage: 'before' }, value: read().total_bytes_before_compression },
      { labels: { stage: 'after' }, value: read().total_bytes_after_compression },
    ],
  )
  counter('invalidations_total', 'Invalidations by pattern or of everything.', [], () =>
    single(read().total_invalidations),
  )
  counter('invalidated_keys_total', 'Keys that invalidations removed.', [], () =>
    single(read().total_keys_invalidated),
  )
  counter('rejected_records_total', 'Records left out because they make no sense.', [], () =>
    single(read().rejected_records),
  )
}

function addLatencies(registry: Registry, read: () => ExportedMetrics): void {
  const operations = new PrometheusLatencies({
    name: 'verbatim_cache_operation_duration_seconds',
    help: 'How long operations took; of hits in memory a sample.',
    labelNames: ['operation', 'tier'],
    read: () =>
      read().latencies.map(({ operation, tier, histogram }) => {
        return { labels: { operation, tier }, latencies: LatencyHistogram.fromJSON(histogram) }
      }),
  })
  const keyGeneration = new PrometheusLatencies({
    name: 'verbatim_cache_key_generation_duration_seconds',
    help: 'How long it took to make keys.',
    labelNames: [],
    read: () => [
      { labels: {}, latencies: LatencyHistogram.fromJSON(read().key_generation_latencies) },
    ],
  })
  registry.registerMetric(operations)
  registry.registerMetric(keyGeneration)
}

function addMemory(registry: Registry, read: () => ExportedMetrics): void {
  const newest = (): ExportedMetrics['memory_usage_measurements'] =>
    read().memory_usage_measurements.slice(-1)
  add(registry, Gauge, 'verbatim_cache_size_bytes', 'Bytes that caches hold.', ['store'], () =>
    newest().flatMap((usage) => [
      { labels: { store: 'memory' }, value: usage.memory_cache_size_bytes },
      {
        labels: { store: 'redis' },
        value: usage.total_cache_size_bytes - usage.memory_cache_size_bytes,
      },
    ]),
  )
  add(registry, Gauge, 'verbatim_cache_entries', 'Entries that caches hold.', ['store'], () =>
    newest().flatMap((usage) => [
      { labels: { store: 'memory' }, value: usage.memory_cache_entry_count },
      {
        labels: { store: 'redis' },
        value: usage.cache_entry_count - usage.memory_cache_entry_count,
      },
    ]),
  )
}

/** A metric whose values are read when it is scraped. */
function add(
  registry: Registry,
  Metric: typeof Counter | typeof Gauge,
  name: string,
  help: string,
  labelNames: readonly string[],
  values: () => readonly Value[],
): void {
  const metric = new Metric({
    name,
    help,
    labelNames,
    registers: [],
    collect() {
      this.reset()
      for (const { labels, value } of values()) this.inc(labels, value)
    },
  })
  registry.registerMetric(metric)
}

/** A scrape reads all metrics in one go: they are of the same moment, and the work is done once. */
function onceAtATime<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    if (made === undefined) {
      made = { value: make() }
      timers.queueMicrotask(() => {
        made = undefined
      })
    }
    return made.value
  }
}
