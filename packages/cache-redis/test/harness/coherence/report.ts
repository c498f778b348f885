import type { StalenessReport } from './checker/staleness.js'
import type { RunOptions } from './run-options.js'
import type { WorkerCounts } from './worker/messages.js'

/** What a run did and what it found. */
export interface CoherenceReport {
  readonly options: RunOptions
  readonly seconds: number
  /** That the checker has seen. */
  readonly events: number
  readonly counts: WorkerCounts
  /** How often each fault was in force. */
  readonly faults: Readonly<Record<string, number>>
  /** Illegal reads, by kind. */
  readonly violations: Readonly<Record<string, number>>
  /** The first ones, each with the operations that prove it. */
  readonly histories: readonly string[]
  /** What else must not happen, by kind. */
  readonly troubles: Readonly<Record<string, number>>
  readonly troubleTexts: readonly string[]
  readonly firstFindingAfterSeconds: number | undefined
  readonly staleness: StalenessReport
}

export function operationsOf({ counts }: CoherenceReport): number {
  return sumOf(counts.operations)
}

/** Violations and troubles together. */
export function findingsOf({ violations, troubles }: CoherenceReport): number {
  return sumOf(violations) + sumOf(troubles)
}

/** The report as text, without the histories. */
export function formatReport(report: CoherenceReport): string {
  const { options, counts, seconds, faults, violations, staleness } = report
  const operations = operationsOf(report)
  const stale = staleness.histogram.filter(({ reads }) => reads > 0)
  const rows: [string, string][] = [
    ['seed', `${options.seed}${options.bug === undefined ? '' : `, with the bug ${options.bug}`}`],
    ['set-up', setUpOf(options)],
    ['operations', `${operations} (${Math.round(operations / seconds)}/s)`],
    ['events checked', String(report.events)],
    ['reads', `${counts.hits} hits, ${counts.misses} misses, ${counts.refused} refused`],
    ['writes', `${counts.writesOk} ok, ${counts.writesIndeterminate} indeterminate`],
    ['loads', String(counts.loads)],
    ['longest calls', listOf(counts.longestMs, (value) => `${Math.round(value)} ms`)],
    ['faults', listOf(faults)],
    [
      'stale reads',
      stale.map(({ upToMs, reads }) => `≤ ${upToMs} ms: ${reads}`).join(', ') || 'none',
    ],
    ['longest staleness', `${staleness.longestMs.toFixed(1)} ms`],
    [
      'inconsistent writes',
      staleness.inconsistentWrites
        .map(({ afterMs, writes }) => `after ${afterMs} ms: ${writes} of ${counts.writesOk}`)
        .join(', '),
    ],
    ['troubles', listOf(report.troubles)],
    ['violations', listOf(violations)],
  ]
  if (report.firstFindingAfterSeconds !== undefined) {
    rows.push(['first found after', `${report.firstFindingAfterSeconds.toFixed(1)} s`])
  }
  return rows.map(([name, value]) => `${name.padEnd(20)} ${value}`).join('\n')
}

function setUpOf(options: RunOptions): string {
  const late =
    options.lateWritesMs === Number.POSITIVE_INFINITY
      ? 'failed writes may be late for ever'
      : `failed writes may be ${options.lateWritesMs} ms late`
  return [
    `${options.processes} processes of ${options.lanes} lanes`,
    `${options.keys} ${options.sharing} keys`,
    options.memory ? 'with memory' : 'without memory',
    options.loads ? 'with loads' : 'without loads',
    options.overlap ? 'writes overlap' : 'own writes of a key do not overlap',
    `staleness ${options.healthyBoundMs} ms, ${options.lostBoundMs} ms around faults`,
    late,
  ].join('; ')
}

function listOf(
  values: Readonly<Record<string, number>>,
  show: (value: number) => string = String,
): string {
  const entries = Object.entries(values)
  return entries.map(([name, value]) => `${name} ${show(value)}`).join(', ') || 'none'
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
