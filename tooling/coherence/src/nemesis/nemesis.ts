import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultTimeline, FaultWindow } from '../checker/fault-timeline.js'
import type { RunClock } from '../clock.js'
import type { Fault } from './fault.js'
import type { PlannedFault } from './schedule.js'

/** Starts and ends one fault after another, and records their times. */
export class Nemesis {
  readonly #timeline: FaultTimeline
  readonly #clock: RunClock

  constructor(timeline: FaultTimeline, clock: RunClock) {
    this.#timeline = timeline
    this.#clock = clock
  }

  /** Runs the plan to its end or until it is aborted. All faults have then ended. */
  async run(plan: Iterable<PlannedFault>, stop: AbortSignal): Promise<void> {
    for (const { fault, quietMs, lastsMs } of plan) {
      await fault.prepare?.()
      await pause(quietMs, stop)
      if (stop.aborted) return
      const window = this.#timeline.faultBegins(fault, this.#clock.now())
      await this.#inflict(fault, window, () => pause(lastsMs, stop))
    }
  }

  async #inflict(fault: Fault, window: FaultWindow, last: () => Promise<void>): Promise<void> {
    try {
      await fault.begin()
      await last()
    } finally {
      await fault.end()
      window.end = this.#clock.now()
    }
  }
}

async function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: stop }).catch(() => undefined)
}
