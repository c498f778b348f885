import { Waiting } from '../waiting.js'

/** Lets callers wait for word of a key. */
export class KeyNews {
  readonly #waiting = new Map<string, Waiting>()

  /** Resolves when there is word of the key, or after so long. */
  async of(key: string, longestMs: number): Promise<void> {
    const waiting = this.#waiting.get(key) ?? new Waiting()
    this.#waiting.set(key, waiting)
    await waiting.wait(longestMs)
    if (waiting.isEmpty && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
  }

  tell(key: string): void {
    this.#waiting.get(key)?.tell()
  }
}
