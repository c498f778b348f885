import type { Clock } from '@verbatim/cache-core'

/** A measurement with its time. */
export interface Timed<Measurement> {
  readonly measurement: Measurement
  /** Seconds since 1970. */
  readonly timestamp: number
  /** Milliseconds on the monotonic clock, by which retention is decided. */
  readonly takenAt: number
}

export interface Retention {
  /** The most records that are retained. */
  readonly capacity: number
  /** The age at which a record is dropped. */
  readonly milliseconds: number
  readonly clock: Clock
}

/**
 * Retains the latest measurements of one kind in a ring buffer.
 *
 * Adding a record takes constant time and reads one clock. In a full ring, the new record replaces the
 * oldest. Reading drops records that are too old.
 */
export class RecentRecords<Measurement> {
  readonly #retention: Retention
  #measurements: Measurement[] = []
  #takenAt: number[] = []
  /** The index of the oldest record; 0 unless the ring is full. */
  #oldest = 0

  constructor(retention: Retention) {
    this.#retention = retention
  }

  add(measurement: Measurement): void {
    const { capacity, clock } = this.#retention
    const now = clock.now()
    if (this.#measurements.length < capacity) {
      this.#measurements.push(measurement)
      this.#takenAt.push(now)
    } else {
      this.#measurements[this.#oldest] = measurement
      this.#takenAt[this.#oldest] = now
      this.#oldest = (this.#oldest + 1) % capacity
    }
  }

  /** Returns the retained records, oldest first. */
  read(): readonly Timed<Measurement>[] {
    const { clock, milliseconds } = this.#retention
    const dropUpTo = clock.now() - milliseconds
    // The wall clock may have been set since a record was taken, so its time is computed here.
    const epoch = clock.wallTime() - clock.now()
    const all = this.#measurements.map((measurement, index) => {
      const takenAt = this.#takenAt[index] as number
      return { measurement, takenAt, timestamp: (epoch + takenAt) / 1_000 }
    })
    const retained = [...all.slice(this.#oldest), ...all.slice(0, this.#oldest)].filter(
      ({ takenAt }) => takenAt > dropUpTo,
    )
    this.#measurements = retained.map(({ measurement }) => measurement)
    this.#takenAt = retained.map(({ takenAt }) => takenAt)
    this.#oldest = 0
    return retained
  }

  /** Returns the retained measurements without their times, oldest first. */
  measurements(): Measurement[] {
    return this.read().map(({ measurement }) => measurement)
  }

  clear(): void {
    this.#measurements = []
    this.#takenAt = []
    this.#oldest = 0
  }
}
