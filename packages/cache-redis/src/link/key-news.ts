/** Lets callers wait for word of a key. */
export class KeyNews {
  readonly #waiting = new Map<string, Set<() => void>>()

  /** Resolves when there is word of the key, or after so long. */
  of(key: string, longestMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set()
      this.#waiting.set(key, waiting)
      const end = (): void => {
        clearTimeout(timer)
        waiting.delete(end)
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
        resolve()
      }
      const timer = setTimeout(end, longestMs)
      waiting.add(end)
    })
  }

  tell(key: string): void {
    for (const end of [...(this.#waiting.get(key) ?? [])]) end()
  }
}
