/**
 * Counts the callers of each key that wait for a response and want it stored. A caller without `noStore`
 * may join a load that a caller with `noStore` has started.
 */
export class StoringCallers {
  readonly #waiting = new Map<string, number>()

  /** Returns whether any caller of the key wants its response stored. */
  has(key: string): boolean {
    return this.#waiting.has(key)
  }

  /** Counts a caller while its load runs. */
  async during<T>(key: string, load: () => Promise<T>): Promise<T> {
    this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1)
    try {
      return await load()
    } finally {
      const others = (this.#waiting.get(key) ?? 0) - 1
      if (others > 0) this.#waiting.set(key, others)
      else this.#waiting.delete(key)
    }
  }
}
