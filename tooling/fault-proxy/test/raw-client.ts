import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { vi } from 'vitest'

/** A client without manners: says what it is told to, and keeps what it hears. */
export class RawClient implements Disposable {
  readonly socket: Socket
  readonly chunks: Buffer[] = []
  /** Why the connection broke, such as `ECONNRESET`. */
  trouble: string | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => this.chunks.push(bytes))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.trouble = error.code
    })
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const client = new RawClient(socket)
    await once(socket, 'connect')
    return client
  }

  get heard(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }

  /** Sends commands, each given as words. */
  say(...commands: readonly string[]): void {
    this.socket.write(commands.map(encodeCommand).join(''), 'latin1')
  }

  async hears(text: string | RegExp): Promise<void> {
    await vi.waitFor(() => {
      if (!(typeof text === 'string' ? this.heard.includes(text) : text.test(this.heard)))
        throw new Error(`heard ${JSON.stringify(this.heard)}`)
    }, WAIT)
  }

  /** Settles when the connection is over, for whatever reason. */
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
