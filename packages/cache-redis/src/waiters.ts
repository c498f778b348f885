import { timers } from '@verbatim/cache-core/implement'

/** Callers that wait for an event, each with its own time limit. */
export class Waiters {
  readonly #ends = new Set<() => void>()

  get isEmpty(): boolean {
    return this.#ends.size === 0
  }

  /** Resolves at the next call of `notify`, or after a time in milliseconds. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timers.clearTimeout(timer)
        this.#ends.delete(end)
        resolve()
      }
      const timer = timers.setTimeout(end, milliseconds)
      this.#ends.add(end)
    })
  }

  /** Ends every wait. */
  notify(): void {
    for (const end of [...this.#ends]) end()
  }
}

/** Callers that wait for an invalidation of a key. */
export class KeyWaiters {
  readonly #waiters = new Map<string, Waiters>()

  /** Resolves at the next call of `notify` for the key, or after a time in milliseconds. */
  async wait(key: string, milliseconds: number): Promise<void> {
    const waiters = this.#waiters.get(key) ?? new Waiters()
    this.#waiters.set(key, waiters)
    await waiters.wait(milliseconds)
    if (waiters.isEmpty && this.#waiters.get(key) === waiters) this.#waiters.delete(key)
  }

  /** Ends every wait for the key. */
  notify(key: string): void {
    this.#waiters.get(key)?.notify()
  }
}
