import type { ModelCallStats } from './call-counters.js'
import { type SavingsRow, TOKEN_CLASSES } from './savings.js'

/** A figure with its labels. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface Metric {
  readonly name: string
  readonly help: string
  readonly read: (stats: ModelCallStats) => readonly Sample[]
}

const METRICS: readonly Metric[] = [
  {
    name: 'verbatim_model_calls_total',
    help: 'Calls, by how they were served.',
    read: ({ calls }) => counted(calls, 'status'),
  },
  {
    name: 'verbatim_model_bypassed_total',
    help: 'Calls without the cache, by reason.',
    read: ({ bypassed }) => counted(bypassed, 'reason'),
  },
  {
    name: 'verbatim_model_not_stored_total',
    help: 'Answers that were not stored, by reason.',
    read: ({ notStored }) => counted(notStored, 'reason'),
  },
  {
    name: 'verbatim_model_saved_calls_total',
    help: 'Calls that were served without a call of the model.',
    read: (stats) => saved(stats, ({ calls }) => [{ labels: {}, value: calls }]),
  },
  {
    name: 'verbatim_model_saved_seconds_total',
    help: 'Durations of the calls of the model that were avoided.',
    read: (stats) => saved(stats, ({ timeMs }) => [{ labels: {}, value: timeMs / 1_000 }]),
  },
  {
    name: 'verbatim_model_saved_tokens_total',
    help: 'Tokens of the calls of the model that were avoided, by the price that the provider asks for them.',
    read: (stats) =>
      saved(stats, ({ tokens }) =>
        TOKEN_CLASSES.map((name) => ({ labels: { class: name }, value: tokens[name] })),
      ),
  },
  {
    name: 'verbatim_model_saved_cost_total',
    help: 'The price of those tokens, by the price table of the user.',
    read: (stats) =>
      saved(stats, ({ cost }) =>
        cost === undefined
          ? []
          : [{ labels: { currency: stats.savings.currency ?? '' }, value: cost }],
      ),
  },
]

/**
 * Returns the statistics of model calls in the text format of Prometheus. The number of label values is bounded:
 * 100 combinations of operation, tenant, provider and model.
 *
 * @example
 * ```ts
 * response.setHeader('content-type', 'text/plain').end(metricsText(middleware.getStats()))
 * ```
 */
export function metricsText(stats: ModelCallStats): string {
  const lines = METRICS.flatMap(({ name, help, read }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} counter`,
    ...read(stats).map(({ labels, value }) => `${name}{${labelText(labels)}} ${value}`),
  ])
  return `${lines.join('\n')}\n`
}

/** The part of a meter of OpenTelemetry that {@link observeModelCalls} uses. */
export interface CounterMeter {
  createObservableCounter(
    name: string,
    options: { readonly description: string },
  ): {
    addCallback(
      callback: (result: {
        observe(value: number, attributes: Readonly<Record<string, string>>): void
      }) => void,
    ): void
  }
}

/**
 * Reports the statistics of model calls to OpenTelemetry, under the names of {@link metricsText} with dots.
 *
 * @param meter - a meter of `@opentelemetry/api`
 * @param adapter - the middleware, the caching `fetch` or the model
 * @example
 * ```ts
 * observeModelCalls(metrics.getMeter('my service'), middleware)
 * ```
 */
export function observeModelCalls(
  meter: CounterMeter,
  adapter: { getStats(): ModelCallStats },
): void {
  for (const { name, help, read } of METRICS) {
    const dotted = name.replace(/_total$/, '').replaceAll('_', '.')
    const counter = meter.createObservableCounter(dotted, { description: help })
    counter.addCallback((result) => {
      for (const { labels, value } of read(adapter.getStats())) result.observe(value, labels)
    })
  }
}

function counted(counts: Readonly<Record<string, number>>, label: string): readonly Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

function saved(
  { savings }: ModelCallStats,
  read: (row: SavingsRow) => readonly Sample[],
): readonly Sample[] {
  return savings.rows.flatMap((row) => {
    const { operation, tenant, provider, model } = row
    return read(row).map(({ labels, value }) => {
      return { labels: { operation, tenant, provider, model, ...labels }, value }
    })
  })
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`)
    .join(',')
}
