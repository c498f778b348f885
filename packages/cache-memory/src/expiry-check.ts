import { type Clock, systemClock } from '@verbatim/cache-core'
import { timers } from '@verbatim/cache-core/implement'

/** An entry that expires within this time is checked against the clock at every hit. */
const MARGIN_MS = 300_000
/** Number of hits for which one reading of the clock is used. */
const HITS_PER_READING = 16
/** This many readings within {@link BURST_MS} belong to a run of hits, and more will follow. */
const READINGS_OF_A_BURST = 8
const BURST_MS = 0.01

/**
 * Decides whether entries have expired, mostly without reading the clock. A reading takes 40 to 50 ns,
 * half as long as a hit.
 *
 * A run of hits ends when all pending promises are settled. Within a run, one reading is used for 16 hits
 * of entries that have more than five minutes left. An entry is therefore returned after its TTL only if
 * the process is suspended for more than five minutes within a run, and then at most 15 times.
 *
 * Any other clock than the clock of the machine can jump, so it is read every time.
 */
export class ExpiryCheck {
  readonly #clock: Clock
  readonly #maySkip: boolean
  /** Entries that expire after this time are fresh without a reading of the clock. */
  #horizon = Number.POSITIVE_INFINITY
  #hitsLeft = 0
  #isEndAwaited = false
  #readings = 0
  #firstReadingAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#maySkip = clock === systemClock
  }

  /** Returns whether a time has not passed. At `expiresAt` itself it has not. */
  isPending(expiresAt: number): boolean {
    if (expiresAt > this.#horizon && this.#hitsLeft-- > 0) return true
    const now = this.#clock.now()
    if (this.#maySkip) this.#renew(now)
    return expiresAt >= now
  }

  #renew(now: number): void {
    if (!this.#isEndAwaited) {
      // `nextTick` takes as long as ten readings, so it is not used for a hit or two.
      if (!this.#isBurst(now)) return
      this.#isEndAwaited = true
      // `nextTick` runs before the process sleeps or reads its sockets. Timers may run later.
      timers.nextTick(this.#end)
    }
    this.#horizon = now + MARGIN_MS
    // The current hit counts too.
    this.#hitsLeft = HITS_PER_READING - 1
  }

  #isBurst(now: number): boolean {
    if (now - this.#firstReadingAt > BURST_MS) {
      this.#firstReadingAt = now
      this.#readings = 0
    }
    return ++this.#readings >= READINGS_OF_A_BURST
  }

  readonly #end = (): void => {
    this.#isEndAwaited = false
    this.#hitsLeft = 0
    this.#readings = 0
  }
}
