import { type Clock, systemClock } from '@verbatim/cache-core'

/** Entries with more than this left are not checked against the clock at every hit. */
const MARGIN_MS = 10_000
/** The clock is read again after so long, or so many hits, whichever comes first. */
const RENEWAL_MS = 1_000
const RENEWAL_HITS = 1_000

/**
 * Tells whether entries are alive, mostly without reading the clock, which takes about as long as
 * the rest of a hit.
 *
 * The answer is exact: an entry is passed unchecked only while it has ten seconds more to live than
 * the clock said less than about a second ago. The timer that ends that second cannot fire while
 * promises keep resolving, so hits are counted as well.
 *
 * A clock that is not the machine's may be moved at will, so it is read every time.
 */
export class LifeCheck {
  readonly #clock: Clock
  readonly #mayWait: boolean
  /** What expires after this is alive without a look at the clock. */
  #horizon = Number.POSITIVE_INFINITY
  #hitsLeft = 0
  #timer: NodeJS.Timeout | undefined

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

  /** Stops the timer. It does not keep the process alive, but it does keep this in memory. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#horizon = Number.POSITIVE_INFINITY
  }

  #renew(now: number): void {
    this.#horizon = now + MARGIN_MS
    this.#hitsLeft = RENEWAL_HITS
    this.#timer ??= setTimeout(() => this.close(), RENEWAL_MS).unref()
  }
}
