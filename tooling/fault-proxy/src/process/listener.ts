import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/**
 * The ports are below the ephemeral ports of operating systems. While the listener is closed, the system
 * could assign an ephemeral port to another program. It could also assign the port to a client that
 * reconnects, which would then be connected to itself.
 */
const LOWEST_PORT = 10_000
const HIGHEST_PORT = 32_000
const MAX_ATTEMPTS = 50

/** Listens on a port that can be closed and opened again. */
export class Listener {
  readonly #onConnection: (client: Socket) => void
  #server: Server | undefined
  #port = 0

  constructor(onConnection: (client: Socket) => void) {
    this.#onConnection = onConnection
  }

  get port(): number {
    return this.#port
  }

  /** Opens a free port. */
  async openAny(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT))
      try {
        await this.open()
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === MAX_ATTEMPTS) {
          throw error
        }
      }
    }
  }

  async open(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ allowHalfOpen: true, noDelay: true }, this.#onConnection)
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
  }

  /** Refuses new connections. Existing connections stay open. */
  close(): void {
    this.#server?.close()
    this.#server = undefined
  }
}
