import { areAmounts } from '../records/amounts.js'
import { mergeReadings } from './merge-readings.js'
import type { Latencies, Reading } from './reading.js'

/** What the names of all metrics begin with. */
export const PREFIX = 'verbatim_cache_'

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The labels of the metrics themselves; all others, such as `cache` and `pod`, tell instances apart. */
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

/** Reads a page in Prometheus's text format, on which several caches, and others, may have written. */
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

/** @param instance - whose alerts these are; `undefined` where there is nothing to tell apart */
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

/** Returns the labels that tell instances apart, in one text, whatever their order on the page. */
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
    // No metric of a cache is negative or infinite.
    if (name === undefined || !areAmounts(value)) return []
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
