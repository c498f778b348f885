import { type Clock, compileGlob, type Flight, type StorePlan } from '@verbatim/cache-core'
import type { Isolator } from '@verbatim/cache-memory'
import { seenValue } from '../loading/seen.js'
import type { Copies } from '../memory/copies.js'
import type { Ticket } from '../memory/key-fence.js'
import type { NearTier } from '../memory/near-tier.js'
import type { Encoded, SharedWrites } from '../redis/shared-writes.js'
import type { TierLoads } from './tier-loads.js'

/** Whether a value reached Redis: `false` when a later change was first, `undefined` when Redis was no use. */
export type Stored = boolean | undefined

export interface TierWritesOptions {
  readonly near: NearTier | undefined
  readonly copies: Copies
  readonly shared: SharedWrites
  readonly loads: TierLoads
  /** Whether Redis can be used now. */
  readonly connected: () => boolean
  readonly isolator: Isolator
  readonly clock: Clock
}

/** Changes of both tiers: Redis is told, and no old copy stays, or comes back, in memory. */
export class TierWrites {
  readonly #options: TierWritesOptions

  constructor(options: TierWritesOptions) {
    this.#options = options
  }

  store(key: string, value: unknown, plan: StorePlan): Promise<Stored> {
    return this.#write(key, value, plan, (write, encoded) =>
      this.#options.shared.write(write, encoded, plan.tags),
    )
  }

  /** Stores what was loaded, if the key is still in the state that was seen before the load. */
  storeLoaded(value: unknown, plan: StorePlan, flight: Flight): Promise<Stored> {
    const { connected, loads, shared } = this.#options
    return this.#write(flight.key, value, plan, async (write, encoded) => {
      const before = loads.seenBefore(flight)
      // Redis could not be asked before the load: the value may be from before a change.
      if (before === undefined) return connected() ? false : undefined
      await loads.prolongTags(flight, encoded.lifeMs + encoded.graceMs)
      const stored = await shared.writeOver(write, encoded, before)
      if (stored === true) loads.stored(flight)
      return stored
    })
  }

  /** Answers whether the key was there, in Redis or, without it, in memory; and whether Redis was told. */
  async remove(key: string): Promise<{ readonly existed: boolean; readonly told: boolean }> {
    const { copies, near, shared } = this.#options
    const write = copies.startWriting(key)
    const wasNear = near?.has(key) ?? false
    copies.claim(write)
    try {
      const wasFar = await shared.remove(write)
      return { existed: wasFar ?? wasNear, told: wasFar !== undefined }
    } finally {
      // A read may have brought the value back meanwhile; a later write may have, and may keep it.
      if (!write.overtaken) near?.drop(key)
      copies.endWriting(write)
    }
  }

  /** Answers how many keys matched and were there. */
  async removeMatching(pattern: string): Promise<number> {
    const { copies, near, shared } = this.#options
    const matches = compileGlob(pattern)
    const inMemory = near?.count(matches) ?? 0
    const change = copies.startRemoving(pattern, matches)
    try {
      return (await shared.removeMatching(pattern, change)) ?? inMemory
    } finally {
      copies.endRemoving(change, pattern, matches)
    }
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    const { copies, shared } = this.#options
    copies.dropTagged(tags)
    try {
      await shared.invalidateTags(tags)
    } finally {
      copies.dropTagged(tags)
    }
  }

  async #write(
    key: string,
    value: unknown,
    plan: StorePlan,
    send: (write: Ticket, encoded: Encoded) => Promise<Stored>,
  ): Promise<Stored> {
    const { clock, copies, isolator, shared } = this.#options
    const startedAt = clock.now()
    const write = copies.startWriting(key)
    try {
      // Both take the value as it is now, whatever its owner does to it while Redis answers.
      const kept = isolator.admit(value)
      const encoded = await shared.encode(key, value, plan)
      if (!copies.claim(write)) return await this.#afterOvertaker(write)
      const stored = await send(write, encoded)
      if (stored === false && write.overtaker !== undefined) {
        return await this.#afterOvertaker(write)
      }
      const { length, stamp } = encoded
      const seen = stored ? seenValue(stamp) : undefined
      if (stored !== false) copies.wrote(write, { kept, seen, length }, plan, startedAt)
      return stored
    } catch (error) {
      copies.failed(write)
      throw error
    } finally {
      copies.endWriting(write)
    }
  }

  /**
   * A later change has gone ahead of a write that was not sent. Until that has ended the key may still
   * be in its old state, which must not be read after this call.
   */
  async #afterOvertaker(write: Ticket): Promise<Stored> {
    const trouble = await write.overtaker?.ended()
    return trouble === undefined ? false : this.#options.shared.failed(write, trouble)
  }
}
