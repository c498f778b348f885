import type { Socket } from 'node:net'

/** An accepted connection on which the proxy never sends a reply, even after `pass()`. */
export class SilentConnection {
  readonly #client: Socket

  constructor(client: Socket, onClosed: () => void) {
    this.#client = client
    client.on('error', () => undefined)
    client.on('end', () => client.end())
    client.on('close', onClosed)
    client.resume()
  }

  get isOpenToClient(): boolean {
    return !this.#client.closed
  }

  readonly isOpenToServer = false

  limitReplies(): void {}

  faultsChanged(): void {}

  cut(): void {
    this.#client.resetAndDestroy()
  }
}
