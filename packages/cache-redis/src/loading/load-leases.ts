import {
  type Flight,
  type LookupResult,
  type MemoryTtl,
  timers,
} from '@verbatim/cache-core/implement'
import type { KeyNews } from '../link/key-news.js'
import { LEASE_MS } from '../redis/programs/sources.js'
import { isLease, revisionOf } from './seen.js'

/** How long to wait for a message about the key before it is looked at again, in milliseconds. */
const LOOK_AFTER_MS = 250
/**
 * How long a process waits for loads of others in all, in milliseconds. Then it loads too: a loader that
 * never settles holds its own process only.
 */
const LONGEST_WAIT_MS = 30_000

export interface LeasedKeys {
  /** Looks at a key that is to be loaded; `undefined` when Redis is no use. */
  readonly look: (key: string, memoryTtl: MemoryTtl) => Promise<LookupResult | undefined>
  /** Renews the lease of a load that is under way, and ends that of any other. */
  readonly renew: (key: string, revision: string, underWay: boolean) => Promise<void>
}

/**
 * Sees to it that of many processes one loads a key. It holds a lease in Redis and renews it while
 * it loads; the others wait for the value. When its load fails, or it dies, another takes over.
 */
export class LoadLeases {
  readonly #keys: LeasedKeys
  readonly #news: KeyNews
  readonly #longestWaitMs: number
  /** Revisions of leases given to this process, and when; the oldest first. */
  readonly #granted = new Map<string, number>()

  /** @param longestWaitMs - how long a load waits for loads of other processes in all */
  constructor(keys: LeasedKeys, news: KeyNews, longestWaitMs: number = LONGEST_WAIT_MS) {
    this.#keys = keys
    this.#news = news
    this.#longestWaitMs = longestWaitMs
  }

  /** Remembers that this process has been given the lease. */
  grant(seen: string, now: number = timers.now()): void {
    this.#granted.set(revisionOf(seen), now)
    // Those that were given and not taken up have run out.
    for (const [oldest, at] of this.#granted) {
      if (now - at <= LEASE_MS) break
      this.#granted.delete(oldest)
    }
  }

  /** Gives a lease back whose load does not begin. */
  release(key: string, seen: string): void {
    const revision = revisionOf(seen)
    if (this.#granted.delete(revision)) void this.#keys.renew(key, revision, false)
  }

  /** Forgets the lease of a load that was stored: there is nothing to give back. */
  fulfil(seen: string): void {
    this.#granted.delete(revisionOf(seen))
  }

  /** Waits while another process loads. Answers what it stored; nothing when the turn is ours. */
  beforeLoad(flight: Flight): Promise<LookupResult | undefined> | undefined {
    const { expectedRevision: seen } = flight
    if (seen === undefined || !isLease(seen)) return undefined
    // A refresh does not wait for a load that began before it.
    if (!this.#granted.has(revisionOf(seen)))
      return flight.isRefresh ? undefined : this.#awaitTurn(flight)
    this.#hold(flight, seen)
    return undefined
  }

  async #awaitTurn(flight: Flight): Promise<LookupResult | undefined> {
    const endsAt = timers.now() + this.#longestWaitMs
    while (timers.now() < endsAt) {
      await this.#news.of(flight.key, LOOK_AFTER_MS)
      // Nobody waits for it any more.
      if (flight.signal.aborted) throw flight.signal.reason
      const held = await this.#keys.look(flight.key, flight.memoryTtl)
      flight.expectedRevision = held?.revision
      if (flight.expectedRevision === undefined || !isLease(flight.expectedRevision)) return held
      if (!this.#granted.has(revisionOf(flight.expectedRevision))) continue
      this.#hold(flight, flight.expectedRevision)
      return undefined
    }
    return undefined
  }

  #hold(flight: Flight, seen: string): void {
    const { key } = flight
    const revision = revisionOf(seen)
    const renewal = timers
      .setInterval(() => {
        if (!isWanted(flight)) {
          end()
          return
        }
        this.#granted.set(revision, timers.now())
        void this.#keys.renew(key, revision, true)
      }, LEASE_MS / 3)
      .unref()
    const end = (): void => {
      timers.clearInterval(renewal)
      // Who is waiting elsewhere need not wait for the lease to run out. Where the mark is not there
      // any more this does nothing.
      this.release(key, seen)
    }
    flight.result.then(end, end)
  }
}

/** Whether anybody still waits for a load, or its value is wanted in the cache. */
function isWanted({ waiting, isBackground }: Flight): boolean {
  return waiting > 0 || isBackground
}
