import { timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { addressOf } from '../connection/cluster-slots.js'
import { Waiters } from '../waiters.js'
import { TrackingConnection } from './tracking-connection.js'

/** The state of all tracking connections together: the worst of them. */
export type TrackingState = 'down' | 'live' | 'refused'

export interface TrackingOptions {
  readonly prefix: string
  /** The longest round trip, in milliseconds. Default: 200 */
  readonly commandTimeoutMs?: number
  /** Makes a connection to a server for tracking alone. */
  readonly connectTo: (node: Redis) => Redis
}

/** Receives the events of all tracking connections. */
export interface TrackingListener {
  readonly onInvalidated: (names: readonly string[]) => void
  /** Invalidations may have been missed. */
  readonly onMissed: () => void
  /** Redis emptied a whole database. */
  readonly onFlushed: () => void
  /** All connections are live, or are not any more. */
  readonly onLive: (isLive: boolean) => void
  /** A heartbeat was not answered in time. */
  readonly onUnresponsive: () => void
  /** A server denies tracking. */
  readonly onRefused?: (code: string) => void
}

/** Receives the invalidations of all servers that hold keys of the cache, one connection for each. */
export class Tracking {
  readonly #options: TrackingOptions
  readonly #connections = new Map<string, TrackingConnection>()
  readonly #waiters = new Waiters()
  #listener: TrackingListener | undefined
  #isLive = false
  #closed = false

  constructor(options: TrackingOptions) {
    this.#options = options
  }

  /** Connects the events to a listener. Call it once, before {@link Tracking.follow}. */
  listen(listener: TrackingListener): void {
    this.#listener = listener
  }

  get state(): TrackingState {
    const states = Array.from(this.#connections.values(), ({ state }) => state)
    if (states.length === 0 || states.includes('down')) return 'down'
    return states.includes('refused') ? 'refused' : 'live'
  }

  /** The longest time that a recent invalidation may have taken, in milliseconds. */
  get lagMs(): number | undefined {
    const lags = Array.from(this.#connections.values(), ({ lagMs }) => lagMs)
    return lags.length === 0 || lags.includes(undefined)
      ? undefined
      : Math.max(...(lags as number[]))
  }

  /** Returns whether all connections are current. See {@link TrackingConnection.isCurrent}. */
  isCurrent(): boolean {
    if (!this.#isLive) return false
    const now = timers.now()
    for (const connection of this.#connections.values()) {
      if (!connection.isCurrent(now)) return false
    }
    return true
  }

  /** Resolves when all connections are live or refused, or after a time in milliseconds. */
  async settled(milliseconds: number): Promise<void> {
    if (this.state === 'down') await this.#waiters.wait(milliseconds)
  }

  /** Connects to these masters, and closes the connections to others. */
  follow(masters: readonly Redis[]): void {
    if (this.#closed) return
    const wanted = new Map(masters.map((node) => [nameOf(node), node]))
    for (const [name, connection] of this.#connections) {
      if (wanted.has(name)) continue
      connection.close()
      this.#connections.delete(name)
    }
    for (const [name, node] of wanted) {
      if (!this.#connections.has(name)) this.#connections.set(name, this.#connectTo(node))
    }
    this.#update()
  }

  close(): void {
    this.#closed = true
    for (const connection of this.#connections.values()) connection.close()
    this.#connections.clear()
    this.#update()
  }

  #connectTo(node: Redis): TrackingConnection {
    const { prefix, commandTimeoutMs, connectTo } = this.#options
    const events = {
      onInvalidated: (names: readonly string[]) => this.#listener?.onInvalidated(names),
      onMissed: () => this.#listener?.onMissed(),
      onFlushed: () => this.#listener?.onFlushed(),
      onUnresponsive: () => this.#listener?.onUnresponsive(),
      onRefused: (code: string) => this.#listener?.onRefused?.(code),
      onStateChange: () => this.#update(),
    }
    return new TrackingConnection(connectTo(node), prefix, events, commandTimeoutMs)
  }

  #update(): void {
    const { state } = this
    if (state !== 'down' || this.#closed) this.#waiters.notify()
    const isLive = state === 'live'
    if (isLive === this.#isLive) return
    this.#isLive = isLive
    this.#listener?.onLive(isLive)
  }
}

function nameOf(node: Redis): string {
  const { path, sentinels } = node.options
  // Behind Sentinel there is one server at a time, whatever its address.
  return sentinels ? 'sentinel' : (path ?? addressOf(node))
}
