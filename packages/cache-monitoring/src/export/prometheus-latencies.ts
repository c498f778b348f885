import {
  Histogram,
  type MetricObjectWithValues,
  type MetricType,
  type MetricValueWithName,
} from 'prom-client'
import { DURATION_BUCKETS, type LatencyHistogram } from '../records/latency-histogram.js'

/** A histogram and its labels. */
export interface LabelledLatencies {
  readonly labels: Readonly<Record<string, string>>
  readonly latencies: LatencyHistogram
}

export interface PrometheusLatenciesOptions {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly read: () => readonly LabelledLatencies[]
}

/** A value as the client stores it. The types of the client lack the shared labels. */
type SharingValue = MetricValueWithName<string> & { readonly sharedLabels: object }

/**
 * A histogram for Prometheus of durations that a monitor has counted. A bucket counts the durations below its
 * bound; durations within 1 % of the bound may be left out.
 */
export class PrometheusLatencies extends Histogram {
  readonly #options: PrometheusLatenciesOptions

  constructor(options: PrometheusLatenciesOptions) {
    const { name, help, labelNames } = options
    super({ name, help, labelNames, buckets: DURATION_BUCKETS, registers: [] })
    this.#options = options
  }

  /** Returns the values for a registry and for `get`. The types of the client lack this method. */
  async getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { name, help, read } = this.#options
    const values = read().flatMap((each) => this.#valuesOf(each))
    return {
      name,
      help,
      type: 'histogram' as unknown as MetricType,
      aggregator: 'sum',
      collect: () => {},
      values,
    }
  }

  #valuesOf({ labels, latencies }: LabelledLatencies): MetricValueWithName<string>[] {
    const { name } = this.#options
    // `get` adds the shared labels to those of each value, and fails without shared labels.
    const sharedLabels = {}
    const bucket = (le: number | string, value: number): SharingValue => {
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value, sharedLabels }
    }
    const all: SharingValue[] = [
      ...DURATION_BUCKETS.map((bound) => bucket(bound, latencies.countUpTo(bound))),
      bucket('+Inf', latencies.count),
      { metricName: `${name}_sum`, labels, value: latencies.sum, sharedLabels },
      { metricName: `${name}_count`, labels, value: latencies.count, sharedLabels },
    ]
    return all
  }
}
