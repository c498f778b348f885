import type { RunReport } from '../cells/run-report.js'
import { SCENARIOS } from '../cells/scenarios.js'
import {
  type CellSummary,
  classOf,
  type FairnessClass,
  type FigureSummary,
  summarize,
} from '../cells/summary.js'
import { type PageChart, type PageSeries, renderPage } from './html.js'
import { conditions } from './run-tables.js'

const PERCENTILES = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999]

/** Largest ratio of two bars on a linear axis. */
const MAX_LINEAR_RATIO = 20

/** Returns a report of a run as a page with charts. */
export function formatRunPage(report: RunReport): string {
  const summaries = summarize(report)
  const scenarios = [...new Set(summaries.map(({ scenario }) => scenario))]
  const failed = report.caches.filter(({ failures }) => failures.length > 0)
  return renderPage({
    title: 'Cache benchmark',
    conditions: conditions(report).map((line) => line.replaceAll('**', '')),
    notes: [
      ...failed.map(({ name, failures }) => `Not timed: ${name}: ${failures.join('; ')}`),
      ...summaries.flatMap(({ cache, scenario, errors }) =>
        errors.map((error) => `Failed: ${cache}, ${scenario}: ${error}`),
      ),
    ],
    charts: scenarios.flatMap((scenario) => chartsOf(report, summaries, scenario)),
  })
}

/** Returns the charts of a scenario: bars within each class, and lines where there are latencies. */
function chartsOf(
  report: RunReport,
  summaries: readonly CellSummary[],
  scenario: string,
): PageChart[] {
  const cells = summaries.filter((each) => each.scenario === scenario && each.figures.length > 0)
  const classes = new Map<FairnessClass, CellSummary[]>()
  for (const cell of cells) {
    const cache = report.caches.find(({ name }) => name === cell.cache)
    if (cache === undefined) continue
    const name = classOf(cache)
    classes.set(name, [...(classes.get(name) ?? []), cell])
  }
  const title = `${scenario}: ${SCENARIOS[scenario]?.title ?? ''}`
  return [
    ...[...classes].flatMap(([name, ofClass]) => barChart(title, name, ofClass)),
    ...percentileChart(title, cells),
    ...timeCharts(report, title, scenario),
    ...(scenario === 'compression' ? sizeChart(cells) : []),
  ]
}

function barChart(title: string, name: FairnessClass, cells: readonly CellSummary[]): PageChart[] {
  const [first] = cells[0]?.figures ?? []
  if (first === undefined) return []
  const medians = cells.map((cell) => {
    return cell.figures.find((figure) => figure.name === first.name)?.median ?? null
  })
  const positive = medians.filter((value) => value !== null && value > 0) as number[]
  const isLogarithmic = Math.max(...positive) > MAX_LINEAR_RATIO * Math.min(...positive)
  return [
    {
      title,
      note: `${name}. ${first.name}: median of the processes, ${first.better} is better.`,
      kind: 'bar',
      unit: first.unit,
      isLogarithmic,
      labels: cells.map(({ cache }) => cache),
      series: [{ name: first.name, points: medians }],
    },
  ]
}

function percentileChart(title: string, cells: readonly CellSummary[]): PageChart[] {
  const series = cells.flatMap(({ cache, figures }) =>
    figures
      .filter((figure) => figure.latencies !== undefined)
      .map((figure) => percentileSeries(cache, figure)),
  )
  if (series.length === 0) return []
  return [
    {
      title: `${title}: percentiles`,
      note: 'Latencies of all processes together.',
      kind: 'line',
      unit: 'ms',
      isLogarithmic: true,
      xTitle: 'percentile',
      labels: PERCENTILES.map((share) => `p${share * 100}`),
      series,
    },
  ]
}

function percentileSeries(cache: string, { name, latencies }: FigureSummary): PageSeries {
  const [phase = '', rest] = name.split(': ')
  return {
    name: rest === undefined ? cache : `${cache}, ${phase}`,
    points: PERCENTILES.map((share) => latencies?.percentile(share) ?? null),
  }
}

/** Returns throughput and latency over time, from the first process of each cache. */
function timeCharts(report: RunReport, title: string, scenario: string): PageChart[] {
  const cells = report.cells.filter((cell) => cell.scenario === scenario && cell.process === 0)
  const seconds = cells
    .map(({ cache, figures }) => {
      return { cache, seconds: figures.flatMap((figure) => figure.seconds ?? []) }
    })
    .filter((each) => each.seconds.length > 0)
  if (seconds.length === 0) return []
  const longest = Math.max(...seconds.map((each) => each.seconds.length))
  const labels = Array.from({ length: longest }, (_, second) => String(second + 1))
  const chart = (name: string, unit: string, figure: 'completed' | 'p99'): PageChart => ({
    title: `${title}: ${name} over time`,
    note: 'First process of each cache. The phases of an outage follow each other.',
    kind: 'line',
    unit,
    isLogarithmic: figure === 'p99',
    xTitle: 'second',
    labels,
    series: seconds.map((each) => ({
      name: each.cache,
      points: each.seconds.map((second) => second[figure]),
    })),
  })
  return [chart('throughput', 'calls per second', 'completed'), chart('p99', 'ms', 'p99')]
}

function sizeChart(cells: readonly CellSummary[]): PageChart[] {
  const series = cells.flatMap(({ cache, figures }) => {
    const time = figures.find(({ name }) => name === 'set of a text')
    const bytes = figures.find(({ name }) => name === 'set of a text: bytes sent')
    if (time === undefined || bytes === undefined) return []
    return [{ name: cache, points: [{ x: time.median / 1_000, y: bytes.median }] }]
  })
  if (series.length === 0) return []
  return [
    {
      title: 'Size against time: a set of a real text',
      note: 'Left and low is better: time of a set in µs, bytes sent to Redis.',
      kind: 'scatter',
      unit: 'bytes sent',
      isLogarithmic: false,
      xTitle: 'µs',
      labels: [],
      series,
    },
  ]
}
