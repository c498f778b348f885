import { setTimeout as sleep } from 'node:timers/promises'
import { InfrastructureError } from '@verbatim/cache-core'
import type { RedisClient } from './redis-client.js'

/** How long `connect()` waits for an answer, one way or the other. */
const CONNECT_DEADLINE_MS = 1_500
const CLOSE_DEADLINE_MS = 500
const PAUSE_BETWEEN_CHECKS_MS = 100

/**
 * Sends commands and waits for the answer, within the time limit.
 *
 * @throws InfrastructureError (`BACKEND_UNAVAILABLE`, `BACKEND_TIMEOUT`, `BACKEND_REFUSED`) that
 * holds neither arguments nor values
 */
export type RunCommands = <T>(send: (client: RedisClient) => Promise<T>) => Promise<T>

export interface ConnectionOptions {
  readonly client: RedisClient
  /** Whether the connection is ours to open and to close. */
  readonly owned: boolean
  /** The longest that one command may take, in milliseconds. */
  readonly commandTimeoutMs: number
  /** Must succeed before the connection is trusted, for the first time or again. */
  readonly check: (client: RedisClient) => Promise<unknown>
  readonly onChange: (ready: boolean) => void
}

/**
 * A connection that is either trusted or not used.
 *
 * One command that times out or loses its connection ends the trust: calls then fail at once, and
 * the server is checked in the background until it answers. So a server that hangs costs one caller
 * its time limit, not every caller.
 */
export class RedisConnection {
  readonly #options: ConnectionOptions
  readonly #client: RedisClient
  readonly #waiting = new Set<(ready: boolean) => void>()
  readonly #closing = new AbortController()
  #state: 'idle' | 'untrusted' | 'ready' | 'closed' = 'idle'
  /** False until a first call has waited for the connection, successfully or not. */
  #wasTried = false
  #checking = false
  #lastTrouble: string | undefined
  #closed: Promise<void> | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#client = options.client
    this.#client.on('ready', this.#onReady)
    this.#client.on('close', this.#onClose)
    // Without a listener the client would print its errors to stderr. A client that was handed in
    // has, or has not, its owner's.
    if (options.owned) this.#client.on('error', this.#noteTrouble)
  }

  get ready(): boolean {
    return this.#state === 'ready'
  }

  /** Why Redis could not be used last time, such as `ECONNREFUSED` or `WRONGPASS`. */
  get lastTrouble(): string | undefined {
    return this.#lastTrouble
  }

  /** Opens the connection if need be. Answers whether it can be used; never rejects. */
  async connect(deadlineMs: number = CONNECT_DEADLINE_MS): Promise<boolean> {
    if (this.#state === 'ready') return true
    if (this.#state === 'closed') return false
    if (this.#state === 'idle') this.#start()
    return new Promise((resolve) => {
      const settle = (ready: boolean): void => {
        clearTimeout(timer)
        this.#waiting.delete(settle)
        resolve(ready)
      }
      const timer = setTimeout(() => settle(false), deadlineMs)
      this.#waiting.add(settle)
    })
  }

  readonly run: RunCommands = async (send) => {
    // Only the very first calls wait for the connection; after that, calls fail at once.
    if (!this.#wasTried) {
      await this.connect(this.#options.commandTimeoutMs)
      this.#wasTried = true
    }
    if (this.#state !== 'ready') throw unavailable(this.#lastTrouble)
    try {
      return await this.#attempt(send)
    } catch (error) {
      // A refusal is an answer: the connection itself is sound.
      if (error instanceof InfrastructureError && error.code !== 'BACKEND_REFUSED') this.#distrust()
      throw error
    }
  }

  /** Ends the connection if it is ours. Takes no longer than a second, whatever the server does. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    this.#state = 'closed'
    this.#closing.abort()
    this.#settleWaiting(false)
    this.#client.off('ready', this.#onReady)
    this.#client.off('close', this.#onClose)
    if (!this.#options.owned) return
    if (this.#client.status === 'ready') {
      await within(CLOSE_DEADLINE_MS, this.#client.quit()).catch(() => undefined)
    }
    this.#client.disconnect()
  }

  #start(): void {
    this.#state = 'untrusted'
    if (this.#client.status === 'ready') void this.#regainTrust()
    // Whether it succeeds is told by the events.
    else if (this.#client.status === 'wait') this.#client.connect().catch(() => undefined)
  }

  readonly #onReady = (): void => {
    if (this.#state === 'untrusted') void this.#regainTrust()
  }

  readonly #onClose = (): void => {
    this.#distrust()
    this.#settleWaiting(false)
  }

  readonly #noteTrouble = (error: unknown): void => {
    this.#lastTrouble = kindOf(error)
  }

  #distrust(): void {
    if (this.#state !== 'ready') return
    this.#state = 'untrusted'
    this.#options.onChange(false)
    void this.#regainTrust()
  }

  /** Checks the server until it answers. Ends when the connection does; the next one starts anew. */
  async #regainTrust(): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    while (this.#state === 'untrusted' && this.#client.status === 'ready') {
      try {
        await this.#attempt(this.#options.check)
        if (this.#state === 'untrusted') this.#trust()
      } catch {
        await sleep(PAUSE_BETWEEN_CHECKS_MS, undefined, {
          ref: false,
          signal: this.#closing.signal,
        }).catch(() => undefined)
      }
    }
    this.#checking = false
  }

  #trust(): void {
    this.#state = 'ready'
    this.#lastTrouble = undefined
    this.#options.onChange(true)
    this.#settleWaiting(true)
  }

  readonly #attempt: RunCommands = async (send) => {
    try {
      return await within(this.#options.commandTimeoutMs, send(this.#client))
    } catch (error) {
      // A mistake of ours is not to be taken for trouble with Redis.
      if (error instanceof TypeError) throw error
      this.#noteTrouble(error)
      if (error instanceof InfrastructureError) throw error
      throw isErrorReply(error) ? refused(kindOf(error)) : unavailable(kindOf(error))
    }
  }

  #settleWaiting(ready: boolean): void {
    for (const settle of this.#waiting) settle(ready)
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    // After a stall of this process timers run before sockets are read. The answer may be there
    // already, so it gets that one chance before Redis is blamed.
    timer = setTimeout(() => setImmediate(() => reject(timedOut(milliseconds))), milliseconds)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** True for what Redis itself answered, such as `OOM` or `NOPERM`. */
function isErrorReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/** What kind of trouble an error is, without what it says: that may quote arguments. */
function kindOf(error: unknown): string {
  const { code, name, message } = error as Partial<NodeJS.ErrnoException>
  if (isErrorReply(error)) return /^[A-Z]+/.exec(message ?? '')?.[0] ?? 'ERR'
  return code ?? name ?? 'UNKNOWN'
}

// Errors are made anew, never passed on: those of the client carry the command's arguments, and so
// passwords and values.

function unavailable(reason: string | undefined): InfrastructureError {
  const because = reason === undefined ? '' : ` (${reason})`
  return new InfrastructureError(`Redis is not connected${because}`, {
    code: 'BACKEND_UNAVAILABLE',
    context: { reason },
  })
}

function timedOut(milliseconds: number): InfrastructureError {
  return new InfrastructureError(`Redis did not answer within ${milliseconds} ms`, {
    code: 'BACKEND_TIMEOUT',
    context: { milliseconds },
  })
}

function refused(reply: string): InfrastructureError {
  return new InfrastructureError(`Redis refused the command: ${reply}`, {
    code: 'BACKEND_REFUSED',
    context: { reply },
  })
}
