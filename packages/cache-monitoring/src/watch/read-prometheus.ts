import type { Latencies, Reading } from './reading.js'

/** What the names of all metrics begin with. */
export const PREFIX = 'verbatim_cache_'

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Reads a page in Prometheus's text format, on which others may have written too. */
export function readPrometheus(page: string, takenAt: number): Reading {
  const samples = samplesOf(page)
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
      .map(({ labels: { name = '', level = '' } }) => ({ name, level })),
  }
}

function samplesOf(page: string): Sample[] {
  return page.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? []
    if (name === undefined) return []
    const pairs = Array.from(labels.matchAll(LABEL), ([, label, text]) => [label, text])
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }]
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
