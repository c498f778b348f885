import type { Fault } from './fault.js'

/** The processes that a nemesis can stop. */
export interface Processes {
  readonly count: number
  freeze(index: number): void
  thaw(index: number): void
  /** Kills a process during its operations. */
  kill(index: number): Promise<void>
  /** Starts another process in place of a killed one. */
  replace(index: number): Promise<void>
}

/**
 * Returns the faults of processes. Each process can be frozen, like one that waits for its disk or
 * whose machine is moved. The last one can be killed.
 */
export function processFaults(processes: Processes): Fault[] {
  const last = processes.count - 1
  return [
    ...Array.from(
      { length: processes.count },
      (_, index): Fault => ({
        name: 'process frozen',
        process: index,
        begin: async () => processes.freeze(index),
        end: async () => processes.thaw(index),
      }),
    ),
    {
      name: 'process killed',
      process: last,
      begin: () => processes.kill(last),
      end: () => processes.replace(last),
    },
  ]
}
