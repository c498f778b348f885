import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultWindow, LinkState } from '../checker/link-state.js'
import type { RunClock } from '../clock.js'
import type { Fault } from './fault.js'
import type { PlannedFault } from './schedule.js'

/** Lets one fault after the other happen, and says when. */
export class Nemesis {
  readonly #links: LinkState
  readonly #clock: RunClock

  constructor(links: LinkState, clock: RunClock) {
    this.#links = links
    this.#clock = clock
  }

  /** Goes on to the end of the plan or until it is told to stop; then everything has been put right. */
  async run(plan: Iterable<PlannedFault>, stop: AbortSignal): Promise<void> {
    for (const { fault, quietMs, lastsMs } of plan) {
      await fault.prepare?.()
      await pause(quietMs, stop)
      if (stop.aborted) return
      const window = this.#links.faultBegins(fault, this.#clock.now())
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
