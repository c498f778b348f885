import type { Fault } from './fault.js'

interface Freezable {
  readonly index: number
  freeze(): void
  thaw(): void
}

/** Each process may stand still, as one does that waits for its disk, or whose machine is moved. */
export function processFaults(processes: readonly Freezable[]): Fault[] {
  return processes.map((process) => ({
    name: 'process frozen',
    process: process.index,
    begin: async () => process.freeze(),
    end: async () => process.thaw(),
  }))
}
