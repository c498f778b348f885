/** A place where one command or reply waits until the test lets it go. */
export class Hold {
  readonly #onSeen: () => void
  readonly #whenReleased: (() => void)[] = []
  #released = false

  constructor(onSeen: () => void) {
    this.#onSeen = onSeen
  }

  get released(): boolean {
    return this.#released
  }

  /** Tells the test that what it wanted held is here. */
  catch(whenReleased: () => void): void {
    this.#whenReleased.push(whenReleased)
    this.#onSeen()
  }

  release(): void {
    this.#released = true
    for (const tell of this.#whenReleased.splice(0)) tell()
  }
}
