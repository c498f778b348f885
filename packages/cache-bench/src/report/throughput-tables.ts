import type { MeasuredCache, RunReport } from '../cells/run-report.js'
import {
  CALLERS,
  callersText,
  figureName,
  PACED_SCENARIO,
  RATE_SHARES,
  THROUGHPUT_SCENARIOS,
} from '../cells/scenarios/throughput.js'
import { median } from '../harness/confidence.js'
import { percentile } from '../statistics.js'
import { figure } from './figures.js'

const OPERATIONS = ['get', 'set'] as const
/** Number of callers in the table of costs. */
const COST_CALLERS = 64

/** One value, number of callers and operation. */
interface ThroughputRow {
  readonly operation: (typeof OPERATIONS)[number]
  /** Kind and size of the values, such as `'text, 1 KB'`. */
  readonly value: string
  readonly callers: number
  /** Calls per second of each process, by cache. */
  readonly rates: ReadonlyMap<string, readonly number[]>
  /** The cache of other libraries with the highest median. */
  readonly best: string | undefined
}

/** Returns whether a run contains a scenario of this report. */
export function isThroughputScenario(name: string): boolean {
  return name in THROUGHPUT_SCENARIOS || name === PACED_SCENARIO
}

/** Returns the caches of this repository in a run. */
export function ownCaches({ caches }: RunReport): readonly MeasuredCache[] {
  return caches.filter(({ versions }) => {
    return Object.keys(versions).some((name) => name.startsWith('@verbatim/'))
  })
}

/** Returns the measured rows, each with the best cache of other libraries. */
export function throughputRows(report: RunReport): ThroughputRow[] {
  const own = new Set(ownCaches(report))
  const peers = report.caches.filter((cache) => !cache.isFloor && !own.has(cache))
  return OPERATIONS.flatMap((operation) =>
    Object.keys(THROUGHPUT_SCENARIOS).flatMap((scenario) =>
      CALLERS.flatMap((callers): ThroughputRow[] => {
        const name = figureName(operation, callers)
        const rates = valuesOf(report, scenario, name)
        if (rates.size === 0) return []
        const [best] = peers
          .map((peer) => peer.name)
          .filter((peer) => rates.has(peer))
          .toSorted((one, other) => median(rates.get(other) ?? []) - median(rates.get(one) ?? []))
        return [{ operation, value: valueName(scenario), callers, rates, best }]
      }),
    ),
  )
}

/**
 * Returns the ratio of the medians of a cache and of the best cache of other libraries, or `undefined` if one of them
 * was not measured.
 */
export function ratioToBest(row: ThroughputRow, cache: string): number | undefined {
  const own = row.rates.get(cache)
  const best = row.best === undefined ? undefined : row.rates.get(row.best)
  return own === undefined || best === undefined ? undefined : median(own) / median(best)
}

/** Returns the rows in which a cache is slower than the best cache of other libraries, as a list. */
export function lostRows(rows: readonly ThroughputRow[], cache: string): string[] {
  return rows.flatMap((row) => {
    const ratio = ratioToBest(row, cache)
    if (ratio === undefined || ratio >= 1) return []
    const { operation, value, callers, best } = row
    return [`${operation}, ${value}, ${callersText(callers)}: ${figure(ratio)} of ${best}`]
  })
}

/** Returns the tables of throughput through Redis as Markdown. */
export function throughputLines(report: RunReport): string[] {
  const rows = throughputRows(report)
  const own = ownCaches(report).map(({ name }) => name)
  return [
    ...OPERATIONS.flatMap((operation) => {
      const ofOperation = rows.filter((row) => row.operation === operation)
      return ofOperation.length === 0 ? [] : rateTable(report, operation, ofOperation)
    }),
    ...costTable(report),
    ...pacedTable(report),
    ...own.flatMap((cache) => {
      if (rows.length === 0) return []
      const lost = lostRows(rows, cache)
      const measured = rows.filter((row) => ratioToBest(row, cache) !== undefined).length
      const title = `### Rows that ${cache} loses: ${lost.length} of ${measured}`
      return [title, ''].concat(
        lost.map((line) => `- ${line}`),
        '',
      )
    }),
  ]
}

