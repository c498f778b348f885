/** Holds one command or reply until the test releases it. */
export class Hold {
  readonly #onReached: () => void
  readonly #whenReleased: (() => void)[] = []
  #released = false

  constructor(onReached: () => void) {
    this.#onReached = onReached
  }

  get released(): boolean {
    return this.#released
  }

  /** Reports to the test that the command or reply has arrived. */
  catch(whenReleased: () => void): void {
    this.#whenReleased.push(whenReleased)
    this.#onReached()
  }

  release(): void {
    this.#released = true
    for (const release of this.#whenReleased.splice(0)) release()
  }
}
