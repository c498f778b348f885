import { MILLISECOND, type Nanoseconds, SECOND } from '../clock.js'
import type { Span, Version } from './version.js'

/** A fault that was in force for a time; `end` is `Infinity` while it is. */
export interface FaultWindow extends FaultSort {
  readonly begin: Nanoseconds
  end: Nanoseconds
}

/** What is known of a fault beforehand. */
export interface FaultSort {
  readonly name: string
  /** The only process that it touches; all of them when left out. */
  readonly process?: number | undefined
  /**
   * What Redis held so many milliseconds before the fault began may be back as it ends, whatever was
   * written since. Nothing may be back when left out.
   */
  readonly bringsBackMs?: number | undefined
  /** The process that the fault kills. What it wrote so shortly before may be lost for ever. */
  readonly kills?: number | undefined
}

export interface StalenessBounds {
  /** How stale a read may be while nothing disturbs the links. */
  readonly healthy: Nanoseconds
  /** How stale a read may be during a fault and shortly after it. */
  readonly lost: Nanoseconds
  /** How long after a fault has ended the links may still be down. */
  readonly recovery: Nanoseconds
}

/** A fault that kills a process has done so by then. Another one takes its place after that. */
const KILLED_WITHIN: Nanoseconds = SECOND

/** Knows the faults of a run, and so how stale a read might be. */
export class LinkState {
  readonly #bounds: StalenessBounds
  /** In the order in which they began. */
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

  /** Must be called before the fault is begun, and its `end` set after it has ended. */
  faultBegins(sort: FaultSort, at: Nanoseconds): FaultWindow {
    const { name, process, bringsBackMs, kills } = sort
    const end = Number.POSITIVE_INFINITY
    const window: FaultWindow = { name, process, bringsBackMs, kills, begin: at, end }
    this.#windows.push(window)
    if (isLossOf(window)) this.#losses.push(window)
    return window
  }

  /** Whether there was a fault by which writes may be lost for ever. */
  get mayLoseWrites(): boolean {
    return this.#losses.length > 0
  }

  /** Whether a write may be lost: its process was killed just after it, and Redis was set back. */
  isLost({ writer, end }: Version): boolean {
    return this.#losses.some(
      (window) =>
        window.kills === writer &&
        end >= broughtBackFrom(window) &&
        end <= window.begin + KILLED_WITHIN,
    )
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
      const since = window.bringsBackMs === undefined ? 0 : start - broughtBackFrom(window)
      longest = Math.max(longest ?? 0, lost, since)
    }
    return longest
  }
}

function isLossOf({ kills, bringsBackMs }: FaultSort): boolean {
  return kills !== undefined && bringsBackMs !== undefined
}

/** The instant from which on writes may be undone. */
function broughtBackFrom({ begin, bringsBackMs = 0 }: FaultWindow): Nanoseconds {
  return begin - bringsBackMs * MILLISECOND
}
