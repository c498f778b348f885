import { InfrastructureError } from '@verbatim/cache-core'
import { delay, timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { Waiting } from '../waiting.js'
import {
  CLIENT_CHANGED,
  CONNECTION_LOST,
  clientChanged,
  errorForCaller,
  isMalformedReply,
  isReadingError,
  timedOut,
  troubleOf,
  unavailable,
} from './connection-errors.js'
import { isErrorReply, meaningOf, type ReplyMeaning } from './error-replies.js'
import { watchLogin } from './login.js'
import { pauseAfterRefusal } from './reconnect-delay.js'
import { databaseOf } from './redis-client.js'
import { guardReplies, type ReplyGuard } from './reply-guard.js'
import { listen } from './shared-listeners.js'
import type { TimeLimit } from './time-limit.js'

const PAUSE_BETWEEN_CHECKS_MS = 100
/** A check makes several round trips. It fails when so long nothing has come, in time limits. */
const LONGEST_SILENCE_OF_CHECK = 1.5
/**
 * After so many checks for which something came, but no answer, the client takes all that comes for
 * part of one reply whose length was garbled.
 */
const SWALLOWED_CHECKS = 2
/** However much comes for others, a check takes no longer, in time limits. */
const LONGEST_CHECK = 10

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
  readonly #guard: ReplyGuard
  /** Of a client that was handed in; undefined where it may change. */
  readonly #database: number | undefined
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
  /** Checks in a row for which something came, but no answer. */
  #swallowed = 0

  constructor(options: RedisServerOptions) {
    this.#options = options
    this.redis = options.redis
    this.#guard = guardReplies(this.redis)
    const isOwners = !options.owned && !options.inCluster
    this.#database = isOwners ? databaseOf(this.redis) : undefined
    const on = (event: string, listener: (...details: unknown[]) => void): (() => void) =>
      listen(this.redis, event, listener)
    this.#stops = [
      on('connect', () => this.#awaitAnswer()),
      on('ready', () => this.#onReady()),
      on('close', () => this.#onClose()),
      on('end', () => void this.#onEnd()),
    ]
    if (!options.owned) this.#stops.push(watchLogin(this.redis))
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
    if (this.#state !== 'trusted' || this.redis.status !== 'ready') return false
    if (!this.#wasSwitched) return true
    this.#distrust(CLIENT_CHANGED)
    return false
  }

  get receivedBytes(): number {
    return this.#guard.receivedBytes
  }

  get #wasSwitched(): boolean {
    return this.#database !== undefined && databaseOf(this.redis) !== this.#database
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
    if (isReadingError(error) || isMalformedReply(error)) {
      this.#distrust(troubleOf(error))
      this.#closeBrokenConnection()
      return
    }
    // The connection has said the rest itself, and drawn the consequences.
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
    timers.clearTimeout(this.#silence)
    for (const stop of this.#stops) stop()
    this.#guard.stop()
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
    // The owner of a client may have it send them again. The replies would come too late.
    this.#options.limit.failAll(this, unavailable(CONNECTION_LOST, 'indeterminate'))
    timers.clearTimeout(this.#silence)
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
    const before = this.receivedBytes
    try {
      if (this.#wasSwitched) throw clientChanged()
      await this.#withinItsTime(this.#options.check(this.redis))
      this.#swallowed = 0
      return undefined
    } catch (error) {
      const trouble = troubleOf(error)
      this.#note(trouble)
      if (isErrorReply(error)) this.#awaitAnswer()
      if (meaningOf(trouble).needsNewConnection) this.#giveUpConnection()
      const swallows = trouble === 'BACKEND_TIMEOUT' && this.receivedBytes > before
      this.#swallowed = swallows ? this.#swallowed + 1 : 0
      const isBroken = isReadingError(error) || isMalformedReply(error)
      if (isBroken || this.#swallowed >= SWALLOWED_CHECKS) this.#closeBrokenConnection()
      return trouble
    }
  }

  /** Gives a check as long as its round trips need, and not much longer than one to a silent server. */
  async #withinItsTime(checking: Promise<unknown>): Promise<void> {
    const { milliseconds } = this.#options.limit
    const silenceMs = LONGEST_SILENCE_OF_CHECK * milliseconds
    const isOver = new AbortController()
    const end = checking.then(
      () => isOver.abort(),
      () => isOver.abort(),
    )
    for (let waitedMs = 0; waitedMs < LONGEST_CHECK * milliseconds; waitedMs += silenceMs) {
      const before = this.receivedBytes
      await Promise.race([end, delay(silenceMs, isOver.signal)])
      if (isOver.signal.aborted) return void (await checking)
      if (this.receivedBytes === before) break
    }
    throw timedOut(milliseconds)
  }

  #trust(): void {
    if (this.#state !== 'untrusted') return
    this.#state = 'trusted'
    this.#wasTried = true
    this.#trouble = undefined
    this.#revivals = 0
    timers.clearTimeout(this.#silence)
    this.#options.onChange(this)
    this.#waiting.tell()
  }

  #awaitAnswer(): void {
    if (!this.#options.owned) return
    timers.clearTimeout(this.#silence)
    const before = this.receivedBytes
    const giveUp = (): void => {
      // It is slow, not silent.
      if (this.receivedBytes > before && this.#state === 'untrusted') this.#awaitAnswer()
      else this.#giveUpConnection()
    }
    this.#silence = timers.setTimeout(giveUp, this.#options.patienceMs).unref()
  }

  /** Closes the connection, be it ours or not: replies on it may belong to other commands. */
  #closeBrokenConnection(): void {
    this.#swallowed = 0
    this.redis.stream?.destroy()
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
    const pauseMs = this.redis.options.retryStrategy?.(++this.#revivals)
    await this.#pause(pauseMs ?? PAUSE_BETWEEN_CHECKS_MS)
    if (this.#state !== 'closed') await this.redis.connect().catch(() => undefined)
  }

  /** Waits, but not past the beginning of the next connection, or the end. */
  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, this.#waking.signal)
  }

  #wake(): void {
    this.#waking.abort()
    this.#waking = new AbortController()
  }
}
