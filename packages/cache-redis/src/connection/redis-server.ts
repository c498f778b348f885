import { InfrastructureError } from '@verbatim/cache-core'
import { delay, timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { Waiters } from '../waiters.js'
import { listen } from './client-hooks.js'
import { pauseAfterRefusal } from './client-settings.js'
import { databaseOf } from './clients.js'
import {
  CLIENT_CHANGED,
  CONNECTION_LOST,
  clientChanged,
  errorCodeOf,
  errorForCaller,
  isMalformedReply,
  isReadingError,
  timedOut,
  unavailable,
} from './connection-errors.js'
import { isErrorReply, meaningOf, type ReplyMeaning } from './error-replies.js'
import { watchLogin } from './login.js'
import { guardReplies, type ReplyGuard } from './reply-guard.js'
import type { TimeLimit } from './time-limit.js'

const PAUSE_BETWEEN_CHECKS_MS = 100
/** A check fails when nothing has arrived for so many time limits. */
const MAX_PAUSE_IN_CHECK = 1.5
/** A check takes at most so many time limits, however much arrives for other calls. */
const MAX_CHECK = 10
/**
 * After so many checks in a row with bytes but no reply, the client reads everything as part of one reply
 * whose length was garbled.
 */
const MAX_SWALLOWED_CHECKS = 2

export interface RedisServerOptions {
  readonly redis: Redis
  /** Whether the cache may replace the connection. */
  readonly owned: boolean
  /** Whether the server belongs to a Cluster, whose client handles connections and errors. */
  readonly inCluster: boolean
  readonly limit: TimeLimit
  /** The time without a reply after which a connection is replaced, in milliseconds. */
  readonly patienceMs: number
  /** Must resolve on each connection before the server is used, and each time it was unhealthy. */
  readonly check: (redis: Redis) => Promise<unknown>
  /** The server became healthy or unhealthy, or its connection was lost. */
  readonly onChange: (server: RedisServer) => void
}

/**
 * One server, which is used while it is healthy.
 *
 * One command that times out or loses its connection makes the server unhealthy. Calls then fail at once,
 * and the server is checked in the background until it replies. So a server that hangs costs one caller the
 * time limit, not every caller.
 */
export class RedisServer {
  readonly redis: Redis
  readonly #options: RedisServerOptions
  readonly #stops: (() => void)[]
  readonly #guard: ReplyGuard
  /** The database of a client that was passed in; `undefined` where it may change. */
  readonly #database: number | undefined
  readonly #waiters = new Waiters()
  #waking = new AbortController()
  #state: 'unhealthy' | 'healthy' | 'closed' = 'unhealthy'
  #wasTried = false
  #isChecking = false
  /** Counts connections, to tell one from the next. */
  #connection = 0
  #lastErrorCode: string | undefined
  #replacement: NodeJS.Timeout | undefined
  #revivals = 0
  /** Checks in a row with bytes but no reply. */
  #swallowedChecks = 0

  constructor(options: RedisServerOptions) {
    this.#options = options
    this.redis = options.redis
    this.#guard = guardReplies(this.redis)
    const isPassedIn = !options.owned && !options.inCluster
    this.#database = isPassedIn ? databaseOf(this.redis) : undefined
    const on = (event: string, listener: (...details: unknown[]) => void): (() => void) =>
      listen(this.redis, event, listener)
    this.#stops = [
      on('connect', () => this.#replaceUnlessAnswered()),
      on('ready', () => this.#connected()),
      on('close', () => this.#disconnected()),
      on('end', () => void this.#reconnect()),
    ]
    if (!options.owned) this.#stops.push(watchLogin(this.redis))
    // A listener for errors would hide them from the owner of a client that was passed in.
    if (!isPassedIn) {
      this.#stops.push(on('error', (error: unknown) => this.#recordError(errorCodeOf(error))))
    }
  }

  get healthy(): boolean {
    return this.#state === 'healthy'
  }

  /** Whether a command can be sent. The connection of a healthy server may have ended just now. */
  get usable(): boolean {
    if (this.#state !== 'healthy' || this.redis.status !== 'ready') return false
    if (!this.#wasSwitched) return true
    this.#markUnhealthy(CLIENT_CHANGED)
    return false
  }

  get receivedBytes(): number {
    return this.#guard.receivedBytes
  }

  get #wasSwitched(): boolean {
    return this.#database !== undefined && databaseOf(this.redis) !== this.#database
  }

  /** False until a call has waited for the server, whatever the result. */
  get wasTried(): boolean {
    return this.#wasTried
  }

  /** Why the server was not usable last time, such as `ECONNREFUSED` or `WRONGPASS`. */
  get lastErrorCode(): string | undefined {
    return this.#lastErrorCode
  }

  /** Connects if there is no connection. Events report the rest. */
  start(): void {
    if (this.redis.status === 'ready') void this.#checkUntilHealthy()
    else if (this.redis.status === 'wait') this.redis.connect().catch(() => undefined)
  }

  /**
   * Waits until the server is healthy, lacks the database, or loses its connection, or until a time in
   * milliseconds is over.
   *
   * @returns whether it is healthy
   */
  async settled(milliseconds: number): Promise<boolean> {
    if (this.#state === 'unhealthy') await this.#waiters.wait(milliseconds)
    this.#wasTried = true
    return this.healthy
  }

  /** Applies what the error of a call says about the server. Returns the error for the caller. */
  readonly classify = (error: unknown): unknown => {
    this.apply(error)
    return errorForCaller(error)
  }

  /** Applies what an error says about the server. */
  apply(error: unknown): void {
    if (isReadingError(error) || isMalformedReply(error)) {
      this.#markUnhealthy(errorCodeOf(error))
      this.#closeBrokenConnection()
      return
    }
    // This class raised the other errors itself, and has applied them.
    if (error instanceof InfrastructureError && error.code !== 'BACKEND_TIMEOUT') return
    const code = errorCodeOf(error)
    const meaning: ReplyMeaning = isErrorReply(error) ? meaningOf(code) : { marksUnhealthy: true }
    if (meaning.marksUnhealthy) this.#markUnhealthy(code)
    if (meaning.needsNewConnection) this.#replaceConnection()
  }

  #markUnhealthy(code: string): void {
    this.#recordError(code)
    if (this.#state !== 'healthy') return
    this.#state = 'unhealthy'
    this.#replaceUnlessAnswered()
    this.#options.onChange(this)
    void this.#checkUntilHealthy()
  }

  close(): void {
    this.#state = 'closed'
    this.#wake()
    timers.clearTimeout(this.#replacement)
    for (const stop of this.#stops) stop()
    this.#guard.stop()
    this.#waiters.notify()
  }

  #recordError(code: string): void {
    // An error that follows from a known one says less.
    const isConsequence =
      (code === CONNECTION_LOST && this.#lastErrorCode !== undefined) ||
      (code === 'NOAUTH' && this.#lastErrorCode === 'WRONGPASS')
    if (!isConsequence) this.#lastErrorCode = code
  }

  #connected(): void {
    // A check that waits is about the connection before.
    this.#wake()
    void this.#checkUntilHealthy()
  }

  #disconnected(): void {
    this.#connection++
    this.#markUnhealthy(CONNECTION_LOST)
    // The owner of a client may have it send these calls again. Their replies would be too late.
    this.#options.limit.failAll(this, unavailable(CONNECTION_LOST, 'indeterminate'))
    timers.clearTimeout(this.#replacement)
    this.#waiters.notify()
  }

  /** Checks the server until it replies. Ends with the connection; the next one starts it again. */
  async #checkUntilHealthy(): Promise<void> {
    if (this.#isChecking) return
    this.#isChecking = true
    let refusals = 0
    while (this.#state === 'unhealthy' && this.redis.status === 'ready') {
      const connection = this.#connection
      const code = await this.#check()
      // A reply on an earlier connection says nothing about this one.
      if (code === undefined && connection === this.#connection) this.#markHealthy()
      if (code === undefined) continue
      refusals = meaningOf(code).retrySlowly ? refusals + 1 : 0
      await this.#pause(refusals > 0 ? pauseAfterRefusal(refusals) : PAUSE_BETWEEN_CHECKS_MS)
    }
    this.#isChecking = false
  }

  /** Returns the code of what is wrong with the server; `undefined` if nothing is. */
  async #check(): Promise<string | undefined> {
    const before = this.receivedBytes
    try {
      if (this.#wasSwitched) throw clientChanged()
      await this.#withinCheckTime(this.#options.check(this.redis))
      this.#swallowedChecks = 0
      return undefined
    } catch (error) {
      const code = errorCodeOf(error)
      this.#recordError(code)
      if (isErrorReply(error)) {
        this.#replaceUnlessAnswered()
        if (meaningOf(code).needsOtherSettings) this.#waiters.notify()
      }
      if (meaningOf(code).needsNewConnection) this.#replaceConnection()
      const isSwallowed = code === 'BACKEND_TIMEOUT' && this.receivedBytes > before
      this.#swallowedChecks = isSwallowed ? this.#swallowedChecks + 1 : 0
      const isBroken = isReadingError(error) || isMalformedReply(error)
      if (isBroken || this.#swallowedChecks >= MAX_SWALLOWED_CHECKS) this.#closeBrokenConnection()
      return code
    }
  }

  /** Gives a check the time of its round trips, and hardly more than one to a silent server. */
  async #withinCheckTime(checking: Promise<unknown>): Promise<void> {
    const { milliseconds } = this.#options.limit
    const pauseMs = MAX_PAUSE_IN_CHECK * milliseconds
    const ended = new AbortController()
    const end = checking.then(
      () => ended.abort(),
      () => ended.abort(),
    )
    for (let waitedMs = 0; waitedMs < MAX_CHECK * milliseconds; waitedMs += pauseMs) {
      const before = this.receivedBytes
      await Promise.race([end, delay(pauseMs, ended.signal)])
      if (ended.signal.aborted) return void (await checking)
      if (this.receivedBytes === before) break
    }
    throw timedOut(milliseconds)
  }

  #markHealthy(): void {
    if (this.#state !== 'unhealthy') return
    this.#state = 'healthy'
    this.#wasTried = true
    this.#lastErrorCode = undefined
    this.#revivals = 0
    timers.clearTimeout(this.#replacement)
    this.#options.onChange(this)
    this.#waiters.notify()
  }

  /** Replaces the connection, unless the server answers anything within its patience. */
  #replaceUnlessAnswered(): void {
    if (!this.#options.owned) return
    timers.clearTimeout(this.#replacement)
    const before = this.receivedBytes
    const check = (): void => {
      // Bytes have arrived, so the server is slow but not silent.
      if (this.receivedBytes > before && this.#state === 'unhealthy') this.#replaceUnlessAnswered()
      else this.#replaceConnection()
    }
    this.#replacement = timers.setTimeout(check, this.#options.patienceMs).unref()
  }

  /** Closes the connection, even one that was passed in: replies on it may belong to other commands. */
  #closeBrokenConnection(): void {
    this.#swallowedChecks = 0
    this.redis.stream?.destroy()
  }

  #replaceConnection(): void {
    // The client's `disconnect` closes one half, and waits for a server that may never close the other.
    if (this.#options.owned) this.redis.stream?.destroy()
  }

  /**
   * Connects again after the client has given up: no sentinel answered, or a failover was announced while
   * it connected. A cache never gives up.
   */
  async #reconnect(): Promise<void> {
    this.#waiters.notify()
    const { owned, inCluster } = this.#options
    if (!owned || inCluster) return
    const pauseMs = this.redis.options.retryStrategy?.(++this.#revivals)
    await this.#pause(pauseMs ?? PAUSE_BETWEEN_CHECKS_MS)
    if (this.#state !== 'closed') await this.redis.connect().catch(() => undefined)
  }

  /** Waits until a time in milliseconds is over, the next connection begins, or the server is closed. */
  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, this.#waking.signal)
  }

  #wake(): void {
    this.#waking.abort()
    this.#waking = new AbortController()
  }
}
