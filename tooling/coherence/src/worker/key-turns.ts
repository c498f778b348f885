/** Runs one task at a time per key, in the order of the calls. */
export class KeyTurns {
  readonly #last = new Map<number, Promise<unknown>>()

  run<T>(keys: readonly number[], work: () => Promise<T>): Promise<T> {
    const before = keys.map((key) => this.#last.get(key) ?? Promise.resolve())
    const turn = Promise.all(before).then(work)
    const over = turn.catch(() => undefined)
    for (const key of keys) this.#last.set(key, over)
    return turn
  }
}
