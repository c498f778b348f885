import {
  type Flight,
  type LookupResult,
  type MemoryTtl,
  timers,
} from '@verbatim/cache-core/implement'
import { LEASE_MS } from '../redis/scripts/scripts.js'
import type { KeyWaiters } from '../waiters.js'
import { isLeaseState, type KeyState, revisionIn } from './key-state.js'

/** The time that a load waits for an invalidation of its key before it looks again, in milliseconds. */
const LOOK_AGAIN_AFTER_MS = 250
/**
 * The time that a load waits for loads of other processes in all, in milliseconds. Then it loads too, so that a
 * loader that never settles blocks only its own process.
 */
const MAX_WAIT_MS = 30_000

/** Looks a key up in Redis before it is loaded; `undefined` when Redis is unavailable. */
export type LookUp = (key: string, memoryTtl: MemoryTtl) => Promise<LookupResult | undefined>

/** Renews the lease of a load in flight, and ends the lease of any other load. */
export interface LeaseRenewal {
  renewLease(key: string, revision: string, isInFlight: boolean): Promise<void>
}

/**
 * Lets one of many processes load a key. That process holds a lease in Redis and renews it while it loads;
 * the others wait for the value. When its load fails, or the process dies, another process takes over.
 */
export class LoadLeases {
  readonly #renewal: LeaseRenewal
  readonly #waiters: KeyWaiters
  readonly #maxWaitMs: number
  /** Revisions of the leases granted to this process, and when; oldest first. */
  readonly #granted = new Map<string, number>()

  /** @param maxWaitMs - how long a load waits for loads of other processes in all */
  constructor(renewal: LeaseRenewal, waiters: KeyWaiters, maxWaitMs: number = MAX_WAIT_MS) {
    this.#renewal = renewal
    this.#waiters = waiters
    this.#maxWaitMs = maxWaitMs
  }

  /** Remembers a lease that Redis granted to this process. */
  grant(state: KeyState, now: number = timers.now()): void {
    this.#granted.set(revisionIn(state), now)
    // Leases that were granted and not used have expired.
    for (const [oldest, at] of this.#granted) {
      if (now - at <= LEASE_MS) break
      this.#granted.delete(oldest)
    }
  }

  /** Ends the lease of a load that does not begin. */
  release(key: string, state: KeyState): void {
    const revision = revisionIn(state)
    if (this.#granted.delete(revision)) void this.#renewal.renewLease(key, revision, false)
  }

  /** Forgets the lease of a load whose value was stored: the value has replaced the lease. */
  fulfil(state: KeyState): void {
    this.#granted.delete(revisionIn(state))
  }

  /**
   * Waits while another process loads the key.
   *
   * @returns what the other process stored; `undefined` when this process is to load
   */
  beforeLoad(flight: Flight, lookUp: LookUp): Promise<LookupResult | undefined> | undefined {
    const { expectedRevision: state } = flight
    if (state === undefined || !isLeaseState(state)) return undefined
    if (!this.#granted.has(revisionIn(state))) {
      // A refresh does not wait for a load that began before it.
      return flight.isRefresh ? undefined : this.#awaitTurn(flight, lookUp)
    }
    this.#renewUntilEnd(flight, state)
    return undefined
  }

  async #awaitTurn(flight: Flight, lookUp: LookUp): Promise<LookupResult | undefined> {
    const endsAt = timers.now() + this.#maxWaitMs
    while (timers.now() < endsAt) {
      await this.#waiters.wait(flight.key, LOOK_AGAIN_AFTER_MS)
      // All callers have given up.
      if (flight.signal.aborted) throw flight.signal.reason
      const found = await lookUp(flight.key, flight.memoryTtl)
      const state = found?.revision
      flight.expectedRevision = state
      if (state === undefined || !isLeaseState(state)) return found
      if (!this.#granted.has(revisionIn(state))) continue
      this.#renewUntilEnd(flight, state)
      return undefined
    }
    return undefined
  }

  #renewUntilEnd(flight: Flight, state: KeyState): void {
    const { key } = flight
    const revision = revisionIn(state)
    const renewal = timers
      .setInterval(() => {
        if (!isWanted(flight)) {
          end()
          return
        }
        this.#granted.set(revision, timers.now())
        void this.#renewal.renewLease(key, revision, true)
      }, LEASE_MS / 3)
      .unref()
    const end = (): void => {
      timers.clearInterval(renewal)
      // Processes that wait need not wait until the lease expires. Without a lease this does nothing.
      this.release(key, state)
    }
    flight.result.then(end, end)
  }
}

/** Returns whether a caller waits for a load, or the load runs in the background. */
function isWanted({ waiting, isBackground }: Flight): boolean {
  return waiting > 0 || isBackground
}
