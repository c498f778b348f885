/** Longer than any permitted call. */
const PATIENCE_MS = 10_000
const LOOKS_EVERY_MS = 500

export class NeverSettled extends Error {
  override readonly name = 'NeverSettled'
}

interface Watched {
  readonly what: string
  readonly since: number
  readonly giveUp: (error: NeverSettled) => void
}

/** Rejects operations that do not settle, so that they are reported and the run continues. */
export class Watchdog {
  readonly #watched = new Set<Watched>()
  readonly #timer = setInterval(() => this.#look(), LOOKS_EVERY_MS)

  watch<T>(what: string, work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const watched = { what, since: performance.now(), giveUp: reject }
      this.#watched.add(watched)
      work.then(resolve, reject).finally(() => this.#watched.delete(watched))
    })
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    for (const { what, since, giveUp } of this.#watched) {
      if (performance.now() - since < PATIENCE_MS) continue
      giveUp(new NeverSettled(`${what} has not settled within ${PATIENCE_MS} ms`))
    }
  }
}
