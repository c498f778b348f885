/** A time or a duration in nanoseconds. As a number, it is exact for the first hundred days. */
export type Nanoseconds = number

export const MILLISECOND: Nanoseconds = 1e6
export const SECOND: Nanoseconds = 1e9

/** The monotonic clock of the machine, from an origin that all processes of a run share. */
export class RunClock {
  readonly origin: bigint

  constructor(origin: bigint = process.hrtime.bigint()) {
    this.origin = origin
  }

  now(): Nanoseconds {
    return Number(process.hrtime.bigint() - this.origin)
  }
}
