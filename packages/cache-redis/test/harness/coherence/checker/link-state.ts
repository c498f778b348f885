import type { Nanoseconds } from '../clock.js'
import type { Span } from './version.js'

/** A fault that was in force for a time; `end` is `Infinity` while it is. */
export interface FaultWindow {
  readonly name: string
  /** The only process that it touches; all of them when undefined. */
  readonly process: number | undefined
  readonly begin: Nanoseconds
  end: Nanoseconds
}

export interface StalenessBounds {
  /** How stale a read may be while nothing disturbs the links. */
  readonly healthy: Nanoseconds
  /** How stale a read may be during a fault and shortly after it. */
  readonly lost: Nanoseconds
  /** How long after a fault has ended the links may still be down. */
  readonly recovery: Nanoseconds
}

/** Knows the faults of a run, and so how stale a read might be. */
export class LinkState {
  readonly #bounds: StalenessBounds
  /** In the order in which they began. */
  readonly #windows: FaultWindow[] = []

  constructor(bounds: StalenessBounds) {
    this.#bounds = bounds
  }

  get windows(): readonly FaultWindow[] {
    return this.#windows
  }

  /** Must be called before the fault is begun, and its `end` set after it has ended. */
  faultBegins(
    { name, process }: { readonly name: string; readonly process?: number },
    at: Nanoseconds,
  ): FaultWindow {
    const window = { name, process, begin: at, end: Number.POSITIVE_INFINITY }
    this.#windows.push(window)
    return window
  }

  /** How stale a read may be. */
  boundFor({ process, start, end }: Span): Nanoseconds {
    const { healthy, lost, recovery } = this.#bounds
    return this.#isDisturbed(process, start - recovery, end) ? lost : healthy
  }

  /** The faults in force at some time from start to end, or shortly before. */
  during(start: Nanoseconds, end: Nanoseconds): FaultWindow[] {
    const since = start - this.#bounds.recovery
    return this.#windows.filter((window) => window.begin <= end && window.end >= since)
  }

  #isDisturbed(process: number, start: Nanoseconds, end: Nanoseconds): boolean {
    for (let index = this.#windows.length - 1; index >= 0; index--) {
      const window = this.#windows[index]
      if (window === undefined || window.begin > end) continue
      // The nemesis lets one fault at a time act: those before it are over as well.
      if (window.end < start) return false
      if (window.process === undefined || window.process === process) return true
    }
    return false
  }
}
