const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** Past so many keys the one whose failure is oldest is forgotten, and may be loaded sooner. */
const MAX_KEYS = 10_000

interface Failure {
  readonly pauseMs: number
  readonly until: number
}

/**
 * Remembers which keys lately failed to load, so that a source in trouble is not asked at every
 * read while there is an old value to serve. The pause doubles with each failure in a row, from one
 * second to a minute.
 */
export class BackOff {
  readonly #failures = new Map<string, Failure>()

  isPaused(key: string, now: number): boolean {
    const failure = this.#failures.get(key)
    return failure !== undefined && now < failure.until
  }

  failed(key: string, now: number): void {
    const before = this.#failures.get(key)
    const pauseMs = Math.min(
      before === undefined ? FIRST_PAUSE_MS : 2 * before.pauseMs,
      LONGEST_PAUSE_MS,
    )
    // Put last anew: the map is in the order of the latest failures.
    this.#failures.delete(key)
    this.#failures.set(key, { pauseMs, until: now + pauseMs })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_KEYS && oldest !== undefined) this.#failures.delete(oldest)
  }

  succeeded(key: string): void {
    this.#failures.delete(key)
  }
}
