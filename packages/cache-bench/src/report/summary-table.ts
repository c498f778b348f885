import type { RunReport } from '../cells/run-report.js'
import { type CellSummary, classOf, type FigureSummary, summarize } from '../cells/summary.js'
import { median } from '../harness/confidence.js'
import { figure } from './figures.js'
import { conditions } from './run-tables.js'
import { lostRows, ownCaches, ratioToBest, throughputRows } from './throughput-tables.js'

/** The figure of each scenario in the summary. */
const SHOWN: readonly (readonly [scenario: string, figure: string])[] = [
  ['get', 'get'],
  ['set', 'set'],
  ['getOrSet', 'getOrSet'],
  ['zipf', 'getOrSet'],
  ['stampede', 'all calls'],
  ['stampede, 4 processes', 'loads per key'],
  ['open loop', 'p99'],
  ['outage', 'frozen: longest'],
  ['memory', 'bytes per entry'],
]
/** The values in the summary of throughput. The other values are in the tables of the run. */
const SHOWN_VALUE = 'structured, 1 KB'

interface SummaryRow {
  readonly what: string
  readonly own: string
  readonly other: string
  /** Above 1 if the cache of this repository is better. */
  readonly ratio: number
}

/**
 * Returns the most important figures of a run as Markdown: the best cache of this repository and the best cache of
 * other libraries. Rows that this repository loses are bold.
 */
export function formatSummary(report: RunReport): string {
  const rows = [...classRows(report), ...callerRows(report)]
  const lines = rows.map(({ what, own, other, ratio }) => {
    const shown = figure(ratio)
    return `| ${what} | ${own} | ${other} | ${ratio < 1 ? `**${shown}**` : shown} |`
  })
  return [
    'A ratio above 1 means that Verbatim is better. The ratio of a row that it loses is bold.',
    '',
    '| | Verbatim | best other cache | ratio |',
    '| --- | --- | --- | ---: |',
    ...lines,
    '',
    ...allRows(report),
    ...conditions(report),
  ].join('\n')
}

/** Compares caches within each class, because caches of different classes do different work. */
function classRows(report: RunReport): SummaryRow[] {
  const summaries = summarize(report)
  const own = new Set(ownCaches(report).map(({ name }) => name))
  const classes = [...new Set(report.caches.map(classOf))]
  return SHOWN.flatMap(([scenario, name]) =>
    classes.flatMap((fairnessClass): SummaryRow[] => {
      const rivals = report.caches.filter((cache) => {
        return classOf(cache) === fairnessClass && !cache.isFloor
      })
      const found = rivals
        .flatMap((cache) => figureOf(summaries, cache.name, scenario, name))
        .toSorted(([, one], [, other]) => rank(one) - rank(other))
      const mine = found.find(([cache]) => own.has(cache))
      const theirs = found.find(([cache]) => !own.has(cache))
      if (mine === undefined || theirs === undefined) return []
      const quotient = theirs[1].median / mine[1].median
      return [
        {
          what: `${scenario}: ${name} (${fairnessClass})`,
          own: `${mine[0]}: ${withUnit(mine[1])}`,
          other: `${theirs[0]}: ${withUnit(theirs[1])}`,
          ratio: mine[1].better === 'higher' ? 1 / quotient : quotient,
        },
      ]
    }),
  )
}

/** Returns the throughput through Redis of the default options. */
function callerRows(report: RunReport): SummaryRow[] {
  const [own] = ownCaches(report)
  if (own === undefined) return []
  return throughputRows(report).flatMap((row): SummaryRow[] => {
    const ratio = ratioToBest(row, own.name)
    if (row.value !== SHOWN_VALUE || ratio === undefined || row.best === undefined) return []
    const rate = (cache: string): string => {
      return `${figure(median(row.rates.get(cache) ?? []) / 1_000)} thousand/s`
    }
    return [
      {
        what: `${row.operation} through Redis, ${row.value}, callers: ${row.callers}`,
        own: rate(own.name),
        other: `${row.best}: ${rate(row.best)}`,
        ratio,
      },
    ]
  })
}

/** Counts the lost rows of all values, because the table has only one of them. */
function allRows(report: RunReport): string[] {
  const [own] = ownCaches(report)
  const rows = throughputRows(report)
  if (own === undefined || rows.length === 0) return []
  const lost = lostRows(rows, own.name)
  return [`Verbatim loses ${lost.length} of all ${rows.length} rows of the run.`, '']
}

function figureOf(
  summaries: readonly CellSummary[],
  cache: string,
  scenario: string,
  name: string,
): [cache: string, summary: FigureSummary][] {
  const cell = summaries.find((each) => each.cache === cache && each.scenario === scenario)
  const found = cell?.figures.find((each) => each.name === name)
  return found === undefined ? [] : [[cache, found]]
}

/** Returns a number that is smaller for a better figure. */
function rank({ median: middle, better }: FigureSummary): number {
  return better === 'higher' ? -middle : middle
}

function withUnit({ median: middle, unit }: FigureSummary): string {
  return unit === 'count' ? figure(middle) : `${figure(middle)} ${unit}`
}
