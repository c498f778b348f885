const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** Above this number of keys, the key with the oldest failure is forgotten and may be loaded sooner. */
const MAX_KEYS = 10_000

interface Failure {
  readonly pauseMs: number
  readonly until: number
}

/**
 * Pauses the loads of keys that failed to load, while a stale value can be served. The pause doubles with
 * each consecutive failure, from one second to one minute.
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
    // Moved to the end: the map is ordered by the time of the latest failure.
    this.#failures.delete(key)
    this.#failures.set(key, { pauseMs, until: now + pauseMs })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_KEYS && oldest !== undefined) this.#failures.delete(oldest)
  }

  succeeded(key: string): void {
    this.#failures.delete(key)
  }
}
