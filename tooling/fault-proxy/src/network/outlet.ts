import type { Socket } from 'node:net'
import type { Flowing } from './flowing.js'

const NOTHING = Buffer.alloc(0)

/** Writes to a socket. It combines all writes of one turn of the event loop. */
export class Outlet {
  readonly #socket: Socket
  readonly #onProgress: () => void
  #batch: Buffer[] = []
  #batchBytes = 0

  /** @param onProgress - called when `queuedBytes` may have decreased */
  constructor(socket: Socket, onProgress: () => void) {
    this.#socket = socket
    this.#onProgress = onProgress
    socket.on('drain', onProgress)
  }

  get queuedBytes(): number {
    return this.#batchBytes + this.#socket.writableLength
  }

  write(item: Flowing): void {
    if (this.#socket.destroyed) return
    if (item === 'reset') this.#reset()
    else if (this.#socket.writableEnded) return
    else if (item === 'end') {
      this.#flush()
      this.#socket.end()
    } else {
      if (this.#batch.length === 0) process.nextTick(() => this.#flush())
      this.#batch.push(item)
      this.#batchBytes += item.length
    }
  }

  #flush(): void {
    const [only] = this.#batch
    if (only === undefined) return
    const bytes = this.#batch.length === 1 ? only : Buffer.concat(this.#batch)
    this.#batch = []
    this.#batchBytes = 0
    if (!this.#socket.destroyed) this.#socket.write(bytes)
    this.#onProgress()
  }

  /** Resets the connection after all earlier writes. */
  #reset(): void {
    this.#flush()
    this.#socket.write(NOTHING, () => this.#socket.resetAndDestroy())
  }
}
