import { Random } from '../random.js'
import type { Fault } from './fault.js'

/** Pause between faults, so that the strict bound applies to reads for some time. */
const QUIET_MS = [800, 2_500] as const
const LASTS_MS = [100, 1_500] as const

/** A planned fault. */
export interface PlannedFault {
  readonly fault: Fault
  /** Pause before the fault, in milliseconds. */
  readonly quietMs: number
  readonly lastsMs: number
}

/** Yields faults forever, one at a time, each kind equally often. */
export function* schedule(faults: readonly Fault[], seed: number): Generator<PlannedFault, void> {
  const random = Random.for(seed, PURPOSE)
  if (faults.length === 0) return
  while (true) {
    for (const fault of random.shuffle(faults)) {
      const quietMs = random.between(...(fault.quietMs ?? QUIET_MS))
      const lastsMs = random.between(...(fault.lastsMs ?? LASTS_MS))
      yield { fault, quietMs, lastsMs }
    }
  }
}

/** A separate range: the purposes of the lanes of workers start at 0. */
const PURPOSE = 1_000_000
