import { connect, type Socket } from 'node:net'
import { Conversation } from '../conversation/conversation.js'
import { type Flowing, sizeOf } from '../network/flowing.js'
import { Lane } from '../network/lane.js'
import type { NetworkFaults } from '../network/network-faults.js'
import { Outlet } from '../network/outlet.js'
import type { CommandRules } from '../rules/command-rules.js'
import type { PushRules } from '../rules/push-rules.js'
import type { Counters } from './counters.js'

/** Number of waiting bytes in one direction above which the proxy stops reading from the sender. */
const MAX_BACKLOG = 1024 * 1024

/** Pause between the last bytes and a reset. Without it, a reader can take the reset for a normal end. */
const TIME_TO_READ_MS = 10

export interface ConnectionOptions {
  readonly targetPort: number
  readonly faults: NetworkFaults
  readonly commandRules: CommandRules
  readonly pushRules: PushRules
  readonly counters: Counters
  readonly onClosed: () => void
}

/**
 * The connection of a client and its connection to the server.
 *
 * The faults of the network apply to the bytes of the client before the proxy parses commands. Commands
 * that the network lost therefore do not count as received. Replies pass the same steps in reverse.
 */
export class Connection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #options: ConnectionOptions
  readonly #conversation: Conversation
  readonly #up: Lane
  readonly #down: Lane
  readonly #toClient: Outlet
  readonly #toServer: Outlet
  /** Number of reply bytes after which the connection is reset. */
  #repliesLeft: number | undefined
  #isOver = false

  constructor(client: Socket, options: ConnectionOptions) {
    this.#client = client
    this.#options = options
    this.#repliesLeft = options.faults.cutAfterBytes
    this.#server = connect({
      host: '127.0.0.1',
      port: options.targetPort,
      noDelay: true,
      allowHalfOpen: true,
    })
    this.#toClient = new Outlet(client, this.#regulate)
    this.#toServer = new Outlet(this.#server, this.#regulate)
    this.#conversation = new Conversation({
      ...options,
      toServer: (item) => this.#sendUp(item),
      toClient: (item) => this.#down.push(corrupted(item, options.faults)),
    })
    this.#up = new Lane('up', options.faults, (item) => this.#conversation.fromClient(item))
    this.#down = new Lane('down', options.faults, (item) => this.#sendDown(item))
    this.#listen(this.#client, (item) => this.#up.push(item))
    this.#listen(this.#server, (item) => this.#conversation.fromServer(item))
  }

  get isOpenToClient(): boolean {
    return !this.#client.closed && !this.#client.readableEnded
  }

  get isOpenToServer(): boolean {
    return !this.#server.closed
  }

  /** Resets the connection after this number of further reply bytes, or never. */
  limitReplies(bytes: number | undefined): void {
    this.#repliesLeft = bytes
  }

  faultsChanged(): void {
    this.#up.faultsChanged()
    this.#conversation.rulesChanged()
    this.#down.faultsChanged()
    this.#regulate()
  }

  cut(): void {
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  #listen(socket: Socket, pass: (item: Flowing) => void): void {
    socket.on('data', (bytes: Buffer) => {
      pass(bytes)
      this.#regulate()
    })
    socket.on('end', () => pass('end'))
    // The event 'close' follows.
    socket.on('error', () => undefined)
    socket.on('close', (hadError) => {
      if (hadError) pass('reset')
      this.#regulate()
      if (this.#client.closed && this.#server.closed) this.#dispose()
    })
  }

  #sendUp(item: Flowing): void {
    this.#options.counters.bytesUp += sizeOf(item)
    this.#toServer.write(item)
  }

  #sendDown(item: Flowing): void {
    const left = this.#repliesLeft
    if (this.#isOver) return
    if (left === undefined || typeof item === 'string') this.#writeDown(item)
    else {
      this.#writeDown(item.subarray(0, left))
      this.#repliesLeft = Math.max(0, left - item.length)
      if (this.#repliesLeft === 0) this.#breakOff()
    }
  }

  #breakOff(): void {
    this.#isOver = true
    this.#server.resetAndDestroy()
    setTimeout(() => this.#toClient.write('reset'), TIME_TO_READ_MS)
  }

  #writeDown(item: Flowing): void {
    this.#options.counters.bytesDown += sizeOf(item)
    this.#toClient.write(item)
  }

  /** Pauses a sender while its bytes wait for the other side or for a fault. */
  readonly #regulate = (): void => {
    const up = this.#up.queuedBytes + this.#conversation.bytesForServer + this.#toServer.queuedBytes
    const down =
      this.#down.queuedBytes + this.#conversation.bytesForClient + this.#toClient.queuedBytes
    setFlowing(this.#client, up < MAX_BACKLOG)
    setFlowing(this.#server, down < MAX_BACKLOG)
  }

  #dispose(): void {
    this.#up.dispose()
    this.#down.dispose()
    this.#conversation.dispose()
    this.#options.onClosed()
  }
}

function corrupted(item: Flowing, { corruption }: NetworkFaults): Flowing {
  return typeof item === 'string' || corruption === undefined ? item : corruption.apply(item)
}

function setFlowing(socket: Socket, flows: boolean): void {
  if (socket.isPaused() !== flows) return
  if (flows) socket.resume()
  else socket.pause()
}
