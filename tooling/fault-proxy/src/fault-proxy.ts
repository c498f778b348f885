import type {
  AnswerOptions,
  CorruptOptions,
  Counts,
  DelayOptions,
  DelayPushOptions,
  Direction,
  DropPushOptions,
  HoldOptions,
  SliceOptions,
} from './control.js'
import { type HoldHandle, HoldHandles } from './hold-handles.js'
import { ProxyProcess } from './proxy-process.js'

/**
 * Starts a proxy for Redis clients in a separate process.
 *
 * At first the proxy forwards all bytes unchanged. Faults add up, and `pass()` ends all of them.
 *
 * @param options - `target`: the port of the server on this machine
 */
export async function startFaultProxy(options: { readonly target: number }): Promise<FaultProxy> {
  const holds = new HoldHandles()
  const process = new ProxyProcess(options.target, (hold) => holds.markReached(hold))
  await process.started()
  return new FaultProxy(process, holds)
}

/** A proxy between Redis clients and a server, with faults that a test starts and ends. */
export class FaultProxy implements AsyncDisposable {
  readonly #process: ProxyProcess
  readonly #holds: HoldHandles

  constructor(process: ProxyProcess, holds: HoldHandles) {
    this.#process = process
    this.#holds = holds
  }

  get port(): number {
    return this.#process.port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /**
   * Ends all faults. Held and delayed bytes continue immediately, in their order.
   *
   * Connections that lost bytes stay open and transmit nothing more.
   */
  async pass(): Promise<void> {
    await this.#process.ask('pass')
    this.#holds.giveUp('pass() was called before it arrived')
  }

  /** Delays all bytes of each connection, by default in both directions. */
  async delay(options: DelayOptions): Promise<void> {
    requireNumber('milliseconds', options.milliseconds, 0)
    requireNumber('jitter', options.jitter ?? 0, 0)
    await this.#process.ask('delay', options)
  }

  /** Limits the bytes per second in each direction. All connections share the limit and take turns. */
  async limitBandwidth(options: { readonly bytesPerSecond: number }): Promise<void> {
    requireNumber('bytesPerSecond', options.bytesPerSecond, 1)
    await this.#process.ask('limitBandwidth', options)
  }

  /**
   * Stops all bytes, and the ends of connections. Connections stay open.
   *
   * @param direction - `up` is from the clients to the server
   * @param options - `bytes`: with `lost` (default), the bytes are lost. A connection that lost bytes
   * transmits nothing in this direction even after `pass()`, because TCP never delivers bytes after a
   * gap. With `delayed`, the bytes continue after `pass()`, as after a frozen network
   */
  async blackHole(
    direction: Direction,
    { bytes = 'lost' }: { readonly bytes?: 'lost' | 'delayed' } = {},
  ): Promise<void> {
    await this.#process.ask('blackHole', { direction, bytes })
  }

  /** Accepts new connections without ever sending a reply on them, even after `pass()`. */
  async acceptButNeverAnswer(): Promise<void> {
    await this.#process.ask('acceptButNeverAnswer')
  }

  /** Refuses new connections. Existing connections stay open. */
  async refuse(): Promise<void> {
    await this.#process.ask('refuse')
  }

  /** Resets all connections. Bytes in flight are lost. */
  async cut(): Promise<void> {
    await this.#process.ask('cut')
  }

  /** Splits replies into pieces of this size. Commands are not split. */
  async slice(options: SliceOptions): Promise<void> {
    requireNumber('bytes', options.bytes, 1)
    requireNumber('pauseMilliseconds', options.pauseMilliseconds ?? 0, 0)
    await this.#process.ask('slice', options)
  }

  /** Changes one place in some of the next replies and messages. */
  async corruptReplies(options: CorruptOptions): Promise<void> {
    requireNumber('share', options.share, 0)
    requireNumber('seed', options.seed, 0)
    await this.#process.ask('corruptReplies', options)
  }

  /** Resets every connection after this number of further reply bytes, including new connections. */
  async cutAfter(options: { readonly bytes: number }): Promise<void> {
    requireNumber('bytes', options.bytes, 0)
    await this.#process.ask('cutAfter', options)
  }

  /**
   * Holds the reply to one of the next commands, and all later replies on its connection. In a
   * transaction, the reply to a command is its `QUEUED`. To hold the results, hold `EXEC`.
   */
  async holdReply(options: HoldOptions): Promise<HoldHandle> {
    requireNumber('nth', options.nth ?? 1, 1)
    const { id, handle } = this.#holds.add((hold) => this.#process.ask('release', { hold }))
    await this.#process.ask('holdReply', { ...options, hold: id })
    return handle
  }

  /** Holds one of the next commands before the server receives it, and all later commands after it. */
  async holdCommand(options: HoldOptions): Promise<HoldHandle> {
    requireNumber('nth', options.nth ?? 1, 1)
    const { id, handle } = this.#holds.add((hold) => this.#process.ask('release', { hold }))
    await this.#process.ask('holdCommand', { ...options, hold: id })
    return handle
  }

  /** Drops pushes of the server: invalidations, or messages of another channel. */
  async dropPushes(options: DropPushOptions = {}): Promise<void> {
    requireNumber('count', options.count ?? 1, 1)
    await this.#process.ask('dropPushes', options)
  }

  /** Delays pushes and preserves their order. Later replies arrive before them, unlike in Redis. */
  async delayPushes(options: DelayPushOptions): Promise<void> {
    requireNumber('milliseconds', options.milliseconds, 0)
    await this.#process.ask('delayPushes', options)
  }

  /** Replies to commands with an error. The server never receives these commands. */
  async answerWithError(options: AnswerOptions): Promise<void> {
    requireNumber('count', options.count ?? 1, 1)
    if (/[\r\n]/.test(options.error)) throw new TypeError('error must be one line')
    await this.#process.ask('answerWithError', options)
  }

  /** Returns the numbers of connections, commands, pushes and bytes since the start. */
  async counts(): Promise<Counts> {
    return this.#process.ask('counts')
  }

  /** Ends the process and all of its connections. */
  async close(): Promise<void> {
    await this.#process.stop()
    this.#holds.giveUp('the proxy was closed before it arrived')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function requireNumber(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return
  throw new TypeError(`${name} must be a number of at least ${least}; received ${value}`)
}
