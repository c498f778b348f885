import type { FaultSort } from '../checker/link-state.js'

/** Something that goes wrong for a time, and can be put right. */
export interface Fault extends FaultSort {
  /** The shortest and the longest quiet time before the fault, in milliseconds. */
  readonly quietMs?: readonly [shortest: number, longest: number]
  /** The shortest and the longest that the fault lasts, in milliseconds. Default: 100 to 1500. */
  readonly lastsMs?: readonly [shortest: number, longest: number]
  /** Called before the quiet time. It must do no harm. */
  prepare?(): Promise<void>
  begin(): Promise<void>
  /** Called even if `begin` has failed. */
  end(): Promise<void>
}

/** Returns a fault that happens at once and needs no putting right. */
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

/** Returns a fault that happens again and again. */
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
      // Thrown when it ends.
      happening.catch(() => undefined)
    },
    end: async () => {
      over.abort()
      await happening
    },
  }
}
