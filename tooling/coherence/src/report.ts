import type { DegradedReadsReport } from './checker/degraded-reads.js'
import type { StalenessReport } from './checker/staleness.js'
import type { VisibilityReport } from './checker/visibility.js'
import type { RunOptions } from './run-options.js'
import type { WorkerCounts } from './worker/messages.js'

/** Result of a run. */
export interface CoherenceReport {
  readonly options: RunOptions
  readonly seconds: number
  /** Number of checked events. */
  readonly events: number
  readonly counts: WorkerCounts
  /** Number of times that each fault was in force. */
  readonly faults: Readonly<Record<string, number>>
  /** Number of illegal reads by kind. */
  readonly violations: Readonly<Record<string, number>>
  /** First violations, each with the operations that prove it. */
  readonly histories: readonly string[]
  /** Number of other problems by kind. */
  readonly problems: Readonly<Record<string, number>>
  readonly problemTexts: readonly string[]
  readonly firstFindingAfterSeconds: number | undefined
  readonly staleness: StalenessReport
  readonly degradedReads: DegradedReadsReport
  readonly visibility: VisibilityReport
}

export function operationsOf({ counts }: CoherenceReport): number {
  return sumOf(counts.operations)
}

export function faultsOf({ faults }: CoherenceReport): number {
  return sumOf(faults)
}

/** Returns the numbers of all violations and problems by kind. */
function findingsIn(report: CoherenceReport): Readonly<Record<string, number>> {
  return { ...report.violations, ...report.problems }
}

export function findingsOf(report: CoherenceReport): number {
  return sumOf(findingsIn(report))
}

/** Returns the kinds of the findings. */
export function kindsFoundIn(report: CoherenceReport): string {
  return Object.keys(findingsIn(report)).join(', ')
}

/** Returns the report as text, without the histories. */
export function formatReport(report: CoherenceReport): string {
  const { options, counts, seconds, faults, staleness, degradedReads } = report
  const operations = operationsOf(report)
  const stale = staleness.histogram.filter(({ reads }) => reads > 0)
  const rows: [string, string][] = [
    ['seed', `${options.seed}${options.bug === undefined ? '' : `, with the bug ${options.bug}`}`],
    ['set-up', setUpOf(options)],
    ['operations', `${operations} (${Math.round(operations / seconds)}/s)`],
    ['events checked', String(report.events)],
    [
      'reads',
      `${counts.hits} hits (${counts.hitsAfterStalls} after stalls), ` +
        `${counts.misses} misses, ${counts.refused} refused`,
    ],
    ['writes', `${counts.writesOk} ok, ${counts.writesIndeterminate} indeterminate`],
    ['operations by name', listOf(counts.operations)],
    ['loads', `${counts.loads}, ${counts.slowLoads} of them slow`],
    ['longest calls', listOf(counts.longestMs, (value) => `${Math.round(value)} ms`)],
    ['faults', `${faultsOf(report)} of ${Object.keys(faults).length} kinds: ${listOf(faults)}`],
    [
      'stale reads',
      stale.map(({ upToMs, reads }) => `≤ ${upToMs} ms: ${reads}`).join(', ') || 'none',
    ],
    ['longest staleness', `${staleness.longestMs.toFixed(1)} ms`],
    ['visibility', visibilityOf(report)],
    [
      'inconsistent writes',
      staleness.inconsistentWrites
        .map(({ afterMs, writes }) => `after ${afterMs} ms: ${writes} of ${counts.writesOk}`)
        .join(', '),
    ],
    [
      'degraded reads',
      `${degradedReads.reads}, ${degradedReads.whileUndisturbed} of them without a fault; ` +
        `${degradedReads.olderThanLostBound} of values replaced more than ` +
        `${options.lostBoundMs} ms before, at most ${Math.max(degradedReads.oldestMs, 0).toFixed(1)} ms`,
    ],
    ['findings', listOf(findingsIn(report))],
  ]
  if (report.firstFindingAfterSeconds !== undefined) {
    rows.push(['first finding after', `${report.firstFindingAfterSeconds.toFixed(1)} s`])
  }
  return rows.map(([name, value]) => `${name.padEnd(20)} ${value}`).join('\n')
}

function visibilityOf({ visibility }: CoherenceReport): string {
  const { writes, p50Ms, p99Ms, p999Ms, longestMs } = visibility
  const times = [
    ...[`p50 ${p50Ms.toFixed(2)}`, `p99 ${p99Ms.toFixed(2)}`],
    ...[`p99.9 ${p999Ms.toFixed(2)}`, `at most ${longestMs.toFixed(2)}`],
  ]
  return `${times.join(', ')} ms after the acknowledgement, of ${writes} writes without a fault`
}

function setUpOf(options: RunOptions): string {
  const late =
    options.lateWritesMs === Number.POSITIVE_INFINITY
      ? 'failed writes may take effect forever'
      : `failed writes may take effect for ${options.lateWritesMs} ms`
  return [
    `${options.processes} processes of ${options.lanes} lanes`,
    `${options.keys} ${options.sharing} keys${options.coldKeys > 0 ? ` and ${options.coldKeys} cold ones` : ''}`,
    options.memory ? 'with memory' : 'without memory',
    options.loads ? 'with loads' : 'without loads',
    options.overlap ? 'writes overlap' : 'writes of one key and process do not overlap',
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
