import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/**
 * Below the ports that systems give out by themselves. Those are no good for a listener that comes
 * and goes: meanwhile another program may be given the port, or a client that tries to reconnect may
 * be given it as its own end and so be connected to itself.
 */
const LOWEST_PORT = 10_000
const HIGHEST_PORT = 32_000
const MOST_ATTEMPTS = 50

/** A port that can be closed to new connections and opened again. */
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

  /** Opens any free port. */
  async openAny(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT))
      try {
        await this.open()
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === MOST_ATTEMPTS) {
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

  /** Refuses new connections; those there are stay. */
  close(): void {
    this.#server?.close()
    this.#server = undefined
  }
}
