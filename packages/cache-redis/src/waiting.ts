/** Those who wait for word of something, each for so long at most. */
export class Waiting {
  readonly #ends = new Set<() => void>()

  get isEmpty(): boolean {
    return this.#ends.size === 0
  }

  /** Resolves at the next word, or after so many milliseconds. */
  wait(longestMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#ends.delete(end)
        resolve()
      }
      const timer = setTimeout(end, longestMs)
      this.#ends.add(end)
    })
  }

  tell(): void {
    for (const end of [...this.#ends]) end()
  }
}
