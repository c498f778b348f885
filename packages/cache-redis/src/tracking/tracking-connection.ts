import { timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { errorCodeOf } from '../connection/connection-errors.js'
import { isForbidden } from '../connection/error-replies.js'

/** The channel on which Redis sends invalidations to connections of the RESP2 protocol. */
const CHANNEL = '__redis__:invalidate'
const HEARTBEAT_MS = 250
const DEFAULT_COMMAND_TIMEOUT_MS = 200
/** The least time that a connection counts as live after it sent its last answered heartbeat. */
const MIN_LEASE_MS = 750
/** A server that denies tracking is asked again after this time. */
const PAUSE_AFTER_REFUSAL_MS = 30_000

/** Receives the events of a tracking connection. */
export interface ConnectionEvents {
  /** Called with names that Redis invalidated: they were changed, deleted, evicted, or have expired. */
  onInvalidated(names: readonly string[]): void
  /** Called when invalidations may have been missed. Copies from before must not be served. */
  onMissed(): void
  /** Called when Redis emptied a whole database. */
  onFlushed(): void
  onStateChange(): void
  /** Called when a heartbeat was not answered in time. The server may be unresponsive. */
  onUnresponsive(): void
  /** Called when the server denies tracking, with a code such as `NOPERM SUBSCRIBE`. */
  onRefused?(code: string): void
}

/**
 * Receives an invalidation for every change under a prefix on one server. It uses client tracking in
 * broadcast mode, on a connection of its own that redirects the messages to itself.
 *
 * The connection is live while the server answers a heartbeat. Redis replies in order on one connection, so
 * every invalidation from before a heartbeat has arrived when its answer arrives. A new connection first
 * subscribes, then reports that invalidations may have been missed, and is live at the next answer. So no
 * invalidation is lost unnoticed.
 */
export class TrackingConnection {
  readonly #client: Redis
  readonly #prefix: string
  readonly #events: ConnectionEvents
  readonly #commandTimeoutMs: number
  readonly #leaseMs: number
  #state: 'down' | 'subscribed' | 'live' | 'refused' | 'closed' = 'down'
  /** Every invalidation from before this time has arrived. */
  #liveAt = Number.NEGATIVE_INFINITY
  #lagMs: number | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #askedAt: number | undefined

  /**
   * @param client - a connection for this purpose alone, not opened yet; closed together with this
   * @param commandTimeoutMs - the longest round trip, in milliseconds. Default: 200
   */
  constructor(
    client: Redis,
    prefix: string,
    events: ConnectionEvents,
    commandTimeoutMs: number = DEFAULT_COMMAND_TIMEOUT_MS,
  ) {
    this.#commandTimeoutMs = commandTimeoutMs
    // One round trip of the last heartbeat, one period until the next, and its round trip.
    this.#leaseMs = Math.max(MIN_LEASE_MS, 2 * commandTimeoutMs + HEARTBEAT_MS)
    this.#client = client
    this.#prefix = prefix
    this.#events = events
    client.on('ready', () => void this.#subscribe())
    client.on('close', () => {
      if (this.#isOpen) this.#stopAs('down')
    })
    client.on('messageBuffer', (_channel: Buffer, names: Buffer[] | null) => this.#receive(names))
    client.connect().catch(() => undefined)
  }

  get state(): 'down' | 'live' | 'refused' {
    if (this.#state === 'live') return 'live'
    return this.#state === 'refused' ? 'refused' : 'down'
  }

  /** The time that the last heartbeat took, in milliseconds. An invalidation took no longer. */
  get lagMs(): number | undefined {
    return this.#lagMs
  }

  /**
   * Returns whether every invalidation has arrived, except those since the last answered heartbeat. That is
   * 750 ms ago at most, or two time limits and 250 ms if that is longer.
   */
  isCurrent(now: number): boolean {
    return this.#state === 'live' && now - this.#liveAt <= this.#leaseMs
  }

  close(): void {
    this.#stopAs('closed')
    this.#client.disconnect()
  }

  get #isOpen(): boolean {
    return this.#state !== 'refused' && this.#state !== 'closed'
  }

  async #subscribe(): Promise<void> {
    if (this.#state === 'closed') return
    this.#stopAs('down')
    const { stream } = this.#client
    try {
      const id = await this.#client.client('ID')
      const mode = ['ON', 'REDIRECT', id, 'BCAST', 'PREFIX', this.#prefix] as const
      await this.#client.call('CLIENT', 'TRACKING', ...mode)
      await this.#client.subscribe(CHANNEL)
    } catch (error) {
      this.#failed(error)
      return
    }
    // The replies may be those of a connection that was replaced.
    if (this.#client.stream !== stream || this.#state !== 'down') return
    this.#state = 'subscribed'
    this.#liveAt = timers.now()
    this.#events.onMissed()
    this.#heartbeat = timers.setInterval(() => this.#beat(), HEARTBEAT_MS).unref()
    this.#beat()
  }

  #failed(error: unknown): void {
    if (this.#state === 'closed') return
    if (!isForbidden(error)) {
      this.#replaceConnection()
      return
    }
    this.#stopAs('refused')
    this.#client.disconnect()
    this.#events.onRefused?.(errorCodeOf(error))
    timers.setTimeout(() => this.#askAgain(), PAUSE_AFTER_REFUSAL_MS).unref()
  }

  #askAgain(): void {
    if (this.#state === 'refused') this.#client.connect().catch(() => undefined)
  }

  #beat(): void {
    const now = timers.now()
    if (now - this.#liveAt > this.#leaseMs) {
      this.#replaceConnection()
      return
    }
    if (this.#askedAt !== undefined) {
      if (now - this.#askedAt >= this.#commandTimeoutMs) this.#events.onUnresponsive()
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
    // The connection that was asked has been replaced.
    if (this.#heartbeat !== heartbeat) return
    if (failure !== undefined) {
      this.#failed(failure)
      return
    }
    this.#askedAt = undefined
    this.#liveAt = sentAt
    this.#lagMs = timers.now() - sentAt
    if (this.#state !== 'subscribed') return
    this.#state = 'live'
    this.#events.onStateChange()
  }

  #receive(names: Buffer[] | null): void {
    if (this.#state !== 'subscribed' && this.#state !== 'live') return
    // Redis sends no names when it empties a whole database.
    if (names === null) this.#events.onFlushed()
    else if (Array.isArray(names)) this.#events.onInvalidated(names.map(String))
    // The message does not show what has changed.
    else this.#replaceConnection()
  }

  /** Closes a connection that does not respond. The client opens another one. */
  #replaceConnection(): void {
    this.#stopAs('down')
    this.#client.stream?.destroy()
  }

  #stopAs(state: 'down' | 'refused' | 'closed'): void {
    timers.clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
    this.#askedAt = undefined
    this.#state = state
    this.#events.onStateChange()
  }
}
