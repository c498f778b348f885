import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** State of the connection to Redis. */
export type OutageState = 'up' | 'refused' | 'frozen'

/** Forwards connections to a Redis server, refuses them, or stops forwarding without closing them. */
export class OutageProxy {
  readonly #server: Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  readonly #credentials: string
  #state: OutageState = 'up'

  private constructor(server: Server, target: URL) {
    this.#server = server
    this.#target = { host: target.hostname, port: Number(target.port || 6379) }
    const { username, password } = target
    this.#credentials = password === '' ? '' : `${username}:${password}@`
  }

  /** Starts a proxy on a free port of this machine. */
  static async start(redisUrl: string): Promise<OutageProxy> {
    const server = createServer()
    const proxy = new OutageProxy(server, new URL(redisUrl))
    server.on('connection', (client) => proxy.#forward(client))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  /** URL of the server behind the proxy. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `redis://${this.#credentials}127.0.0.1:${port}`
  }

  set(state: OutageState): void {
    this.#state = state
    for (const socket of this.#sockets) {
      if (state === 'refused') socket.destroy()
      else if (state === 'frozen') socket.pause()
      else socket.resume()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #forward(client: Socket): void {
    if (this.#state === 'refused') {
      client.destroy()
      return
    }
    const server = connect(this.#target)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', (data) => to.write(data))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.#state === 'frozen') from.pause()
    }
  }
}
