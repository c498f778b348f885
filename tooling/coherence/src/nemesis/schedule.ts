import { Random } from '../random.js'
import type { Fault } from './fault.js'

/** Between faults, so that reads are held to the strict bound for a time. */
const QUIET_MS = [800, 2_500] as const
const LASTS_MS = [100, 1_500] as const

/** A fault that is due. */
export interface PlannedFault {
  readonly fault: Fault
  /** How long all is quiet before it. */
  readonly quietMs: number
  readonly lastsMs: number
}

/** Draws faults for ever, one at a time, each kind as often as the others. */
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

/** Apart from those of the workers' lanes, which count from 0. */
const PURPOSE = 1_000_000
