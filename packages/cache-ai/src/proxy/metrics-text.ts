import type { ModelCallStats } from '../model-calls/call-counters.js'

const METRICS = [
  ['calls', 'verbatim_model_calls_total', 'status', 'Requests, by how they were served.'],
  ['bypassed', 'verbatim_model_bypassed_total', 'reason', 'Requests without the cache, by reason.'],
  [
    'notStored',
    'verbatim_model_not_stored_total',
    'reason',
    'Answers that were not stored, by reason.',
  ],
] as const

/** Returns counts in the text format of Prometheus. The labels are words of this package, never of callers. */
export function metricsText(stats: ModelCallStats): string {
  const lines = METRICS.flatMap(([field, name, label, help]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} counter`,
    Object.entries(stats[field])
      .map(([value, count]) => `${name}{${label}="${value}"} ${count}`)
      .join('\n'),
  ])
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}
