import { type Clock, systemClock, timers } from '@verbatim/cache-core'

/** Entries with more than this left are not checked against the clock at every hit. */
const MARGIN_MS = 10_000
/** Hits that may be answered in one go before the clock is read again. */
const HITS_PER_LOOK = 100
/** So many looks in so short a time are of one go, in which more are to come. */
const LOOKS_OF_A_BURST = 8
const BURST_MS = 0.01

/**
 * Tells whether entries are alive, mostly without reading the clock, which takes about as long as
 * the rest of a hit.
 *
 * Of many hits in one go, until all promises are through, one look counts for some: not for anybody the
 * process hears of later, for it may have been stopped meanwhile. As a go may take long, hits are
 * counted, and what has ten seconds or less to live is looked at every time.
 *
 * A clock that is not the machine's may be moved at will, so it is read every time.
 */
export class LifeCheck {
  readonly #clock: Clock
  readonly #mayWait: boolean
  /** What expires after this is alive without a look at the clock. */
  #horizon = Number.POSITIVE_INFINITY
  #hitsLeft = 0
  #isEndAwaited = false
  #looks = 0
  #firstLookAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#mayWait = clock === systemClock
  }

  /** An entry lives up to its very expiry. */
  isAlive(expiresAt: number): boolean {
    if (expiresAt > this.#horizon && this.#hitsLeft-- > 0) return true
    const now = this.#clock.now()
    if (this.#mayWait) this.#renew(now)
    return expiresAt >= now
  }

  #renew(now: number): void {
    if (!this.#isEndAwaited) {
      // To be told of the end takes as long as ten looks, so a hit or two must do without.
      if (!this.#isBurst(now)) return
      this.#isEndAwaited = true
      // Comes before the process sleeps or looks what its sockets have to tell; no timer does.
      timers.nextTick(this.#end)
    }
    this.#horizon = now + MARGIN_MS
    this.#hitsLeft = HITS_PER_LOOK
  }

  #isBurst(now: number): boolean {
    if (now - this.#firstLookAt > BURST_MS) {
      this.#firstLookAt = now
      this.#looks = 0
    }
    return ++this.#looks >= LOOKS_OF_A_BURST
  }

  readonly #end = (): void => {
    this.#isEndAwaited = false
    this.#hitsLeft = 0
    this.#looks = 0
  }
}
