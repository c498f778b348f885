import type { Clock } from '@verbatim/cache-core'

/** A measurement and when it was taken. */
export interface Timed<Measurement> {
  readonly measurement: Measurement
  /** Seconds since 1970. */
  readonly timestamp: number
  /** Milliseconds on the monotonic clock; decides retention. */
  readonly takenAt: number
}

export interface Retention {
  /** The most records kept. */
  readonly capacity: number
  /** How long a record is kept. A record of exactly this age is gone. */
  readonly milliseconds: number
  readonly clock: Clock
}

/**
 * The latest measurements of one kind, in a ring.
 *
 * Adding takes constant time: once the ring is full, each record takes the place of the oldest.
 * Records that are too old are dropped when somebody reads.
 */
export class RecentRecords<Measurement> {
  readonly #retention: Retention
  #records: Timed<Measurement>[] = []
  /** Where the oldest record is; anything but 0 only while the ring is full. */
  #oldest = 0

  constructor(retention: Retention) {
    this.#retention = retention
  }

  add(measurement: Measurement): void {
    const { capacity, clock } = this.#retention
    const record = { measurement, timestamp: clock.wallTime() / 1_000, takenAt: clock.now() }
    if (this.#records.length < capacity) {
      this.#records.push(record)
    } else {
      this.#records[this.#oldest] = record
      this.#oldest = (this.#oldest + 1) % capacity
    }
  }

  /** The records that are still young enough, oldest first. */
  read(): readonly Timed<Measurement>[] {
    const dropUpTo = this.#retention.clock.now() - this.#retention.milliseconds
    this.#records = [
      ...this.#records.slice(this.#oldest),
      ...this.#records.slice(0, this.#oldest),
    ].filter(({ takenAt }) => takenAt > dropUpTo)
    this.#oldest = 0
    return [...this.#records]
  }

  clear(): void {
    this.#records = []
    this.#oldest = 0
  }
}
