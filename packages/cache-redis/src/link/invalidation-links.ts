import { timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { addressOf } from '../connection/node-address.js'
import { Waiting } from '../waiting.js'
import { InvalidationLink, type InvalidationListener } from './invalidation-link.js'

/** How the links stand: the worst of them counts. */
export type LinkState = 'down' | 'live' | 'refused'

export interface LinksOptions {
  readonly prefix: string
  /** The longest that a round trip may take, in milliseconds. Default: 200 */
  readonly commandTimeoutMs?: number
  /** The servers whose changes matter now. */
  readonly masters: () => readonly Redis[]
  /** Makes a connection to a server, for a link alone. */
  readonly connectTo: (node: Redis) => Redis
  readonly changed: (names: readonly string[]) => void
  /** Anything may have changed unheard. */
  readonly lost: () => void
  /** A whole database was emptied. */
  readonly flushed: () => void
  /** They are all alive, or are not any more. */
  readonly turned: (live: boolean) => void
  /** One has missed an answer. */
  readonly silent: () => void
  /** A server does not permit tracking, for this reason. */
  readonly refused?: (trouble: string) => void
}

/** One link to each server that holds keys of the cache. */
export class InvalidationLinks {
  readonly #options: LinksOptions
  readonly #links = new Map<string, InvalidationLink>()
  readonly #waiting = new Waiting()
  #isLive = false
  #closed = false

  constructor(options: LinksOptions) {
    this.#options = options
  }

  get state(): LinkState {
    const states = Array.from(this.#links.values(), ({ state }) => state)
    if (states.length === 0 || states.includes('down')) return 'down'
    return states.includes('refused') ? 'refused' : 'live'
  }

  /** The longest that news of a change may have taken lately, in milliseconds. */
  get lagMs(): number | undefined {
    const lags = Array.from(this.#links.values(), ({ lagMs }) => lagMs)
    return lags.length === 0 || lags.includes(undefined)
      ? undefined
      : Math.max(...(lags as number[]))
  }

  /** Whether every change until less than a second ago has been heard. */
  isProven(): boolean {
    if (!this.#isLive) return false
    const now = timers.now()
    for (const link of this.#links.values()) if (!link.isProven(now)) return false
    return true
  }

  /** Resolves when they are all alive, or it is known that they will not be, or after so long. */
  async settled(longestMs: number): Promise<void> {
    if (this.state === 'down') await this.#waiting.wait(longestMs)
  }

  /** Opens what is missing and closes what is not needed any more. */
  follow(): void {
    if (this.#closed) return
    const wanted = new Map(this.#options.masters().map((node) => [nameOf(node), node]))
    for (const [name, link] of this.#links) {
      if (wanted.has(name)) continue
      link.close()
      this.#links.delete(name)
    }
    for (const [name, node] of wanted) {
      if (!this.#links.has(name)) this.#links.set(name, this.#open(node))
    }
    this.#turn()
  }

  close(): void {
    this.#closed = true
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
    this.#turn()
  }

  #open(node: Redis): InvalidationLink {
    const { prefix, commandTimeoutMs, connectTo, ...heard } = this.#options
    const listener: InvalidationListener = { ...heard, turned: () => this.#turn() }
    return new InvalidationLink(connectTo(node), prefix, listener, commandTimeoutMs)
  }

  #turn(): void {
    const { state } = this
    if (state !== 'down' || this.#closed) this.#waiting.tell()
    const isLive = state === 'live'
    if (isLive === this.#isLive) return
    this.#isLive = isLive
    this.#options.turned(isLive)
  }
}

function nameOf(node: Redis): string {
  const { path, sentinels } = node.options
  // Behind Sentinel it is one server at a time, wherever that is.
  return sentinels ? 'sentinel' : (path ?? addressOf(node))
}
