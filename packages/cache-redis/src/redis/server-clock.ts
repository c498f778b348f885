/** Past this age a sample is replaced by any newer one, for clocks drift and are set. */
const SAMPLE_LIFE_MS = 5_000
/** How far a server's clock may drift away between two samples. */
const MOST_DRIFT_MS = 3

/**
 * What a server's clock says, as far as this process can know: at least so much.
 *
 * A write carries the time on the server's clock until which it may be carried out, so that one that
 * was given up here cannot take effect there later. That time must not be late, so it is reckoned
 * from a lower bound: the server read its clock before its answer arrived here.
 */
export class ServerClock {
  /** The server's time less ours, at least. */
  #lead = Number.NEGATIVE_INFINITY
  #sampledAt = Number.NEGATIVE_INFINITY

  /** @param serverMs - what the server's clock said some time before now */
  sample(serverMs: number, now: number = performance.now()): void {
    const lead = serverMs - now
    // Of several the one that took the shortest way tells most.
    if (lead < this.#lead && now - this.#sampledAt < SAMPLE_LIFE_MS) return
    this.#lead = lead
    this.#sampledAt = now
  }

  /** The server's time at which what was begun here at some time, and may take so long, is given up. */
  deadline(timeoutMs: number, startedAt: number): number {
    return Math.floor(startedAt + timeoutMs + this.#lead - Math.min(MOST_DRIFT_MS, timeoutMs / 10))
  }
}
