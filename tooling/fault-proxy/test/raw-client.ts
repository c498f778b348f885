import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { vi } from 'vitest'

/** A client that sends any bytes and records all received bytes. */
export class RawClient implements Disposable {
  readonly socket: Socket
  readonly chunks: Buffer[] = []
  /** Error code of the broken connection, such as `ECONNRESET`. */
  errorCode: string | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => this.chunks.push(bytes))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code
    })
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const client = new RawClient(socket)
    await once(socket, 'connect')
    return client
  }

  get received(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }

  /** Sends commands. Each is a text of words. */
  send(...commands: readonly string[]): void {
    this.socket.write(commands.map(encodeCommand).join(''), 'latin1')
  }

  async receives(text: string | RegExp): Promise<void> {
    await vi.waitFor(() => {
      if (!(typeof text === 'string' ? this.received.includes(text) : text.test(this.received)))
        throw new Error(`received ${JSON.stringify(this.received)}`)
    }, WAIT)
  }

  /** Resolves when the connection is closed. */
  async closed(): Promise<void> {
    await vi.waitFor(() => {
      if (!this.socket.closed) throw new Error('the connection is still open')
    }, WAIT)
  }

  forget(): void {
    this.chunks.length = 0
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

const WAIT = { timeout: 10_000, interval: 2 }

export function encodeCommand(words: string): string {
  const parts = words.split(' ').map((word) => `$${word.length}\r\n${word}\r\n`)
  return `*${parts.length}\r\n${parts.join('')}`
}
