import type { MeasuredCache, RunReport } from '../cells/run-report.js'
import { SCENARIOS } from '../cells/scenarios.js'
import { type CellSummary, classOf, type FigureSummary, summarize } from '../cells/summary.js'
import { figure } from './figures.js'
import { isThroughputScenario, throughputLines } from './throughput-tables.js'

/** Returns a report of a run as Markdown. The text in a terminal is the same. */
export function formatRun(report: RunReport): string {
  const summaries = summarize(report)
  const scenarios = [...new Set(summaries.map(({ scenario }) => scenario))]
  return [
    ...conditions(report),
    '',
    ...failedCaches(report),
    ...scenarios
      .filter((scenario) => !isThroughputScenario(scenario))
      .flatMap((scenario) => scenarioLines(report, summaries, scenario)),
    ...throughputLines(report),
  ].join('\n')
}

/** Returns the conditions of a run. */
export function conditions(report: RunReport): string[] {
  const { environment, caches, load, redisVersion } = report
  const versions = new Set(
    caches.flatMap((cache) => Object.entries(cache.versions).map((version) => version.join(' '))),
  )
  return [
    `${report.date.slice(0, 10)}, ${environment.runtimeVersion}, ` +
      `${redisVersion === undefined ? '' : `Redis ${redisVersion}, `}${environment.platform}, ` +
      `${environment.cpuCount} x ${environment.processor}, ${report.memoryMb} MiB of memory.`,
    `Load of the machine: ${figure(load[0])} at the start, ${figure(load[1])} at the end. ` +
      `${report.processes} fresh processes per cell, seed ${report.seed}, ` +
      `${figure(report.durationMs / 60_000)} minutes.`,
    `Versions: ${[...versions].join(', ')}.`,
    ...(report.isPartial ? ['**The run was stopped before its end.**'] : []),
  ]
}

function failedCaches({ caches }: RunReport): string[] {
  const failed = caches.filter(({ failures }) => failures.length > 0)
  if (failed.length === 0) return []
  return [
    'Not timed:',
    '',
    ...failed.map(({ name, failures }) => `- ${escaped(name)}: ${escaped(failures.join('; '))}`),
    '',
  ]
}

function scenarioLines(
  report: RunReport,
  summaries: readonly CellSummary[],
  scenario: string,
): string[] {
  const cells = summaries.filter((summary) => summary.scenario === scenario)
  const names = [...new Set(cells.flatMap(({ figures }) => figures.map(({ name }) => name)))]
  const units = new Map(
    cells.flatMap(({ figures }) => figures.map(({ name, unit }) => [name, unit])),
  )
  const classes = [...new Set(report.caches.map(classOf))]
  const rows = classes.flatMap((each) => {
    const caches = report.caches.filter((cache) => classOf(cache) === each)
    const ofClass = caches.flatMap((cache) => rowOf(cache, cells, names))
    const title = row([`**${each}**`, ...names.map(() => '')])
    return ofClass.length === 0 ? [] : [title].concat(ofClass)
  })
  return [
    `### ${scenario}: ${SCENARIOS[scenario]?.title ?? ''}`,
    '',
    row(['cache', ...names.map((name) => `${name}, ${units.get(name)}`)]),
    row(['---', ...names.map(() => '---:')]),
    ...rows,
    '',
  ]
}

function rowOf(
  { name, isUnbounded }: MeasuredCache,
  cells: readonly CellSummary[],
  names: readonly string[],
): string[] {
  const cell = cells.find(({ cache }) => cache === name)
  if (cell === undefined) return []
  if (cell.figures.length === 0) {
    return [row([escaped(name), `error: ${escaped(cell.errors.join('; '))}`])]
  }
  const suffix = cell.errors.length === 0 ? '' : ` (some processes: ${cell.errors.join('; ')})`
  const values = names.map((each) => shown(cell.figures.find((summary) => summary.name === each)))
  const limit = isUnbounded ? ' (no size limit)' : ''
  return [row([`${escaped(name)}${limit}${escaped(suffix)}`, ...values])]
}

function shown(summary: FigureSummary | undefined): string {
  if (summary === undefined) return ''
  const { median, low, high, isStable } = summary
  const middle = `${isStable ? '' : '~'}${figure(median)}`
  return low === high ? middle : `${middle} (${figure(low)}-${figure(high)})`
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function escaped(text: string): string {
  return text.replaceAll(/[|<>`]/g, (character) => `\\${character}`)
}
