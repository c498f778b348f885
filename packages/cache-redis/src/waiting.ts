import { timers } from '@verbatim/cache-core/implement'

/** Callers that wait for an event, each with a time limit of its own. */
export class Waiting {
  readonly #ends = new Set<() => void>()

  get isEmpty(): boolean {
    return this.#ends.size === 0
  }

  /** Resolves at the next call of `tell`, or after a time in milliseconds. */
  wait(longestMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timers.clearTimeout(timer)
        this.#ends.delete(end)
        resolve()
      }
      const timer = timers.setTimeout(end, longestMs)
      this.#ends.add(end)
    })
  }

  /** Ends every wait. */
  tell(): void {
    for (const end of [...this.#ends]) end()
  }
}
