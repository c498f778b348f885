import { setTimeout as sleep } from 'node:timers/promises'
import { InfrastructureError } from '@verbatim/cache-core'
import type { Redis } from 'ioredis'
import { Waiting } from '../waiting.js'
import { CONNECTION_LOST, errorForCaller, troubleOf } from './connection-errors.js'
import { isErrorReply, meaningOf, type ReplyMeaning } from './error-replies.js'
import { pauseAfterRefusal } from './reconnect-delay.js'
import { listen } from './shared-listeners.js'
import type { TimeLimit } from './time-limit.js'

const PAUSE_BETWEEN_CHECKS_MS = 100

export interface RedisServerOptions {
  readonly redis: Redis
  /** Whether its connection is ours to give up. */
  readonly owned: boolean
  /** Whether it belongs to a Cluster, which sees to its connection and to its errors. */
  readonly inCluster: boolean
  readonly limit: TimeLimit
  /** How long a connection of ours may answer nothing before another one is made, in milliseconds. */
  readonly patienceMs: number
  /** Must succeed on each connection before it is trusted, and after each loss of trust. */
  readonly check: (redis: Redis) => Promise<unknown>
  /** It is trusted, or no longer, or its connection was lost. */
  readonly onChange: (server: RedisServer) => void
}

/**
 * One server, which is either trusted or not used.
 *
 * One command that times out or loses its connection ends the trust: calls then fail at once, and
 * the server is checked in the background until it answers. So a server that hangs costs one caller
 * its time limit, not every caller.
 */
export class RedisServer {
  readonly redis: Redis
  readonly #options: RedisServerOptions
  readonly #stops: (() => void)[]
  readonly #waiting = new Waiting()
  #waking = new AbortController()
  #state: 'untrusted' | 'trusted' | 'closed' = 'untrusted'
  #wasTried = false
  #checking = false
  /** Tells one connection from the next. */
  #connection = 0
  #trouble: string | undefined
  #silence: NodeJS.Timeout | undefined
  #revivals = 0

