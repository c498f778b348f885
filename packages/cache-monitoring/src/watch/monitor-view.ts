import pc from 'picocolors'
import { hitRate, totalsSince } from '../records/totals.js'
import { bar, sparkline } from './bars.js'
import { type Latencies, latenciesSince, percentileOf, type Reading } from './reading.js'
import { formatBytes, formatCount, formatSeconds } from './units.js'

const HISTORY = 30
const BAR_WIDTH = 20

export interface MonitorViewOptions {
  /** What is watched, as the first line says. */
  readonly title: string
  /** Default: whether the terminal shows colours. */
  readonly colors?: boolean | undefined
}

/** What happened between two readings. */
interface Interval {
  readonly hitRate: number | undefined
  readonly operationsPerSecond: number
  readonly errorRate: number
  readonly bytes: number | undefined
}

/** Draws how a cache does, reading after reading, for a terminal of 80 columns. */
export class MonitorView {
  readonly #title: string
  readonly #colors: ReturnType<typeof pc.createColors>
  readonly #intervals: Interval[] = []
  #last: Reading | undefined

  constructor({ title, colors = pc.isColorSupported }: MonitorViewOptions) {
    this.#title = title
    this.#colors = pc.createColors(colors)
  }

  /** Takes one more reading, and draws it against the one before. */
  draw(reading: Reading): string {
    const before = this.#last !== undefined && isLater(reading, this.#last) ? this.#last : undefined
    this.#last = reading
    const interval = intervalOf(reading, before)
    this.#intervals.push(interval)
    if (this.#intervals.length > HISTORY) this.#intervals.shift()
    return [
      this.#colors.bold(this.#title),
      '',
      this.#hits(reading, interval),
      this.#load(interval),
      this.#memory(reading),
      '',
      ...this.#latencies(reading, before),
      '',
      ...this.#alerts(reading),
      '',
    ].join('\n')
  }

  #hits(reading: Reading, interval: Interval): string {
    const ever = hitRate(reading)
    const shown = interval.hitRate ?? ever
    const history = sparkline(
      this.#intervals.map((each) => each.hitRate),
      100,
    )
    const percent = shown === undefined ? '  no reads' : `${shown.toFixed(1).padStart(6)} %  `
    const since = ever === undefined ? '' : `  ${ever.toFixed(1)} % ever`
    return `hits    ${percent} ${this.#colors.green(bar((shown ?? 0) / 100, BAR_WIDTH))}  ${history}${since}`
  }

  #load({ operationsPerSecond, errorRate }: Interval): string {
    const history = sparkline(this.#intervals.map((each) => each.operationsPerSecond))
    const errors = `${errorRate.toFixed(1)} % errors`
    const shown = errorRate > 0 ? this.#colors.red(errors) : errors
    return `load    ${formatCount(operationsPerSecond).padStart(6)} /s   ${shown.padEnd(BAR_WIDTH)}  ${history}`
  }

  #memory({ memory }: Reading): string {
    if (memory === undefined) return 'memory  not measured'
    const history = sparkline(this.#intervals.map(({ bytes }) => bytes))
    const entries = `in ${formatCount(memory.entries)} entries`
    return `memory  ${formatBytes(memory.bytes).padStart(9)}  ${entries.padEnd(BAR_WIDTH)}  ${history}`
  }

  #latencies(reading: Reading, before: Reading | undefined): string[] {
    const rows = reading.latencies.map((latencies) => latencyRow(latencies, before))
    if (rows.length === 0) return [this.#colors.dim('nothing was timed yet')]
    const head = ['operation', 'tier', 'timed', 'p50', 'p95', 'p99']
    return [head, ...rows].map((cells, index) => {
      const [operation = '', tier = '', ...figures] = cells
      const line = [
        operation.padEnd(18),
        tier.padEnd(12),
        ...figures.map((figure) => figure.padStart(10)),
      ].join('')
      return index === 0 ? this.#colors.dim(line) : line
    })
  }

  #alerts({ alerts }: Reading): string[] {
    if (alerts.length === 0) return [this.#colors.dim('no alerts')]
    return alerts.map(({ name, level, message = '' }) => {
      const paint =
        level === 'INFO'
          ? this.#colors.cyan
          : level === 'WARNING'
            ? this.#colors.yellow
            : this.#colors.red
      return `${paint(level.padEnd(8))}  ${name}  ${message}`.trimEnd()
    })
  }
}

/** Whether no counter went back, as it does when the process was started anew. */
function isLater(reading: Reading, before: Reading): boolean {
  return reading.takenAt > before.takenAt && reading.operations >= before.operations
}

function intervalOf(reading: Reading, before: Reading | undefined): Interval {
  const bytes = reading.memory?.bytes
  if (before === undefined)
    return { hitRate: undefined, operationsPerSecond: 0, errorRate: 0, bytes }
  const since = totalsSince(reading, before)
  return {
    hitRate: hitRate(since),
    operationsPerSecond: (since.operations / (reading.takenAt - before.takenAt)) * 1_000,
    errorRate: since.operations === 0 ? 0 : (since.errors / since.operations) * 100,
    bytes,
  }
}

/** Of the time since the reading before, or of all if nothing was timed since. */
function latencyRow(latencies: Latencies, before: Reading | undefined): string[] {
  const earlier = before?.latencies.find(
    ({ operation, tier }) => operation === latencies.operation && tier === latencies.tier,
  )
  const since = latenciesSince(latencies, earlier)
  const shown = since.count > 0 ? since : latencies
  const at = (percent: number): string => formatSeconds(percentileOf(shown, percent) ?? 0)
  return [latencies.operation, latencies.tier, formatCount(latencies.count), at(50), at(95), at(99)]
}
