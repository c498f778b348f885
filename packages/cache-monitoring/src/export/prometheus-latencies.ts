import {
  Histogram,
  type MetricObjectWithValues,
  type MetricType,
  type MetricValueWithName,
} from 'prom-client'
import type { LatencyHistogram } from '../records/latency-histogram.js'
import { DURATION_BUCKETS } from './duration-buckets.js'

/** Times with the labels that they are told apart by. */
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

/** A value as the client keeps it; the shared labels are not among its types. */
type SharingValue = MetricValueWithName<string> & { readonly sharedLabels: object }

/**
 * A histogram for Prometheus of times that were counted elsewhere. A bucket holds what lies below its
 * bound, give or take what lies within 1 % of it.
 */
export class PrometheusLatencies extends Histogram {
  readonly #options: PrometheusLatenciesOptions

  constructor(options: PrometheusLatenciesOptions) {
    const { name, help, labelNames } = options
    super({ name, help, labelNames, buckets: DURATION_BUCKETS, registers: [] })
    this.#options = options
  }

  /** What a registry asks for, and what `get` answers; it is not among the client's types. */
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
    // `get` adds the shared labels to those of each value, and fails where there are none.
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
