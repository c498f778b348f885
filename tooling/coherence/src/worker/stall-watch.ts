/** Interval of the checks, and delay that counts as a stall. */
const LOOKS_EVERY_MS = 10
export const STALL_MS = 50

/**
 * Detects that this process has just been stalled, as on a busy machine. After a stall, the process
 * may run code before it has read its sockets.
 */
export class StallWatch {
  /** Time until which all received data has been read. */
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
    // Node reads sockets between timers and immediates.
    setImmediate(() => {
      this.#upToDateAt = now
    })
  }
}
