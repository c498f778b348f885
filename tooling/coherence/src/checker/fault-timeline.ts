import { MILLISECOND, type Nanoseconds, SECOND } from '../clock.js'
import type { Span, Version } from './version.js'

/** A fault and the time during which it was in force. `end` is `Infinity` until it ends. */
export interface FaultWindow extends FaultSort {
  readonly begin: Nanoseconds
  end: Nanoseconds
}

/** Properties of a fault that are known before it starts. */
export interface FaultSort {
  readonly name: string
  /** Only process that the fault affects. Default: all. */
  readonly process?: number | undefined
  /**
   * Milliseconds before the fault from which data of Redis can reappear at its end. Default: no
   * data reappears.
   */
  readonly bringsBackMs?: number | undefined
  /** Process that the fault kills. Its latest writes may be lost forever. */
  readonly kills?: number | undefined
}

export interface StalenessBounds {
  /** Largest staleness of a read without a fault. */
  readonly healthy: Nanoseconds
  /** Largest staleness of a read during a fault and shortly after it. */
  readonly lost: Nanoseconds
  /** Time after a fault during which connections may still be broken. */
  readonly recovery: Nanoseconds
}

/** Time within which a fault has killed its process. Another process replaces it later. */
const KILLED_WITHIN: Nanoseconds = SECOND

/** Knows the faults of a run, and the permitted staleness of a read. */
export class FaultTimeline {
  readonly #bounds: StalenessBounds
  /** Faults in the order of their starts. */
  readonly #windows: FaultWindow[] = []
  readonly #losses: FaultWindow[] = []

  constructor(bounds: StalenessBounds) {
    this.#bounds = bounds
  }

  get windows(): readonly FaultWindow[] {
    return this.#windows
  }

  get bounds(): StalenessBounds {
    return this.#bounds
  }

  /**
   * Records the start of a fault. Call it before the fault starts, and set `end` after it has
   * ended.
   */
  faultBegins(sort: FaultSort, at: Nanoseconds): FaultWindow {
    const { name, process, bringsBackMs, kills } = sort
    const end = Number.POSITIVE_INFINITY
    const window: FaultWindow = { name, process, bringsBackMs, kills, begin: at, end }
    this.#windows.push(window)
    if (isLossOf(window)) this.#losses.push(window)
    return window
  }

  /** Whether a fault has occurred after which writes may be lost forever. */
  get mayLoseWrites(): boolean {
    return this.#losses.length > 0
  }

  /**
   * Returns whether a write may be lost: its process was killed directly after it, and Redis lost
   * its latest changes.
   */
  isLost({ writer, end }: Version): boolean {
    return this.#losses.some(
      (window) =>
        window.kills === writer &&
        end >= broughtBackFrom(window) &&
        end <= window.begin + KILLED_WITHIN,
    )
  }

  /** Returns the permitted staleness of a read. */
  boundFor(span: Span): Nanoseconds {
    return this.#lostBound(span) ?? this.#bounds.healthy
  }

  /** Returns whether a fault affects the process during the span or shortly before it. */
  isDisturbed(span: Span): boolean {
    return this.#lostBound(span) !== undefined
  }

  /** Returns the faults that were in force between start and end, or shortly before. */
  during(start: Nanoseconds, end: Nanoseconds): FaultWindow[] {
    const since = start - this.#bounds.recovery
    return this.#windows.filter((window) => window.begin <= end && window.end >= since)
  }

  /**
   * Returns the largest staleness that a fault of the span permits, `undefined` without a fault.
   */
  #lostBound({ process, start, end }: Span): Nanoseconds | undefined {
    const { lost, recovery } = this.#bounds
    let longest: Nanoseconds | undefined
    for (let index = this.#windows.length - 1; index >= 0; index--) {
      const window = this.#windows[index]
      if (window === undefined || window.begin > end) continue
      // Faults do not overlap, so all earlier faults have ended as well.
      if (window.end < start - recovery) break
      if (window.process !== undefined && window.process !== process) continue
      // Data from the start of the fault can be read until the caches have recovered.
      const since = window.bringsBackMs === undefined ? 0 : start - broughtBackFrom(window)
      longest = Math.max(longest ?? 0, lost, since)
    }
    return longest
  }
}

function isLossOf({ kills, bringsBackMs }: FaultSort): boolean {
  return kills !== undefined && bringsBackMs !== undefined
}

/** Returns the time from which writes may be undone. */
function broughtBackFrom({ begin, bringsBackMs = 0 }: FaultWindow): Nanoseconds {
  return begin - bringsBackMs * MILLISECOND
}
