import type { FaultSort } from '../checker/fault-timeline.js'

/** A temporary fault. */
export interface Fault extends FaultSort {
  /** Shortest and longest pause before the fault, in milliseconds. */
  readonly quietMs?: readonly [shortest: number, longest: number]
  /** Shortest and longest duration of the fault, in milliseconds. Default: 100 to 1500. */
  readonly lastsMs?: readonly [shortest: number, longest: number]
  /** Prepares the fault before the pause. It must do no harm. */
  prepare?(): Promise<void>
  begin(): Promise<void>
  /** Ends the fault. It is called even if `begin` has failed. */
  end(): Promise<void>
}

/** Returns a fault without a duration, which needs no end. */
export function instantFault(name: string, begin: () => Promise<unknown>): Fault {
  return {
    name,
    lastsMs: [0, 0],
    begin: async () => {
      await begin()
    },
    end: () => Promise.resolve(),
  }
}

/** Returns a fault that occurs repeatedly during its time. */
export function repeatedFault(name: string, happen: () => Promise<void>): Fault {
  let over = new AbortController()
  let happening = Promise.resolve()
  const repeat = async ({ signal }: AbortController): Promise<void> => {
    while (!signal.aborted) await happen()
  }
  return {
    name,
    begin: async () => {
      over = new AbortController()
      happening = repeat(over)
      // The error is thrown when the fault ends.
      happening.catch(() => undefined)
    },
    end: async () => {
      over.abort()
      await happening
    },
  }
}
