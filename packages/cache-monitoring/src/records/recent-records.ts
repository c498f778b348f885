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
 * Adding takes constant time and reads one clock: once the ring is full, each record takes the place
 * of the oldest. Records that are too old are dropped when somebody reads.
 */
export class RecentRecords<Measurement> {
  readonly #retention: Retention
  #measurements: Measurement[] = []
  #takenAt: number[] = []
  /** Where the oldest record is; anything but 0 only while the ring is full. */
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

  /** The records that are still young enough, oldest first. */
  read(): readonly Timed<Measurement>[] {
    const { clock, milliseconds } = this.#retention
    const dropUpTo = clock.now() - milliseconds
    // Told by the one clock that was read; the other may have been set meanwhile.
    const epoch = clock.wallTime() - clock.now()
    const all = this.#measurements.map((measurement, index) => {
      const takenAt = this.#takenAt[index] as number
      return { measurement, takenAt, timestamp: (epoch + takenAt) / 1_000 }
    })
    const kept = [...all.slice(this.#oldest), ...all.slice(0, this.#oldest)].filter(
      ({ takenAt }) => takenAt > dropUpTo,
    )
    this.#measurements = kept.map(({ measurement }) => measurement)
    this.#takenAt = kept.map(({ takenAt }) => takenAt)
    this.#oldest = 0
    return kept
  }

  /** The same without their times. */
  measurements(): Measurement[] {
    return this.read().map(({ measurement }) => measurement)
  }

  clear(): void {
    this.#measurements = []
    this.#takenAt = []
    this.#oldest = 0
  }
}
