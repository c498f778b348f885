import type { CacheTier, Clock } from '@verbatim/cache-core'
import type { Instrumentation } from './instrumentation.js'
import type { TwoTierStore } from './two-tier/two-tier-store.js'

/** When a value stops being fresh, and the tier that says so. */
interface Expiry {
  readonly at: number
  readonly tier: CacheTier
}

/** Reads many keys at once. */
export class BatchRead {
  readonly #store: TwoTierStore
  readonly #instrumentation: Instrumentation
  readonly #clock: Clock

  constructor(store: TwoTierStore, instrumentation: Instrumentation, clock: Clock) {
    this.#store = store
    this.#instrumentation = instrumentation
    this.#clock = clock
  }

  /** Returns the values that are fresh when all keys have been read. */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    // A copy, because the caller may change the array while Redis is asked.
    const wanted = [...keys]
    const values = new Map<string, T>()
    const expiries = new Map<string, Expiry>()
    const startedAt = this.#clock.now()
    const read = new Set<string>()
    try {
      await this.#store.getMany(wanted, (found) => {
        const now = this.#clock.now()
        for (const [key, each] of found) {
          if (read.has(key)) continue
          read.add(key)
          const { freshMs, value, tier } = this.#instrumentation.found(key, each, startedAt)
          if (freshMs < 0) continue
          values.set(key, value as T)
          if (freshMs !== Number.POSITIVE_INFINITY) expiries.set(key, { at: now + freshMs, tier })
        }
      })
    } catch (error) {
      this.#instrumentation.readFailed(error, startedAt, new Set(wanted).size - read.size)
      throw error
    }
    await this.#replaceExpired(values, expiries)
    return values
  }

  /** Removes values that have expired, because many chunks take time. */
  async #replaceExpired<T>(
    values: Map<string, T>,
    expiries: ReadonlyMap<string, Expiry>,
  ): Promise<void> {
    const now = this.#clock.now()
    const expiredInMemory: string[] = []
    for (const [key, { at, tier }] of expiries) {
      if (at >= now) continue
      values.delete(key)
      if (tier === 'memory') expiredInMemory.push(key)
    }
    if (expiredInMemory.length === 0) return
    // A copy in memory may expire long before its entry in Redis does. These keys were counted above.
    await this.#store.getMany(expiredInMemory, (found) => {
      for (const [key, each] of found) {
        const { freshMs, value } = this.#instrumentation.foundAgain(each)
        if (freshMs >= 0) values.set(key, value as T)
      }
    })
  }
}
