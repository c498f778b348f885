import { timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { troubleOf } from '../connection/connection-errors.js'
import { isForbidden } from '../connection/error-replies.js'

/** Where Redis tells, to connections of the second protocol, which keys have changed. */
const CHANNEL = '__redis__:invalidate'
const HEARTBEAT_MS = 250
const USUAL_TIMEOUT_MS = 200
/** A link is taken to be alive for at least so long after its last answered heartbeat was sent. */
const LEAST_LEASE_MS = 750
/** A server that does not permit tracking is asked again after this. */
const PAUSE_AFTER_REFUSAL_MS = 30_000

/** What those who keep copies of keys want to know. */
export interface InvalidationListener {
  /** These names have changed, been deleted, evicted, or have expired. */
  changed(names: readonly string[]): void
  /** Anything may have changed unheard. Copies from before must not be used any more. */
  lost(): void
  /** A whole database was emptied. */
  flushed(): void
  /** Its state is another one. */
  turned(): void
  /** It has missed an answer, which may be the first sign that the server is in trouble. */
  silent(): void
  /** The server does not permit tracking, for this reason, such as `NOPERM SUBSCRIBE`. */
  refused?(trouble: string): void
}

/**
 * Hears of every change to names under a prefix on one server, by client tracking in broadcast mode,
 * over a connection of its own that redirects to itself.
 *
 * It is alive while the server answers a heartbeat; what was heard until an answer came is all that
 * happened until it was sent. A new connection first asks for the messages, then says that what went
 * before is lost, and is alive at the first answer after that: nothing slips through in between.
 */
export class InvalidationLink {
  readonly #client: Redis
  readonly #prefix: string
  readonly #listener: InvalidationListener
  readonly #commandTimeoutMs: number
  readonly #leaseMs: number
  #state: 'down' | 'armed' | 'live' | 'refused' | 'closed' = 'down'
  /** When the last heartbeat was sent that was answered. */
  #provenAt = Number.NEGATIVE_INFINITY
  #lagMs: number | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #askedAt: number | undefined

  /**
   * @param client - a connection for this alone, not yet opened; it is closed with the link
   * @param commandTimeoutMs - the longest that a round trip may take, in milliseconds. Default: 200
   */
  constructor(
    client: Redis,
    prefix: string,
    listener: InvalidationListener,
    commandTimeoutMs: number = USUAL_TIMEOUT_MS,
  ) {
    this.#commandTimeoutMs = commandTimeoutMs
    // An answered heartbeat is a round trip old, and the next one is sent up to a period later.
    this.#leaseMs = Math.max(LEAST_LEASE_MS, 2 * commandTimeoutMs + HEARTBEAT_MS)
    this.#client = client
    this.#prefix = prefix
    this.#listener = listener
    client.on('ready', () => void this.#arm())
    client.on('close', () => {
      if (this.#isOpen) this.#fall('down')
    })
    client.on('messageBuffer', (_channel: Buffer, names: Buffer[] | null) => this.#hear(names))
    client.connect().catch(() => undefined)
  }

  get state(): 'down' | 'live' | 'refused' {
    if (this.#state === 'live') return 'live'
    return this.#state === 'refused' ? 'refused' : 'down'
  }

  /** How long the last heartbeat took: news of a change took no longer. */
  get lagMs(): number | undefined {
    return this.#lagMs
  }

  /** Whether what was heard is, but for the lease, all that happened. */
  isProven(now: number): boolean {
    return this.#state === 'live' && now - this.#provenAt <= this.#leaseMs
  }

  close(): void {
    this.#fall('closed')
    this.#client.disconnect()
  }

  get #isOpen(): boolean {
    return this.#state !== 'refused' && this.#state !== 'closed'
  }

  async #arm(): Promise<void> {
    if (this.#state === 'closed') return
    this.#fall('down')
    const { stream } = this.#client
    try {
      const id = await this.#client.client('ID')
      const mode = ['ON', 'REDIRECT', id, 'BCAST', 'PREFIX', this.#prefix] as const
      await this.#client.call('CLIENT', 'TRACKING', ...mode)
      await this.#client.subscribe(CHANNEL)
    } catch (error) {
      this.#refuse(error)
      return
    }
    // Of a connection that has been replaced meanwhile nothing is to be believed.
    if (this.#client.stream !== stream || this.#state !== 'down') return
    this.#state = 'armed'
    this.#provenAt = timers.now()
    this.#listener.lost()
    this.#heartbeat = timers.setInterval(() => this.#beat(), HEARTBEAT_MS).unref()
    this.#beat()
  }

  #refuse(error: unknown): void {
    if (this.#state === 'closed') return
    if (!isForbidden(error)) {
      this.#renew()
      return
    }
    this.#fall('refused')
    this.#client.disconnect()
    this.#listener.refused?.(troubleOf(error))
    timers.setTimeout(() => this.#askAgain(), PAUSE_AFTER_REFUSAL_MS).unref()
  }

  #askAgain(): void {
    if (this.#state === 'refused') this.#client.connect().catch(() => undefined)
  }

  #beat(): void {
    const now = timers.now()
    if (now - this.#provenAt > this.#leaseMs) {
      this.#renew()
      return
    }
    if (this.#askedAt !== undefined) {
      if (now - this.#askedAt >= this.#commandTimeoutMs) this.#listener.silent()
      return
    }
    this.#askedAt = now
    void this.#ask(now)
  }

  async #ask(sentAt: number): Promise<void> {
    const heartbeat = this.#heartbeat
    const failure: unknown = await this.#client.ping().then(
      () => undefined,
      (error: unknown) => error ?? 'unknown',
    )
    // Another connection has taken the place of the one that was asked.
    if (this.#heartbeat !== heartbeat) return
    if (failure !== undefined) {
      this.#refuse(failure)
      return
    }
    this.#askedAt = undefined
    this.#provenAt = sentAt
    this.#lagMs = timers.now() - sentAt
    if (this.#state !== 'armed') return
    this.#state = 'live'
    this.#listener.turned()
  }

  #hear(names: Buffer[] | null): void {
    if (this.#state !== 'armed' && this.#state !== 'live') return
    // Redis names none when a whole database was emptied.
    if (names === null) this.#listener.flushed()
    else if (Array.isArray(names)) this.#listener.changed(names.map(String))
    // What has changed is not known.
    else this.#renew()
  }

  /** Gives a silent connection up; the client opens another. */
  #renew(): void {
    this.#fall('down')
    this.#client.stream?.destroy()
  }

  #fall(state: 'down' | 'refused' | 'closed'): void {
    timers.clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
    this.#askedAt = undefined
    this.#state = state
    this.#listener.turned()
  }
}
