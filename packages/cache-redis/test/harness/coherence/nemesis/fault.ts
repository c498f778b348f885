import type { FaultSort } from '../checker/link-state.js'

/** Something that goes wrong for a time, and can be put right. */
export interface Fault extends FaultSort {
  /** The shortest and the longest that it lasts, in milliseconds. Default: 100 to 1500. */
  readonly lastsMs?: readonly [shortest: number, longest: number]
  begin(): Promise<void>
  /** Called even if `begin` has failed. */
  end(): Promise<void>
}

/** What happens at once and needs no putting right. */
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
