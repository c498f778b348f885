import type { Clock } from '@verbatim/cache-core'
import { timers } from '@verbatim/cache-core/implement'
import type { DashboardMonitor } from './options.js'
import type { HistoryPoint, Range } from './overview.js'
import { pointBetween, type Reading, takeReading } from './reading.js'

/** How often a monitor is read, in seconds. */
const SAMPLE_SECONDS = 2

/** Points of 2 s for 5 minutes, of 20 s for an hour, and of 5 minutes for a day: 618 points in all. */
const RESOLUTIONS = [
  { samples: 1, capacity: 150 },
  { samples: 10, capacity: 180 },
  { samples: 150, capacity: 288 },
] as const

const RANGE_POINTS: Readonly<Record<Range, { readonly resolution: 0 | 1 | 2; points: number }>> = {
  '1m': { resolution: 0, points: 30 },
  '5m': { resolution: 0, points: 150 },
  '15m': { resolution: 1, points: 45 },
  '1h': { resolution: 1, points: 180 },
  '6h': { resolution: 2, points: 72 },
  '24h': { resolution: 2, points: 288 },
}

/** The newest points of one resolution. */
class Series {
  readonly points: HistoryPoint[] = []
  readonly #capacity: number
  #earlier: Reading

  constructor(capacity: number, first: Reading) {
    this.#capacity = capacity
    this.#earlier = first
  }

  add(reading: Reading): void {
    // The clock was set back, and these points are in the future.
    while (this.points.length > 0 && (this.points.at(-1)?.at ?? 0) >= reading.at) this.points.pop()
    this.points.push(pointBetween(this.#earlier, reading))
    if (this.points.length > this.#capacity) this.points.shift()
    this.#earlier = reading
  }
}

/** Reads a monitor every two seconds, and retains its figures for a day in bounded memory. */
export class History {
  readonly #monitor: DashboardMonitor
  readonly #clock: Clock
  readonly #series: readonly Series[]
  readonly #failed: (error: unknown) => void
  readonly #waiters = new Set<() => void>()
  readonly #timer: ReturnType<typeof setInterval>
  #samples = 0
  #isClosed = false

  /** @param failed - called with an error of the monitor, which costs one sample */
  constructor(monitor: DashboardMonitor, clock: Clock, failed: (error: unknown) => void) {
    this.#monitor = monitor
    this.#clock = clock
    this.#failed = failed
    const first = this.#read()
    this.#series = RESOLUTIONS.map(({ capacity }) => new Series(capacity, first))
    this.#timer = timers.setInterval(() => this.#trySample(), SAMPLE_SECONDS * 1_000)
    this.#timer.unref()
  }

  /** The number of samples so far. */
  get samples(): number {
    return this.#samples
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Reads the monitor, and resolves the promises of {@link History.nextSample}. */
  sample(): void {
    const reading = this.#read()
    this.#samples++
    for (const [index, { samples }] of RESOLUTIONS.entries()) {
      if (this.#samples % samples === 0) this.#series[index]?.add(reading)
    }
    this.#wake()
  }

  /** Returns the points of a range, oldest first. */
  points(range: Range): HistoryPoint[] {
    const { resolution, points } = RANGE_POINTS[range]
    const newest = this.#series[resolution]?.points.slice(-points) ?? []
    // While a machine sleeps, no points are added, and the last ones before it may be too old.
    const start = (newest.at(-1)?.at ?? 0) - rangeSeconds(range).rangeSeconds * 1_000
    return newest.filter(({ at }) => at > start)
  }

  /** Resolves after the next sample, and when the signal aborts or the history closes. */
  nextSample(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiters.add(wake)
      signal.addEventListener('abort', wake)
    })
  }

  close(): void {
    this.#isClosed = true
    timers.clearInterval(this.#timer)
    this.#wake()
  }

  #trySample(): void {
    try {
      this.sample()
    } catch (error) {
      this.#failed(error)
    }
  }

  #read(): Reading {
    return takeReading(this.#monitor, { at: this.#clock.wallTime(), takenAt: this.#clock.now() })
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake()
  }
}

/** Returns the length of a range and of its points, in seconds. */
export function rangeSeconds(range: Range): { rangeSeconds: number; stepSeconds: number } {
  const { resolution, points } = RANGE_POINTS[range]
  const stepSeconds = RESOLUTIONS[resolution].samples * SAMPLE_SECONDS
  return { rangeSeconds: points * stepSeconds, stepSeconds }
}
