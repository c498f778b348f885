import type { ExportedMetrics } from '../export/metrics-export.js'
import type { LatencyHistogramData } from '../records/latency-histogram.js'
import { isAmount } from '../records/measurements.js'
import { assertReading } from './assert-reading.js'
import { type Buckets, type Latencies, mergeReadings, type Reading } from './reading.js'

/**
 * Reads one result of `exportMetrics()`, or a list of results whose order stays the same from reading to
 * reading.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for an impossible figure
 */
export function readExport(
  exported: ExportedMetrics | readonly ExportedMetrics[],
  takenAt: number,
): Reading {
  if (!isList(exported)) return readMetrics(exported, takenAt, '')
  const readings = exported.map((metrics, index): [string, Reading] => {
    const source = exported.length === 1 ? '' : metrics.cache
    return [`${index} ${metrics.cache}`, readMetrics(metrics, takenAt, source)]
  })
  if (readings.length === 0) throw new TypeError('the list of exports is empty')
  return mergeReadings(new Map(readings))
}

function isList(
  exported: ExportedMetrics | readonly ExportedMetrics[],
): exported is readonly ExportedMetrics[] {
  return Array.isArray(exported)
}

/** @param source - the name of the cache for its alerts; empty for a single cache */
function readMetrics(metrics: ExportedMetrics, takenAt: number, source: string): Reading {
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
    ...bins.map(([bin, binCount]): [number, number] => {
      count += binCount
      return [growth ** bin, count]
    }),
  ]
}

/** The start of every metric's name. */
export const PREFIX = 'verbatim_cache_'

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The labels of the metrics. All other labels, such as `cache` and `pod`, tell instances apart. */
const OWN_LABELS: ReadonlySet<string> = new Set([
  'operation',
  'outcome',
  'tier',
  'le',
  'store',
  'name',
  'level',
  'stage',
  'model',
])

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Reads a page in the text format of Prometheus, with metrics of one or more caches among others. */
export function readPrometheus(page: string, takenAt: number): Reading {
  const instances = new Map<string, Sample[]>()
  for (const sample of samplesOf(page)) {
    const instance = instanceOf(sample)
    instances.set(instance, [...(instances.get(instance) ?? []), sample])
  }
  const isOne = instances.size <= 1
  const readings = Array.from(instances, ([instance, samples]): [string, Reading] => {
    return [instance, readInstance(samples, takenAt, isOne ? undefined : instance)]
  })
  return { ...mergeReadings(new Map(readings)), takenAt }
}

/** @param instance - the name of the instance for its alerts; `undefined` for a single instance */
function readInstance(
  samples: readonly Sample[],
  takenAt: number,
  instance: string | undefined,
): Reading {
  const operations = named(samples, `${PREFIX}operations_total`)
  const count = (holds: (labels: Sample['labels']) => boolean): number =>
    sum(operations.filter(({ labels }) => holds(labels)))
  const sizes = named(samples, `${PREFIX}size_bytes`)
  return {
    takenAt,
    hits: count(({ operation, outcome }) => operation === 'get' && outcome === 'hit'),
    misses: count(({ operation, outcome }) => operation === 'get' && outcome === 'miss'),
    errors: count(({ outcome }) => outcome === 'error'),
    operations: count(() => true),
    latencies: latenciesOf(samples),
    ...(sizes.length > 0 && {
      memory: { bytes: sum(sizes), entries: sum(named(samples, `${PREFIX}entries`)) },
    }),
    alerts: named(samples, `${PREFIX}alert`)
      .filter(({ value }) => value > 0)
      .map(({ labels: { name = '', level = '' } }) =>
        instance === undefined ? { name, level } : { name, level, message: instance },
      ),
  }
}

/** Returns the labels of an instance as one text that does not depend on their order. */
function instanceOf({ labels }: Sample): string {
  return Object.entries(labels)
    .filter(([label]) => !OWN_LABELS.has(label))
    .map(([label, value]) => `${label}=${value}`)
    .toSorted()
    .join(', ')
}

function samplesOf(page: string): Sample[] {
  return page.split('\n').flatMap((line) => {
    if (!line.startsWith(PREFIX)) return []
    const [, name, labels = '', text] = SAMPLE.exec(line) ?? []
    const value = Number(text)
    // A metric of a cache is neither negative nor infinite.
    if (name === undefined || !isAmount(value)) return []
    const pairs = Array.from(labels.matchAll(LABEL), ([, label, written]) => [label, written])
    return [{ name, labels: Object.fromEntries(pairs), value }]
  })
}

function latenciesOf(samples: readonly Sample[]): Latencies[] {
  const metric = `${PREFIX}operation_duration_seconds`
  const all = named(samples, `${metric}_bucket`)
  return named(samples, `${metric}_count`).map(({ labels, value }) => {
    const { operation = '', tier = '' } = labels
    const buckets = all
      .filter(
        (bucket) => bucket.labels['operation'] === operation && bucket.labels['tier'] === tier,
      )
      .map((bucket): [number, number] => [boundOf(bucket.labels['le']), bucket.value])
      .toSorted(([one], [other]) => one - other)
    return { operation, tier, count: value, buckets }
  })
}

function boundOf(le: string | undefined): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
}

function named(samples: readonly Sample[], name: string): Sample[] {
  return samples.filter((sample) => sample.name === name)
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0)
}
