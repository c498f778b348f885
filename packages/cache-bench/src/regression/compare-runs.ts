import { ValidationError } from '@verbatim/cache-core'
import type { CellResult, Figure, RunReport } from '../cells/run-report.js'
import { median } from '../harness/confidence.js'
import { mannWhitney } from './mann-whitney.js'
import {
  changeInPercent,
  type PerformanceRegressionDetector,
  type RegressionSeverity,
} from './performance-regression-detector.js'

/** A figure that two runs have in common. */
interface FigureComparison {
  readonly cache: string
  readonly scenario: string
  readonly figure: string
  readonly unit: Figure['unit']
  /** Median over the processes. */
  readonly before: number
  readonly after: number
  /**
   * Change to the worse in percent, relative to the speed of the machine. Negative is better. Infinite after a median
   * of 0, which is `null` in JSON.
   */
  readonly worseByPercent: number
  /** p-value of the Mann-Whitney test over the processes. */
  readonly pValue: number
  /** Cliff's delta. Positive is worse. */
  readonly effectSize: number
  /** `undefined` if the figure did not become worse. */
  readonly severity: RegressionSeverity | undefined
}

/** Comparison of two runs. */
export interface RunComparison {
  readonly figures: readonly FigureComparison[]
  /**
   * Cells and figures of the baseline that could not be compared: without a result, with an error, or with too few
   * processes.
   */
  readonly missing: readonly string[]
}

/** The test cannot reach {@link MAX_P_VALUE} with fewer processes. */
const MIN_PROCESSES = 5
const MAX_P_VALUE = 0.01
/** Cliff's delta from which an effect is large. */
const MIN_EFFECT = 0.474
/** A smaller change does not matter, even if it is real. */
const MIN_CHANGE_PERCENT = 5

/**
 * Compares the figures of two runs.
 *
 * A figure is a regression if the Mann-Whitney test over the processes finds a difference (p < 0.01), the effect is
 * large (Cliff's delta of at least 0.474), and the median is worse by more than 5 %. It is critical above the
 * critical threshold of the detector. Durations are divided by the duration of a fixed computation in the same
 * process, so that a busier machine is not a regression.
 *
 * @throws ValidationError if the runs have no figure in common, or fewer than five processes per cell
 */
export function compareRuns(
  before: RunReport,
  after: RunReport,
  detector: PerformanceRegressionDetector,
): RunComparison {
  const figures: FigureComparison[] = []
  const missing: string[] = []
  let most = 0
  const newCells = groupCells(after.cells)
  for (const [cell, old] of groupCells(before.cells)) {
    const current = newCells.get(cell) ?? []
    if (old.length === 0) continue
    const processes = Math.min(old.length, current.length)
    most = Math.max(most, processes)
    if (current.length === 0) missing.push(cell)
    else if (processes < MIN_PROCESSES) missing.push(`${cell} (${tooFew(processes)})`)
    else {
      const compared = compareCells(old, current, detector)
      figures.push(...compared.figures)
      missing.push(...compared.missing.map((figure) => `${cell}: ${figure}`))
    }
  }
  if (figures.length > 0) return { figures, missing }
  const rule = `at least ${MIN_PROCESSES} processes per cell in common with the new run`
  throw new ValidationError(`the baseline must have ${rule}; received ${most}`)
}

/** Returns the finished processes of each cell. */
function groupCells(cells: readonly CellResult[]): Map<string, CellResult[]> {
  const groups = new Map<string, CellResult[]>()
  for (const cell of cells) {
    const name = `${cell.cache}, ${cell.scenario}`
    const group = groups.get(name) ?? []
    groups.set(name, group)
    if (cell.error === undefined) group.push(cell)
  }
  return groups
}

function compareCells(
  before: readonly CellResult[],
  after: readonly CellResult[],
  detector: PerformanceRegressionDetector,
): RunComparison {
  const { cache = '', scenario = '', figures = [] } = before[0] ?? {}
  const compared: FigureComparison[] = []
  const missing: string[] = []
  for (const { name, unit, better } of figures) {
    if (better === 'none') continue
    const old = valuesOf(before, name)
    const current = valuesOf(after, name)
    const processes = Math.min(old.relative.length, current.relative.length)
    if (processes < MIN_PROCESSES) {
      missing.push(`${name} (${tooFew(processes)})`)
      continue
    }
    const test = mannWhitney(old.relative, current.relative)
    const change = changeOf(median(old.relative), median(current.relative))
    const sign = better === 'lower' ? 1 : -1
    const worseByPercent = sign * change
    const effectSize = sign * test.effectSize
    const isWorse =
      worseByPercent > MIN_CHANGE_PERCENT && test.pValue < MAX_P_VALUE && effectSize >= MIN_EFFECT
    compared.push({
      ...{ cache, scenario, figure: name, unit },
      before: median(old.absolute),
      after: median(current.absolute),
      worseByPercent,
      pValue: test.pValue,
      effectSize,
      severity: isWorse ? (detector.severityOf(worseByPercent) ?? 'warning') : undefined,
    })
  }
  return { figures: compared, missing }
}

/** Returns a change in percent. From 0, every change is infinite. */
function changeOf(before: number, after: number): number {
  return changeInPercent(before, after) ?? (after === 0 ? 0 : Math.sign(after) * Infinity)
}

function tooFew(processes: number): string {
  return `${processes} processes; ${MIN_PROCESSES} are needed`
}

/** Returns the figure of each process, also relative to the speed of the machine where it is a duration. */
function valuesOf(
  cells: readonly CellResult[],
  name: string,
): { readonly absolute: number[]; readonly relative: number[] } {
  const absolute: number[] = []
  const relative: number[] = []
  for (const { figures, referenceNs = 1 } of cells) {
    const figure = figures.find((each) => each.name === name)
    if (figure === undefined) continue
    absolute.push(figure.value)
    const isDuration = figure.unit === 'ns' || figure.unit === 'ms'
    relative.push(isDuration ? figure.value / referenceNs : figure.value)
  }
  return { absolute, relative }
}
