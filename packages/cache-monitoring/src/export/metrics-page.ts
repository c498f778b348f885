import { ConfigurationError } from '@verbatim/cache-core'
import { timers } from '@verbatim/cache-core/implement'
import { Counter, Gauge, type Metric } from 'prom-client'
import { LatencyHistogram } from '../records/latency-histogram.js'
import type { ExportedMetrics } from './metrics-export.js'
import { type LabelledLatencies, PrometheusLatencies } from './prometheus-latencies.js'

/** A monitor for a page of metrics: a CachePerformanceMonitor, alone or combined. */
export interface PageMonitor {
  readonly name: string
  exportMetrics(): ExportedMetrics
}

interface Value {
  readonly labels: Record<string, string>
  readonly value: number
}

type Read<T> = (metrics: ExportedMetrics) => readonly T[]

const PREFIX = 'verbatim_cache_'

/** Creates the metrics of one or more monitors, each with its own label `cache`. */
export class MetricsPage {
  readonly metrics: readonly Metric[]
  readonly #readers = new Map<PageMonitor, () => ExportedMetrics>()

  constructor(monitors: readonly PageMonitor[]) {
    this.add(monitors)
    this.metrics = [
      ...this.#counters(),
      ...this.#latencies(),
      ...this.#sizes(),
      this.#metric(
        Gauge,
        'alert',
        'Alerts that are raised, by their level.',
        ['name', 'level'],
        ({ alerts }) => alerts.map(({ name, level }) => ({ labels: { name, level }, value: 1 })),
      ),
    ]
  }

  /** @throws ConfigurationError (`DUPLICATE_NAME`) for a monitor with the name of another */
  add(monitors: readonly PageMonitor[]): void {
    for (const monitor of monitors) {
      if (this.#readers.has(monitor)) continue
      for (const { name } of this.#readers.keys()) if (name === monitor.name) throw sameName()
      this.#readers.set(
        monitor,
        onceAtATime(() => monitor.exportMetrics()),
      )
    }
  }

  #counters(): Metric[] {
    const counter = (
      name: string,
      help: string,
      labels: readonly string[],
      read: Read<Value>,
    ): Metric => this.#metric(Counter, name, help, labels, read)
    const single = (value: number): Value[] => [{ labels: {}, value }]
    return [
      counter(
        'operations_total',
        'Operations by outcome and tier.',
        ['operation', 'outcome', 'tier'],
        (metrics) =>
          metrics.operation_counts.map(({ operation, outcome, tier, count }) => {
            return { labels: { operation, outcome, tier }, value: count }
          }),
      ),
      counter(
        'responses_total',
        'Lookups and stores of AI responses by outcome.',
        ['operation', 'model', 'outcome'],
        (metrics) =>
          metrics.response_counts.map(({ operation, model, outcome, count }) => {
            return { labels: { operation, model: model ?? '', outcome }, value: count }
          }),
      ),
      counter(
        'compression_bytes_total',
        'Bytes of compressed values, before and after compression.',
        ['stage'],
        (metrics) => [
          { labels: { stage: 'before' }, value: metrics.total_bytes_before_compression },
          { labels: { stage: 'after' }, value: metrics.total_bytes_after_compression },
        ],
      ),
      counter(
        'invalidations_total',
        'Invalidations by pattern, and of everything.',
        [],
        (metrics) => single(metrics.total_invalidations),
      ),
      counter('invalidated_keys_total', 'Keys that invalidations removed.', [], (metrics) =>
        single(metrics.total_keys_invalidated),
      ),
      counter('rejected_records_total', 'Records that were rejected.', [], (metrics) =>
        single(metrics.rejected_records),
      ),
    ]
  }

  #latencies(): Metric[] {
    return [
      new PrometheusLatencies({
        name: `${PREFIX}operation_duration_seconds`,
        help: 'Durations of operations; for hits in memory, a sample.',
        labelNames: ['cache', 'operation', 'tier'],
        read: () =>
          this.#read(({ latencies }): LabelledLatencies[] =>
            latencies.map(({ operation, tier, histogram }) => {
              return {
                labels: { operation, tier },
                latencies: LatencyHistogram.fromJSON(histogram),
              }
            }),
          ),
      }),
      new PrometheusLatencies({
        name: `${PREFIX}key_generation_duration_seconds`,
        help: 'Durations of key generations.',
        labelNames: ['cache'],
        read: () =>
          this.#read(({ key_generation_latencies }): LabelledLatencies[] => [
            { labels: {}, latencies: LatencyHistogram.fromJSON(key_generation_latencies) },
          ]),
      }),
    ]
  }

  #sizes(): Metric[] {
    const gauge = (
      name: string,
      help: string,
      inMemory: NewestUsage,
      inRedis: NewestUsage,
    ): Metric =>
      this.#metric(Gauge, name, help, ['store'], ({ memory_usage_measurements: measured }) =>
        measured.slice(-1).flatMap((usage) => {
          const memory = { labels: { store: 'memory' }, value: inMemory(usage) ?? 0 }
          const redis = inRedis(usage)
          // The page leaves out a figure that was not measured.
          return redis === null ? [memory] : [memory, { labels: { store: 'redis' }, value: redis }]
        }),
      )
    return [
      gauge(
        'size_bytes',
        'Bytes that caches occupy.',
        (usage) => usage.memory_cache_size_bytes,
        (usage) => usage.redis_size_bytes,
      ),
      gauge(
        'entries',
        'Entries that caches hold.',
        (usage) => usage.memory_cache_entry_count,
        (usage) => usage.redis_entry_count,
      ),
    ]
  }

  /** Returns a metric that reads its values at each scrape. */
  #metric(
    Kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    labelNames: readonly string[],
    values: Read<Value>,
  ): Metric {
    const read = (): readonly Value[] => this.#read(values)
    return new Kind({
      name: `${PREFIX}${name}`,
      help,
      labelNames: ['cache', ...labelNames],
      registers: [],
      collect() {
        this.reset()
        for (const { labels, value } of read()) this.inc(labels, value)
      },
    })
  }

  /** Reads all monitors, and adds their names as labels. */
  #read<T extends { readonly labels: Readonly<Record<string, string>> }>(values: Read<T>): T[] {
    const all: T[] = []
    for (const [{ name }, read] of this.#readers) {
      for (const value of values(read())) {
        all.push({ ...value, labels: { cache: name, ...value.labels } })
      }
    }
    return all
  }
}

type NewestUsage = (usage: ExportedMetrics['memory_usage_measurements'][number]) => number | null

/** Returns an error without the name, because no message contains a value. */
function sameName(): ConfigurationError {
  return new ConfigurationError(
    'name must be different for each monitor of a page; received one name twice. Give each monitor its own option name',
    { code: 'DUPLICATE_NAME', context: { option: 'name' } },
  )
}

/** Shares one result among all calls of one turn: a scrape reads all metrics at the same moment. */
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
