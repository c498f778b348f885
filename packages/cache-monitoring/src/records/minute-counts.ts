import type { Clock } from '@verbatim/cache-core'

const MINUTE_MS = 60_000
const MINUTES = 24 * 60

/** Counts events in each minute of the last day. */
export class MinuteCounts {
  readonly #clock: Clock
  readonly #counts = new Uint32Array(MINUTES)
  /** The minute up to which the counts are valid. */
  #minute: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#minute = this.#now()
  }

  add(): void {
    this.#advance()
    const index = this.#minute % MINUTES
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
  }

  /** Returns the events of the last 1 to 1,440 minutes. The current minute counts as one. */
  inLast(minutes: number): number {
    this.#advance()
    let sum = 0
    for (let ago = 0; ago < minutes; ago++) {
      sum += this.#counts[(this.#minute - ago + MINUTES) % MINUTES] ?? 0
    }
    return sum
  }

  clear(): void {
    this.#counts.fill(0)
  }

  /** Clears the counts of minutes that have passed since the last call. */
  #advance(): void {
    const now = this.#now()
    const passed = Math.min(now - this.#minute, MINUTES)
    for (let minute = 1; minute <= passed; minute++) {
      this.#counts[(this.#minute + minute) % MINUTES] = 0
    }
    this.#minute = now
  }

  #now(): number {
    return Math.floor(this.#clock.now() / MINUTE_MS)
  }
}
