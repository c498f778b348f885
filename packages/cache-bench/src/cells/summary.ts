import { type MedianInterval, medianInterval } from '../harness/confidence.js'
import { LatencyHistogram } from '../harness/latency-histogram.js'
import type { Figure, Isolation, RunReport } from './run-report.js'

/** A figure of one scenario with one cache, over all processes. */
export interface FigureSummary extends MedianInterval {
  readonly name: string
  readonly unit: Figure['unit']
  readonly better: Figure['better']
  /** The figure of each process. */
  readonly values: readonly number[]
  /** Whether the warm-up of every process became stable. */
  readonly isStable: boolean
  /** Latencies of all processes, where they were measured. */
  readonly latencies?: LatencyHistogram
}

/** A scenario with one cache. */
export interface CellSummary {
  readonly cache: string
  readonly scenario: string
  readonly figures: readonly FigureSummary[]
  /** Distinct errors of the processes. */
  readonly errors: readonly string[]
}

/** Class in which caches are compared. Caches of different classes do different work. */
export type FairnessClass = `${'memory' | 'redis'}, ${Isolation | 'unknown isolation'}`

/** Returns each pair of a scenario and a cache once, in the order of the caches of the report. */
export function summarize(report: RunReport): CellSummary[] {
  const scenarios = [...new Set(report.cells.map(({ scenario }) => scenario))].toSorted()
  return scenarios.flatMap((scenario) =>
    report.caches.flatMap(({ name }) => summarizeCell(report, scenario, name)),
  )
}

/** Returns the class of a cache. */
export function classOf({ tier, isolation }: RunReport['caches'][number]): FairnessClass {
  return `${tier}, ${isolation ?? 'unknown isolation'}`
}

function summarizeCell(report: RunReport, scenario: string, cache: string): CellSummary[] {
  const cells = report.cells.filter((cell) => cell.scenario === scenario && cell.cache === cache)
  if (cells.length === 0) return []
  const finished = cells.filter(({ error }) => error === undefined)
  const names = new Set(finished.flatMap(({ figures }) => figures.map(({ name }) => name)))
  const figures = [...names].map((name): FigureSummary => {
    const same = finished.flatMap((cell) => cell.figures.filter((each) => each.name === name))
    return summarizeFigure(same as [Figure, ...Figure[]], report.seed)
  })
  const errors = new Set(cells.flatMap(({ error }) => (error === undefined ? [] : [error])))
  return [{ cache, scenario, figures, errors: [...errors] }]
}

function summarizeFigure(same: readonly [Figure, ...Figure[]], seed: number): FigureSummary {
  const [{ name, unit, better }] = same
  const values = same.map(({ value }) => value)
  const encoded = same.flatMap(({ histogram }) => (histogram === undefined ? [] : [histogram]))
  const isStable = same.every((each) => each.isStable ?? true)
  const summary = { name, unit, better, values, isStable, ...medianInterval(values, seed) }
  if (encoded.length === 0) return summary
  const latencies = new LatencyHistogram()
  for (const text of encoded) latencies.merge(LatencyHistogram.decode(text))
  return { ...summary, latencies }
}
