import { InfrastructureError } from '@verbatim/cache-core'
import type { RedisClient } from './redis-client.js'

/** How long `connect()` waits for an answer, one way or the other. */
const CONNECT_DEADLINE_MS = 1_500
const CLOSE_DEADLINE_MS = 500
const RECOVERY_PAUSE_MS = 100

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
  /** Runs before the connection is used for the first time and after each trouble. */
  readonly recover: (run: RunCommands) => Promise<void>
  readonly onChange: (ready: boolean) => void
}

/**
 * A connection that is either trusted or not used.
 *
 * One command that times out or loses its connection ends the trust: calls then fail at once, and
 * the server is asked in the background until it answers and `recover` has set right what was left
 * undone. So a server that hangs costs one caller its time limit, not every caller.
 */
export class RedisConnection {
  readonly #options: ConnectionOptions
  readonly #client: RedisClient
  #state: 'idle' | 'untrusted' | 'ready' | 'closed' = 'idle'
  /** False until the first attempt to connect has ended, well or badly. */
  #wasTried = false
  #recovering = false
  /** Grows at each reason to doubt, so that one which comes up during a recovery is not lost. */
  #doubts = 0
  #pause: NodeJS.Timeout | undefined
  readonly #waiting = new Set<(ready: boolean) => void>()

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#client = options.client
    this.#client.on('ready', this.#onReady)
    this.#client.on('close', this.#onClose)
    // An `error` event without a listener ends up on stderr. What it says reaches callers anyway,
    // through the commands that fail.
    if (options.owned) this.#client.on('error', () => {})
  }

  get ready(): boolean {
    return this.#state === 'ready'
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
    // Only the very first calls wait for the connection; after a loss they fail at once.
    if (!this.#wasTried) await this.connect(this.#options.commandTimeoutMs)
    if (this.#state !== 'ready') throw unavailable()
    try {
      return await this.#attempt(send)
    } catch (error) {
      // A refusal is an answer: the connection itself is sound.
      if ((error as InfrastructureError).code !== 'BACKEND_REFUSED') this.distrust()
      throw error
    }
  }

  /** Says that something was left undone, which `recover` must do before Redis is used again. */
  distrust(): void {
    if (this.#state === 'closed') return
    this.#doubts++
    const wasReady = this.#state === 'ready'
    this.#state = 'untrusted'
    if (wasReady) this.#options.onChange(false)
    if (this.#client.status === 'ready') void this.#recover()
  }

  /** Ends the connection if it is ours. Takes no longer than a second, whatever the server does. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#pause)
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
    if (this.#client.status === 'ready') void this.#recover()
    // Whether it succeeds is told by the events.
    else if (this.#client.status === 'wait') this.#client.connect().catch(() => undefined)
  }

  readonly #onReady = (): void => {
    if (this.#state !== 'idle') void this.#recover()
  }

  readonly #onClose = (): void => {
    this.distrust()
    this.#settleWaiting(false)
  }

  async #recover(): Promise<void> {
    if (this.#recovering) return
    this.#recovering = true
    try {
      // Again whenever something more was left undone meanwhile.
      let doubts: number
      do {
        doubts = this.#doubts
        await this.#options.recover(this.#attempt)
      } while (doubts !== this.#doubts)
      if (this.#state !== 'untrusted') return
      this.#state = 'ready'
      this.#options.onChange(true)
      this.#settleWaiting(true)
    } catch {
      if (this.#state === 'closed') return
      this.#pause = setTimeout(() => {
        if (this.#client.status === 'ready') void this.#recover()
      }, RECOVERY_PAUSE_MS)
    } finally {
      this.#recovering = false
    }
  }

  readonly #attempt: RunCommands = async (send) => {
    try {
      return await within(this.#options.commandTimeoutMs, send(this.#client))
    } catch (error) {
      if (error instanceof InfrastructureError) throw error
      throw isErrorReply(error) ? refused(error) : unavailable()
    }
  }

  #settleWaiting(ready: boolean): void {
    this.#wasTried = true
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
function isErrorReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

// Errors are made anew, never passed on: those of the client carry the command's arguments, and so
// passwords and values.

function unavailable(): InfrastructureError {
  return new InfrastructureError('Redis is not connected', { code: 'BACKEND_UNAVAILABLE' })
}

function timedOut(milliseconds: number): InfrastructureError {
  return new InfrastructureError(`Redis did not answer within ${milliseconds} ms`, {
    code: 'BACKEND_TIMEOUT',
    context: { milliseconds },
  })
}

function refused(reply: Error): InfrastructureError {
  // The first word is the kind of refusal; what follows may quote arguments.
  const kind = /^[A-Z]+/.exec(reply.message)?.[0] ?? 'ERR'
  return new InfrastructureError(`Redis refused the command: ${kind}`, {
    code: 'BACKEND_REFUSED',
    context: { reply: kind },
  })
}
