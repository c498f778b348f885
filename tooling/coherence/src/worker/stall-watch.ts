/** How often it looks, and how long it takes to be called a stall. */
const LOOKS_EVERY_MS = 10
export const STALL_MS = 50

/**
 * Knows whether this process has just stood still, as one does on a busy machine. It may go on
 * anywhere after that: nobody in it can know what its sockets have to tell before they were read.
 */
export class StallWatch {
  /** All that had come until then has been read. */
  #upToDateAt = performance.now()
  readonly #timer = setInterval(() => this.#look(), LOOKS_EVERY_MS).unref()

  get isStalled(): boolean {
    return performance.now() - this.#upToDateAt > STALL_MS
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = performance.now()
    // Between timers and what is immediate the sockets are read.
    setImmediate(() => {
      this.#upToDateAt = now
    })
  }
}
