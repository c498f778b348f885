import { ConfigurationError } from '@verbatim/cache-core'
import { assertKnownFields, hitRate, invalidOption } from '@verbatim/cache-core/implement'
import pc from 'picocolors'
import { assertReading } from './assert-reading.js'
import { bar, formatBytes, formatCount, formatSeconds, printable, sparkline } from './drawing.js'
import {
  type Counters,
  countersSince,
  instancesOf,
  type Latencies,
  percentileOf,
  type Reading,
  sameIn,
  sumOfCounters,
} from './reading.js'

const HISTORY = 30
const BAR_WIDTH = 20

export interface MonitorViewOptions {
  /** The first line of each drawing. */
  readonly title: string
  /** Whether to use colours. Default: whether the terminal shows them. */
  readonly colors?: boolean | undefined
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof MonitorViewOptions>(['title', 'colors'])

/** The figures between two readings; `undefined` for an unknown figure. */
interface Interval {
  readonly hitRate: number | undefined
  readonly operationsPerSecond: number | undefined
  /** In percent. */
  readonly errorRate: number | undefined
  readonly bytes: number | undefined
}

/** The counters of an instance in the last reading that contained it. */
interface Known {
  readonly counters: Counters
  readonly reading: number
}

/**
 * Draws readings of caches for a terminal of 80 columns, each against the one before.
 *
 * Several instances are drawn as one. An instance that starts again counts from zero. The counts of a missing
 * instance are added when it returns.
 */
export class MonitorView {
  readonly #title: string
  readonly #colors: ReturnType<typeof pc.createColors>
  readonly #intervals: Interval[] = []
  readonly #known = new Map<string, Known>()
  #readings = 0
  #takenAt: number | undefined

  /** @throws ConfigurationError (`INVALID_OPTION`) for an unknown option, or one of a wrong type */
  constructor(options: MonitorViewOptions) {
    assertKnownFields(options, KNOWN_OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { title, colors = pc.isColorSupported } = options
    if (typeof title !== 'string') throw invalidOption('title', 'a text', title)
    if (typeof colors !== 'boolean') throw invalidOption('colors', 'true or false', colors)
    this.#title = printable(title)
    this.#colors = pc.createColors(colors)
  }

  /**
   * Draws a reading against the one before.
   *
   * @throws ValidationError (`INVALID_ARGUMENT`) that names the wrong field of the reading
   */
  draw(reading: Reading): string {
    assertReading(reading, 'reading')
    const since = this.#since(reading)
    const interval = intervalOf(reading, since, reading.takenAt - (this.#takenAt ?? Infinity))
    this.#takenAt = reading.takenAt
    this.#intervals.push(interval)
    if (this.#intervals.length > HISTORY) this.#intervals.shift()
    return [
      this.#colors.bold(this.#title),
      '',
      this.#hits(reading, interval),
      this.#load(interval),
      this.#memory(reading),
      '',
      ...this.#latencies(reading, since),
      '',
      ...this.#alerts(reading),
      '',
    ].join('\n')
  }

  /** Returns the counts since the last reading; `undefined` for the first reading. */
  #since(reading: Reading): Counters | undefined {
    const isLater = this.#takenAt !== undefined && reading.takenAt > this.#takenAt
    const since: Counters[] = []
    this.#readings++
    for (const [name, counters] of instancesOf(reading)) {
      const before = this.#known.get(name)
      // The earlier counts of a new instance do not belong to this interval.
      if (before !== undefined) since.push(countersSince(counters, before.counters))
      this.#known.set(name, { counters, reading: this.#readings })
    }
    for (const [name, known] of this.#known) {
      if (this.#readings - known.reading > HISTORY) this.#known.delete(name)
    }
    return isLater ? sumOfCounters(since) : undefined
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
    const drawn = shown === undefined ? ' '.repeat(BAR_WIDTH) : bar(shown / 100, BAR_WIDTH)
    return `hits    ${percent} ${this.#colors.green(drawn)}  ${history}${since}`.trimEnd()
  }

  #load({ operationsPerSecond, errorRate }: Interval): string {
    const history = sparkline(this.#intervals.map((each) => each.operationsPerSecond))
    if (operationsPerSecond === undefined) return 'load    not known before the next reading'
    const errors = errorRate === undefined ? 'no operations' : `${errorRate.toFixed(1)} % errors`
    const padded = errors.padEnd(BAR_WIDTH)
    const shown = errorRate !== undefined && errorRate > 0 ? this.#colors.red(padded) : padded
    return `load    ${formatCount(operationsPerSecond).padStart(6)} /s   ${shown}  ${history}`
  }

  #memory({ memory }: Reading): string {
    if (memory === undefined) return 'memory  not measured'
    const history = sparkline(this.#intervals.map(({ bytes }) => bytes))
    const entries = `in ${formatCount(memory.entries)} entries`
    return `memory  ${formatBytes(memory.bytes).padStart(9)}  ${entries.padEnd(BAR_WIDTH)}  ${history}`
  }

  #latencies(reading: Reading, since: Counters | undefined): string[] {
    const rows = reading.latencies.map((latencies) => latencyRow(latencies, since))
    if (rows.length === 0) return [this.#colors.dim('nothing was timed yet')]
    const head = ['operation', 'tier', 'timed', 'p50', 'p95', 'p99']
    return [head, ...rows].map((cells, index) => {
      const [operation = '', tier = '', ...figures] = cells.map(printable)
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
      const text = `${printable(name)}  ${printable(message)}`
      return `${paint(printable(level).padEnd(8))}  ${text}`.trimEnd()
    })
  }
}

function intervalOf(
  { memory }: Reading,
  since: Counters | undefined,
  milliseconds: number,
): Interval {
  const bytes = memory?.bytes
  if (since === undefined) {
    return { hitRate: undefined, operationsPerSecond: undefined, errorRate: undefined, bytes }
  }
  const { operations, errors } = since
  return {
    hitRate: hitRate(since),
    operationsPerSecond: (operations / milliseconds) * 1_000,
    errorRate: operations === 0 ? undefined : (errors / operations) * 100,
    bytes,
  }
}

/** Covers the time since the last reading, or all time if nothing was timed since then. */
function latencyRow(latencies: Latencies, since: Counters | undefined): string[] {
  const recent = since && sameIn(since, latencies)
  const shown = recent !== undefined && recent.count > 0 ? recent : latencies
  const at = (percent: number): string => {
    const seconds = percentileOf(shown, percent)
    return seconds === undefined ? '-' : formatSeconds(seconds)
  }
  return [latencies.operation, latencies.tier, formatCount(latencies.count), at(50), at(95), at(99)]
}
