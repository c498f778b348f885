import type { Nanoseconds } from '../clock.js'
import type { Span } from './version.js'

/** A fault that was in force for a time; `end` is `Infinity` while it is. */
export interface FaultWindow {
  readonly name: string
  readonly process: number | undefined
  readonly bringsBack: boolean
  readonly begin: Nanoseconds
  end: Nanoseconds
}

/** What is known of a fault beforehand. */
export interface FaultSort {
  readonly name: string
  /** The only process that it touches; all of them when left out. */
  readonly process?: number
  /** Whether what Redis held as it began may be back as it ends, whatever was written meanwhile. */
  readonly bringsBack?: boolean
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

  get bounds(): StalenessBounds {
    return this.#bounds
  }

  /** Must be called before the fault is begun, and its `end` set after it has ended. */
  faultBegins({ name, process, bringsBack = false }: FaultSort, at: Nanoseconds): FaultWindow {
    const window = { name, process, bringsBack, begin: at, end: Number.POSITIVE_INFINITY }
    this.#windows.push(window)
    return window
  }

  /** How stale a read may be. */
  boundFor(span: Span): Nanoseconds {
    return this.#lostBound(span) ?? this.#bounds.healthy
  }

  /** Whether a fault touches the process at some time of the span, or did shortly before. */
  isDisturbed(span: Span): boolean {
    return this.#lostBound(span) !== undefined
  }

  /** The faults in force at some time from start to end, or shortly before. */
  during(start: Nanoseconds, end: Nanoseconds): FaultWindow[] {
    const since = start - this.#bounds.recovery
    return this.#windows.filter((window) => window.begin <= end && window.end >= since)
  }

  /** The longest that the faults which touch the span allow; `undefined` when none does. */
  #lostBound({ process, start, end }: Span): Nanoseconds | undefined {
    const { lost, recovery } = this.#bounds
    let longest: Nanoseconds | undefined
    for (let index = this.#windows.length - 1; index >= 0; index--) {
      const window = this.#windows[index]
      if (window === undefined || window.begin > end) continue
      // The nemesis lets one fault at a time act: those before it are over as well.
      if (window.end < start - recovery) break
      if (window.process !== undefined && window.process !== process) continue
      // What was current as it began may be read until the links have recovered.
      const since = window.bringsBack ? start - window.begin : 0
      longest = Math.max(longest ?? 0, lost, since)
    }
    return longest
  }
}