function rateTable(report: RunReport, operation: string, rows: readonly ThroughputRow[]): string[] {
  const own = ownCaches(report).map(({ name }) => name)
  const caches = measuredCaches(report)
  const lines = rows.map((row) => {
    const rates = caches.map((cache) => quartiles(row.rates.get(cache), 1 / 1_000))
    const ratios = own.map((cache) => emphasized(ratioToBest(row, cache)))
    return tableRow([row.value, String(row.callers), ...rates, ...ratios])
  })
  const ratioTitles = own.map((cache) => `${cache} / best cache`)
  const titles = ['value', 'callers', ...caches, ...ratioTitles]
  return [
    `### ${operation} through Redis, thousand calls per second: median (quartiles)`,
    '',
    tableRow(titles),
    tableRow(titles.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...lines,
    '',
  ]
}

function costTable(report: RunReport): string[] {
  const caches = measuredCaches(report)
  const lines = OPERATIONS.flatMap((operation) =>
    Object.keys(THROUGHPUT_SCENARIOS).flatMap((scenario) => {
      const name = figureName(operation, COST_CALLERS)
      const cpu = valuesOf(report, scenario, `${name}: Redis CPU`)
      const commands = valuesOf(report, scenario, `${name}: commands`)
      if (cpu.size === 0) return []
      const cells = caches.map((cache) => {
        const [nanoseconds, count] = [cpu.get(cache), commands.get(cache)]
        if (nanoseconds === undefined || count === undefined) return ''
        return `${figure(median(nanoseconds) / 1_000)} / ${figure(median(count))}`
      })
      return [tableRow([operation, valueName(scenario), ...cells])]
    }),
  )
  if (lines.length === 0) return []
  const titles = ['call', 'value', ...caches]
  return [
    `### Cost of one call with ${COST_CALLERS} callers: CPU time of Redis in µs / commands`,
    '',
    tableRow(titles),
    tableRow(titles.map((_, index) => (index < 2 ? '---' : '---:'))),
    ...lines,
    '',
  ]
}

function pacedTable(report: RunReport): string[] {
  const columns = OPERATIONS.flatMap((operation) => {
    const rate = `${operation}: highest rate`
    const latencies = RATE_SHARES.flatMap((share) =>
      ['p50', 'p99'].map((percentileName) => {
        const name = `${operation} at ${share * 100} %: ${percentileName}`
        return { title: `${name}, µs`, name, scale: 1_000 }
      }),
    )
    return [{ title: `${rate}, 1/s`, name: rate, scale: 1 }].concat(latencies)
  })
  const values = columns.map(({ name }) => valuesOf(report, PACED_SCENARIO, name))
  const caches = measuredCaches(report).filter((cache) => values.some((each) => each.has(cache)))
  if (caches.length === 0) return []
  return [
    '### Latency of one caller with 1 KB at 10 % and 50 % of its highest rate (open loop)',
    '',
    tableRow(['cache', ...columns.map(({ title }) => title)]),
    tableRow(['---', ...columns.map(() => '---:')]),
    ...caches.map((cache) =>
      tableRow([
        cache,
        ...columns.map(({ scale }, index) => quartiles(values[index]?.get(cache), scale)),
      ]),
    ),
    '',
  ]
}

/** Returns the caches with a figure of this report, those of this repository first and the bare clients last. */
function measuredCaches(report: RunReport): string[] {
  const measured = new Set(
    report.cells
      .filter(({ scenario, error }) => error === undefined && isThroughputScenario(scenario))
      .map(({ cache }) => cache),
  )
  const own = new Set(ownCaches(report))
  const rank = (cache: MeasuredCache): number => (own.has(cache) ? 0 : cache.isFloor ? 2 : 1)
  return report.caches
    .filter(({ name }) => measured.has(name))
    .toSorted((one, other) => rank(one) - rank(other))
    .map(({ name }) => name)
}

/** Returns the values of a figure in all processes, by cache. */
function valuesOf(report: RunReport, scenario: string, name: string): Map<string, number[]> {
  const values = new Map<string, number[]>()
  for (const cell of report.cells) {
    if (cell.scenario !== scenario || cell.error !== undefined) continue
    const found = cell.figures.find((each) => each.name === name)
    if (found !== undefined)
      values.set(cell.cache, [...(values.get(cell.cache) ?? []), found.value])
  }
  return values
}

function valueName(scenario: string): string {
  return scenario.replace('throughput, ', '')
}

function quartiles(values: readonly number[] | undefined, scale: number): string {
  if (values === undefined) return ''
  const sorted = Float64Array.from(values, (value) => value * scale).toSorted()
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => figure(percentile(sorted, share)))
  return low === high ? `${middle}` : `${middle} (${low}-${high})`
}

/** Returns a ratio as a text. A lost row is bold. */
function emphasized(ratio: number | undefined): string {
  if (ratio === undefined) return ''
  return ratio < 1 ? `**${figure(ratio)}**` : figure(ratio)
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
