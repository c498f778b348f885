import { type CacheTier, type HeldValue, nothingHeld } from '@verbatim/cache-core'
import type { Isolator } from '@verbatim/cache-memory'
import { seenLease, seenValue } from '../loading/seen.js'
import type { Copies, Reading } from '../memory/copies.js'
import type { NearEntry, NearTier } from '../memory/near-tier.js'
import type { SharedReads } from '../redis/shared-reads.js'
import type { StoredValue } from '../redis/stored-values.js'

/** What a read found, fresh or stale, with its value as it is kept; and what told us. */
export interface Found {
  readonly held: HeldValue | undefined
  readonly tier: CacheTier
}

export interface TierReadsOptions {
  readonly near: NearTier | undefined
  readonly copies: Copies
  readonly shared: SharedReads
  readonly isolator: Isolator
  /** This process has been given the lease of a load. */
  readonly leased: (seen: string) => void
}

/** Reads of both tiers: the nearer first, and what the farther one holds is copied to it. */
export class TierReads {
  readonly #options: TierReadsOptions

  constructor(options: TierReadsOptions) {
    this.#options = options
  }

  /** What a key holds of which there is no fresh copy in memory. */
  async find(key: string): Promise<Found> {
    const { copies, near, shared } = this.#options
    const reading = copies.startReading([key])
    try {
      const far = await shared.read(key)
      if (far === undefined) return inMemory(near?.find(key))
      return { held: this.#arrived(reading, key, far), tier: 'redis' }
    } finally {
      copies.endReading(reading)
    }
  }

  /** The same for a key that is going to be loaded if it holds nothing fresh. */
  async findOrLease(key: string): Promise<Found> {
    const { near } = this.#options
    // Only to count as used: what it answers does not say how fresh it is.
    if (near?.use(key) !== undefined) return inMemory(near.find(key))
    const far = await this.look(key)
    // Without Redis a stale value is better than none, for those who take one.
    if (far === undefined) return inMemory(near?.find(key))
    return { held: far, tier: 'redis' }
  }

  /** The same for several keys. */
  async findMany(keys: readonly string[]): Promise<Map<string, Found>> {
    const { copies, near, shared } = this.#options
    const found = new Map<string, Found>()
    for (const key of new Set(keys)) found.set(key, inMemory(near?.use(key) && near.find(key)))
    const asked = [...found.keys()].filter((key) => found.get(key)?.held === undefined)
    if (asked.length === 0) return found
    const reading = copies.startReading(asked)
    try {
      const far = await shared.readMany(asked)
      for (const [index, key] of asked.entries()) {
        const each = far?.[index]
        if (each === undefined) found.set(key, inMemory(near?.find(key)))
        else found.set(key, { held: this.#arrived(reading, key, each), tier: 'redis' })
      }
      return found
    } finally {
      copies.endReading(reading)
    }
  }

  /** What Redis holds under a key that is going to be loaded; `undefined` when it is no use. */
  async look(key: string): Promise<HeldValue | undefined> {
    const { copies, leased, shared } = this.#options
    const reading = copies.startReading([key])
    try {
      const far = await shared.readOrLease(key)
      if (far === undefined) return undefined
      if (far === null || !('leasedMs' in far)) return this.#arrived(reading, key, far)
      copies.foundNothing(reading, key)
      const seen = seenLease(far.seen)
      if (far.leasedMs === 0) leased(seen)
      return nothingHeld(seen)
    } finally {
      copies.endReading(reading)
    }
  }

  #arrived(reading: Reading, key: string, far: StoredValue | null): HeldValue {
    const { copies, isolator } = this.#options
    const seen = far === null ? undefined : seenValue(far.stamp)
    if (far === null || far.isVoid) {
      copies.foundNothing(reading, key)
      return nothingHeld(seen)
    }
    const { freshMs, loadMs } = far
    const held = { value: isolator.adopt(far.value), freshMs, loadMs, seen }
    copies.found(reading, key, held, far)
    return held
  }
}

function inMemory(near: HeldValue<NearEntry> | undefined): Found {
  if (near === undefined) return { held: undefined, tier: 'memory' }
  const { value, freshMs, loadMs } = near
  return { held: { value: value.kept, freshMs, loadMs, seen: value.seen }, tier: 'memory' }
}
