import { timers } from '@verbatim/cache-core/implement'

/** Past this age a sample is replaced by any newer one, for clocks drift and are set. */
const SAMPLE_LIFE_MS = 5_000
/** How far a server's clock may drift away between two samples. */
const MOST_DRIFT_MS = 3

/**
 * What a server's clock says, as far as this process can know: at least so much, and at most so much.
 *
 * A write carries the time on the server's clock until which it may be carried out, so that one that
 * was given up here cannot take effect there later; and a value when its life will be over. Neither
 * may be late, so both are reckoned from the least: the server read its clock before its answer
 * arrived here. What a reader finds must not look younger than it is, so it is held against the most:
 * the server read its clock after it was asked.
 */
export class ServerClock {
  /** The server's time less ours, at least and at most. */
  #least = Number.NEGATIVE_INFINITY
  #most = Number.POSITIVE_INFINITY
  #sampledAt = Number.NEGATIVE_INFINITY

  /**
   * @param serverMs - what the server's clock said, in whole milliseconds
   * @param askedAt - when it was asked, on ours
   * @param now - when its answer had arrived
   */
  sample(serverMs: number, askedAt: number, now: number = timers.now()): void {
    const least = serverMs - now
    const most = serverMs + 1 - askedAt
    const isNew = now - this.#sampledAt >= SAMPLE_LIFE_MS
    // Of several the one that took the shortest way tells most. One that the others contradict
    // tells that the clock was set.
    if (!isNew && most - least >= this.#most - this.#least && this.#agrees(least, most)) return
    this.#least = least
    this.#most = most
    this.#sampledAt = now
  }

  /** Returns whether the last sample is too old to rely on. */
  isOutdated(now: number): boolean {
    return now - this.#sampledAt >= 2 * SAMPLE_LIFE_MS
  }

  /** Returns whether the last sample is old enough to take another. */
  isUnsure(now: number): boolean {
    return now - this.#sampledAt >= SAMPLE_LIFE_MS
  }

  /** What it says at a time of ours, at least. */
  earliest(now: number): number {
    return now + this.#least
  }

  /** What it says at a time of ours, at most. */
  latest(now: number): number {
    return now + this.#most
  }

  /** The server's time at which what was begun here at some time, and may take so long, is given up. */
  deadline(timeoutMs: number, startedAt: number): number {
    return Math.floor(
      this.earliest(startedAt) + timeoutMs - Math.min(MOST_DRIFT_MS, timeoutMs / 10),
    )
  }

  #agrees(least: number, most: number): boolean {
    return least <= this.#most + MOST_DRIFT_MS && most >= this.#least - MOST_DRIFT_MS
  }
}
