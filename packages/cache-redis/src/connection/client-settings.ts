import type { Cluster, Redis, RedisOptions } from 'ioredis'
import { errorCodeOf } from './connection-errors.js'
import { meaningOf } from './error-replies.js'

const MIN_PATIENCE_MS = 1_000

/**
 * Returns how long a connection may take to open, or answer nothing, before it is replaced, in
 * milliseconds. Opening it and sending one command takes three round trips.
 */
export function patienceFor(commandTimeoutMs: number): number {
  return Math.max(MIN_PATIENCE_MS, 3 * commandTimeoutMs)
}

type ConnectionSettings = Pick<
  RedisOptions,
  | 'lazyConnect'
  | 'connectTimeout'
  | 'disconnectTimeout'
  | 'keepAlive'
  | 'maxRetriesPerRequest'
  | 'enableOfflineQueue'
  | 'autoResendUnfulfilledCommands'
  | 'enableReadyCheck'
  | 'disableClientInfo'
  | 'protocol'
  | 'retryStrategy'
>

/** Returns the settings that every connection of a cache needs. */
export function connectionSettings(patienceMs: number, delay: ReconnectDelay): ConnectionSettings {
  return {
    lazyConnect: true,
    connectTimeout: patienceMs,
    disconnectTimeout: 200,
    keepAlive: 5_000,
    // These three together reject the commands in flight when the connection closes, at once and finally.
    // Without the first, the last one leaves promises that never settle.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Both need permissions that the user of a cache may lack, and write to stderr without them. The cache
    // has its own check.
    enableReadyCheck: false,
    disableClientInfo: true,
    // Both major versions of the client then send the same commands.
    protocol: 2,
    retryStrategy: delay.next,
  }
}

/** Returns a login. A password without a user is that of the user `default`, on any server. */
export function credentials(login: {
  readonly username?: string | undefined
  readonly password?: string | undefined
}): Pick<RedisOptions, 'username' | 'password'> {
  const { username = login.password && 'default', password } = login
  return { ...(username && { username }), ...(password && { password }) }
}

/** Listens to the errors of a client. Without a listener it would print them to stderr. */
export function listenToErrors<Client extends Redis | Cluster>(
  client: Client,
  delay: ReconnectDelay,
): Client {
  client.on('error', delay.note)
  return client
}

/** The clients of a server that restarted are connected again after this time, in milliseconds. */
export const RECONNECT_PERIOD_MS = 900

const FIRST_PAUSE_AFTER_REFUSAL_MS = 1_000
const LONGEST_PAUSE_AFTER_REFUSAL_MS = 30_000

/**
 * Decides how long a client waits before it connects again.
 *
 * The first attempt comes at a random moment of a period, and then one attempt in each period. So the
 * clients of a server that restarts come back evenly over one period. With a random pause each time, twice
 * as many would come in the first moments, because short pauses end soon.
 *
 * A client that was refused for its password waits longer each time: every attempt is work for the server
 * and looks like an attack.
 */
export class ReconnectDelay {
  readonly #periodMs: number
  #wasRefused = false
  #refusals = 0

  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  /** Takes note of an error of the client. Call it for every error. */
  readonly note = (error: unknown): void => {
    if (meaningOf(errorCodeOf(error)).retrySlowly) this.#wasRefused = true
  }

  /**
   * Returns the pause before an attempt, in milliseconds.
   *
   * @param attempt - 1 for the first one since the last connection
   */
  readonly next = (attempt: number): number => {
    this.#refusals = this.#wasRefused ? this.#refusals + 1 : 0
    this.#wasRefused = false
    if (this.#refusals > 0) return pauseAfterRefusal(this.#refusals)
    return attempt <= 1 ? between(0, this.#periodMs) : this.#periodMs
  }
}

/** @param refusals - in a row */
export function pauseAfterRefusal(refusals: number): number {
  const longest = FIRST_PAUSE_AFTER_REFUSAL_MS * 2 ** (refusals - 1)
  const pause = Math.min(longest, LONGEST_PAUSE_AFTER_REFUSAL_MS)
  return between(pause / 2, pause)
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least)
}