  constructor(options: RedisServerOptions) {
    this.#options = options
    this.redis = options.redis
    const on = (event: string, listener: (...details: unknown[]) => void): (() => void) =>
      listen(this.redis, event, listener)
    this.#stops = [
      on('connect', () => this.#awaitAnswer()),
      on('ready', () => this.#onReady()),
      on('close', () => this.#onClose()),
      on('end', () => void this.#onEnd()),
    ]
    // A listener of ours on a client that was handed in would silence what its owner wants to see.
    if (options.owned || options.inCluster) {
      this.#stops.push(on('error', (error: unknown) => this.#note(troubleOf(error))))
    }
  }

  get trusted(): boolean {
    return this.#state === 'trusted'
  }

  /** Whether a command can be sent: the connection of one that is trusted may have ended just now. */
  get usable(): boolean {
    return this.#state === 'trusted' && this.redis.status === 'ready'
  }

  /** False until somebody has waited for it, successfully or not. */
  get wasTried(): boolean {
    return this.#wasTried
  }

  /** Why it could not be used last time, such as `ECONNREFUSED` or `WRONGPASS`. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Connects if need be. The rest is told by events. */
  start(): void {
    if (this.redis.status === 'ready') void this.#regainTrust()
    else if (this.redis.status === 'wait') this.redis.connect().catch(() => undefined)
  }

  /** Waits until it is trusted, or its connection is lost, or the time is over. Answers the first. */
  async settled(milliseconds: number): Promise<boolean> {
    if (this.#state === 'untrusted') await this.#waiting.wait(milliseconds)
    this.#wasTried = true
    return this.trusted
  }

  /** Draws the consequences of what a call failed with. Answers the error to give to the caller. */
  readonly judge = (error: unknown): unknown => {
    this.consider(error)
    return errorForCaller(error)
  }

  consider(error: unknown): void {
    // A mistake of ours is not to be taken for trouble with Redis.
    if (error instanceof TypeError) return
    // Nor is what the connection has said itself, having drawn the consequences.
    if (error instanceof InfrastructureError && error.code !== 'BACKEND_TIMEOUT') return
    const trouble = troubleOf(error)
    const meaning: ReplyMeaning = isErrorReply(error) ? meaningOf(trouble) : { endsTrust: true }
    if (meaning.endsTrust) this.#distrust(trouble)
    if (meaning.needsNewConnection) this.#giveUpConnection()
  }

  #distrust(trouble: string): void {
    this.#note(trouble)
    if (this.#state !== 'trusted') return
    this.#state = 'untrusted'
    this.#awaitAnswer()
    this.#options.onChange(this)
    void this.#regainTrust()
  }

  close(): void {
    this.#state = 'closed'
    this.#wake()
    clearTimeout(this.#silence)
    for (const stop of this.#stops) stop()
    this.#waiting.tell()
  }

  #note(trouble: string): void {
    // What follows from a trouble that is known already says less.
    const follows =
      (trouble === CONNECTION_LOST && this.#trouble !== undefined) ||
      (trouble === 'NOAUTH' && this.#trouble === 'WRONGPASS')
    if (!follows) this.#trouble = trouble
  }

  #onReady(): void {
    // A check that was put off was for the connection before.
    this.#wake()
    void this.#regainTrust()
  }

  #onClose(): void {
    this.#connection++
    this.#distrust(CONNECTION_LOST)
    clearTimeout(this.#silence)
    this.#waiting.tell()
  }

  /** Checks the server until it answers. Ends when the connection does; the next one starts anew. */
  async #regainTrust(): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    let refusals = 0
    while (this.#state === 'untrusted' && this.redis.status === 'ready') {
      const connection = this.#connection
      const trouble = await this.#check()
      // An answer that came over the connection before says nothing about this one.
      if (trouble === undefined && connection === this.#connection) this.#trust()
      if (trouble === undefined) continue
      refusals = meaningOf(trouble).retrySlowly ? refusals + 1 : 0
      await this.#pause(refusals > 0 ? pauseAfterRefusal(refusals) : PAUSE_BETWEEN_CHECKS_MS)
    }
    this.#checking = false
  }

  /** Answers what is wrong with the server, if anything. */
  async #check(): Promise<string | undefined> {
    const { check, limit } = this.#options
    try {
      await limit.run(
        () => check(this.redis),
        (error) => error,
      )
      return undefined
    } catch (error) {
      const trouble = troubleOf(error)
      this.#note(trouble)
      if (isErrorReply(error)) this.#awaitAnswer()
      if (meaningOf(trouble).needsNewConnection) this.#giveUpConnection()
      return trouble
    }
  }

  #trust(): void {
    if (this.#state !== 'untrusted') return
    this.#state = 'trusted'
    this.#wasTried = true
    this.#trouble = undefined
    this.#revivals = 0
    clearTimeout(this.#silence)
    this.#options.onChange(this)
    this.#waiting.tell()
  }

  #awaitAnswer(): void {
    if (!this.#options.owned) return
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#giveUpConnection(), this.#options.patienceMs).unref()
  }

  #giveUpConnection(): void {
    // Its own disconnect() would close one half and wait for a server that may never close the other.
    if (this.#options.owned) this.redis.stream?.destroy()
  }

  /**
   * The client has given up for good, as it does when no sentinel answers, or when it is told of a
   * failover while it connects. A cache never gives up.
   */
  async #onEnd(): Promise<void> {
    this.#waiting.tell()
    const { owned, inCluster } = this.#options
    if (!owned || inCluster) return
    const delay = this.redis.options.retryStrategy?.(++this.#revivals)
    await this.#pause(delay ?? PAUSE_BETWEEN_CHECKS_MS)
    if (this.#state !== 'closed') await this.redis.connect().catch(() => undefined)
  }

  /** Waits, but not past the beginning of the next connection, or the end. */
  async #pause(milliseconds: number): Promise<void> {
    const options = { ref: false, signal: this.#waking.signal }
    await sleep(milliseconds, undefined, options).catch(() => undefined)
  }

  #wake(): void {
    this.#waking.abort()
    this.#waking = new AbortController()
  }
}
