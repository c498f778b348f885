import { type Clock, systemClock } from '@verbatim/cache-core'
import { timers } from '@verbatim/cache-core/implement'

/** Entries with no more than this left are checked against the clock at every hit. */
const MARGIN_MS = 300_000
/** Hits that one look at the clock counts for. */
const HITS_PER_LOOK = 16
/** So many looks in so short a time are of one run of hits, in which more will follow. */
const LOOKS_OF_A_BURST = 8
const BURST_MS = 0.01

/**
 * Decides whether entries have expired, mostly without reading the clock: a look takes 40 to 50 ns,
 * half as long as a hit.
 *
 * In a run of hits, until all pending promises are settled, one look counts for 16 hits of entries
 * that have more than five minutes left. An entry is therefore returned after its TTL only if the
 * process stands still for more than five minutes within such a run, and then at most 15 times.
 *
 * A clock that is not the machine's may be moved at will, so it is read every time.
 */
export class ExpiryCheck {
  readonly #clock: Clock
  readonly #maySkip: boolean
  /** What expires after this has not expired yet, without a look at the clock. */
  #horizon = Number.POSITIVE_INFINITY
  #hitsLeft = 0
  #isEndAwaited = false
  #looks = 0
  #firstLookAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#maySkip = clock === systemClock
  }

  /** Whether it has not expired. At the very moment of its expiry an entry has not. */
  isPending(expiresAt: number): boolean {
    if (expiresAt > this.#horizon && this.#hitsLeft-- > 0) return true
    const now = this.#clock.now()
    if (this.#maySkip) this.#renew(now)
    return expiresAt >= now
  }

  #renew(now: number): void {
    if (!this.#isEndAwaited) {
      // To be called at the end of the run takes as long as ten looks: not for a hit or two.
      if (!this.#isBurst(now)) return
      this.#isEndAwaited = true
      // Runs before the process sleeps or reads from its sockets; no timer does.
      timers.nextTick(this.#end)
    }
    this.#horizon = now + MARGIN_MS
    // The hit that looks is one of them.
    this.#hitsLeft = HITS_PER_LOOK - 1
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
