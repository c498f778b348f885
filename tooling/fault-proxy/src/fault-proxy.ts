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
import { type Held, HeldHandles } from './hold-handles.js'
import { ProxyProcess } from './proxy-process.js'

/**
 * Starts a proxy for Redis clients, in a process of its own.
 *
 * It passes everything on as it is until told otherwise. Faults add up; `pass()` ends them all.
 *
 * @param options - `target`: the port of the server, on this machine
 */
export async function startFaultProxy(options: { readonly target: number }): Promise<FaultProxy> {
  const holds = new HeldHandles()
  const process = new ProxyProcess(options.target, (hold) => holds.markSeen(hold))
  await process.started()
  return new FaultProxy(process, holds)
}

export class FaultProxy implements AsyncDisposable {
  readonly #process: ProxyProcess
  readonly #holds: HeldHandles

  constructor(process: ProxyProcess, holds: HeldHandles) {
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
   * Ends all faults: what was held, frozen or under way goes on at once, in its order.
   *
   * Connections that lost bytes stay silent. They are open, and that is all they will ever be.
   */
  async pass(): Promise<void> {
    await this.#process.ask('pass')
    this.#holds.giveUp('the proxy was healed before it came')
  }

  /** Bytes take longer, by connection and direction; both directions by default. */
  async delay(options: DelayOptions): Promise<void> {
    requireNumber('milliseconds', options.milliseconds, 0)
    requireNumber('jitter', options.jitter ?? 0, 0)
    await this.#process.ask('delay', options)
  }

  /** All connections share one link of so many bytes per second each way, taking turns. */
  async limitBandwidth(options: { readonly bytesPerSecond: number }): Promise<void> {
    requireNumber('bytesPerSecond', options.bytesPerSecond, 1)
    await this.#process.ask('limitBandwidth', options)
  }

  /**
   * Bytes, and the news that a connection ended, no longer get through. Connections stay open.
   *
   * @param direction - `up` is from the clients to the server
   * @param options - `meanwhile`: what becomes of the bytes. `lost` (default): they are gone for
   * ever, and a connection that lost some stays silent that way even after the heal, for TCP never
   * delivers what comes after a gap. `held`: they go on at the heal, as after a frozen link
   */
  async blackHole(
    direction: Direction,
    { meanwhile = 'lost' }: { readonly meanwhile?: 'lost' | 'held' } = {},
  ): Promise<void> {
    await this.#process.ask('blackHole', { direction, meanwhile })
  }

  /** New connections are accepted and never answered, not even after the heal. */
  async acceptButNeverAnswer(): Promise<void> {
    await this.#process.ask('acceptButNeverAnswer')
  }

  /** New connections are refused; those there are stay. */
  async refuse(): Promise<void> {
    await this.#process.ask('refuse')
  }

  /** Resets all connections there are, at once; what was under way is lost. */
  async cut(): Promise<void> {
    await this.#process.ask('cut')
  }

  /** Replies arrive in pieces of so many bytes. (The server gets commands whole.) */
  async slice(options: SliceOptions): Promise<void> {
    requireNumber('bytes', options.bytes, 1)
    requireNumber('pauseMilliseconds', options.pauseMilliseconds ?? 0, 0)
    await this.#process.ask('slice', options)
  }

  /** Changes some of the replies and messages that are still to come, each in one place. */
  async corruptReplies(options: CorruptOptions): Promise<void> {
    requireNumber('share', options.share, 0)
    requireNumber('seed', options.seed, 0)
    await this.#process.ask('corruptReplies', options)
  }

  /** Every connection, also a new one, is reset after so many more bytes of replies. */
  async cutAfter(options: { readonly bytes: number }): Promise<void> {
    requireNumber('bytes', options.bytes, 0)
    await this.#process.ask('cutAfter', options)
  }

  /**
   * Holds the reply to one command that is still to come, and with it what follows on that
   * connection. In a transaction a command's reply is its `QUEUED`; to hold the results, hold `EXEC`.
   */
  async holdReply(options: HoldOptions): Promise<Held> {
    requireNumber('nth', options.nth ?? 1, 1)
    const { id, held } = this.#holds.add((hold) => this.#process.ask('release', { hold }))
    await this.#process.ask('holdReply', { ...options, hold: id })
    return held
  }

  /** Holds one command that is still to come, before the server sees it, and what follows it. */
  async holdCommand(options: HoldOptions): Promise<Held> {
    requireNumber('nth', options.nth ?? 1, 1)
    const { id, held } = this.#holds.add((hold) => this.#process.ask('release', { hold }))
    await this.#process.ask('holdCommand', { ...options, hold: id })
    return held
  }

  /** Swallows what the server sends unasked: invalidations, or messages of another channel. */
  async dropPushes(options: DropPushOptions = {}): Promise<void> {
    requireNumber('count', options.count ?? 1, 1)
    await this.#process.ask('dropPushes', options)
  }

  /** Such messages come later, in their order. Replies overtake them, which Redis never lets them. */
  async delayPushes(options: DelayPushOptions): Promise<void> {
    requireNumber('milliseconds', options.milliseconds, 0)
    await this.#process.ask('delayPushes', options)
  }

  /** Answers commands in the server's place, which never sees them. */
  async answerWithError(options: AnswerOptions): Promise<void> {
    requireNumber('count', options.count ?? 1, 1)
    if (/[\r\n]/.test(options.error)) throw new TypeError('error must be one line')
    await this.#process.ask('answerWithError', options)
  }

  async counts(): Promise<Counts> {
    return this.#process.ask('counts')
  }

  /** Ends the process, and with it every connection. */
  async close(): Promise<void> {
    await this.#process.stop()
    this.#holds.giveUp('the proxy was closed before it came')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function requireNumber(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return
  throw new TypeError(`${name} must be a number of at least ${least}, not ${value}`)
}
