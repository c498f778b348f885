import type { CacheTier } from '@verbatim/cache-core'
import { emptyLookup, type LookupResult, type MemoryTtl } from '@verbatim/cache-core/implement'
import type { Isolator } from '@verbatim/cache-memory/implement'
import { inChunks } from '../chunks.js'
import { SEEN_NOTHING, seenLease, seenValue } from '../loading/seen.js'
import type { Copies, Reading } from '../memory/copies.js'
import type { NearEntry, NearTier } from '../memory/near-tier.js'
import type { RedisReads } from '../redis/reads.js'
import type { StoredValue } from '../redis/stored-value.js'
import type { TierLoads } from './tier-loads.js'

/** What a read found, fresh or stale, with its value as it is stored; and which tier it came from. */
export interface Found {
  readonly held: LookupResult | undefined
  readonly tier: CacheTier
  /** Whether Redis was needed and could not answer. What is held is from memory then. */
  readonly isUnanswered: boolean
}

export interface TierReadsOptions {
  readonly near: NearTier | undefined
  readonly copies: Copies
  /** `undefined` for a cache that is memory only. */
  readonly redis: RedisReads | undefined
  readonly isolator: Isolator
  readonly loads: Pick<TierLoads, 'beforeJoining' | 'leased' | 'release'>
}

/** Keys that are asked for at a time. */
const CHUNK = 1_000
const CHUNKS_IN_FLIGHT = 4

/** Reads of both tiers: memory first, and what Redis holds is copied to memory. */
export class TierReads {
  readonly #options: TierReadsOptions

  constructor(options: TierReadsOptions) {
    this.#options = options
  }

  /**
   * Reads a key of which there is no fresh copy in memory.
   *
   * @param memoryTtl - the longest that a copy of the value is kept; `undefined` for the default
   */
  async find(key: string, memoryTtl?: MemoryTtl): Promise<Found> {
    const { copies, near, redis } = this.#options
    if (redis === undefined) return inMemory(near?.find(key))
    const reading = copies.startReading([key], memoryTtl)
    try {
      const found = await redis.read(key)
      if (found === 'unavailable') return unanswered(near?.find(key))
      return inRedis(this.#arrived(reading, key, found))
    } finally {
      copies.endReading(reading)
    }
  }

  /** The same for a key that is going to be loaded if it holds nothing fresh. */
  async findOrLease(key: string, memoryTtl?: MemoryTtl): Promise<Found> {
    const { loads, near, redis } = this.#options
    // Only to count as used: what it returns does not say how fresh it is.
    if (near?.use(key) !== undefined || redis === undefined) return inMemory(near?.find(key))
    const held = await this.look(key, memoryTtl)
    if (held !== undefined) {
      if (held.freshMs < 0) await loads.beforeJoining(key)
      return inRedis(held)
    }
    // Without Redis a stale value is better than none, for callers that accept one.
    const found = unanswered(near?.find(key))
    // What Redis holds is not served. But a caller that sees a changed key joins no load from before.
    const state = await redis.stateOf(key)
    if (state === undefined) return found
    await loads.beforeJoining(key)
    const seen = state === 'absent' ? SEEN_NOTHING : seenValue(state.revision, state.generation)
    return { ...found, held: { ...(found.held ?? emptyLookup(undefined)), revision: seen } }
  }

  /**
   * The same for many keys.
   *
   * @param report - called with what each chunk has found; a key that is named twice is found once in each
   */
  async findMany(
    keys: readonly string[],
    report: (found: ReadonlyMap<string, Found>) => void,
  ): Promise<void> {
    await inChunks(keys, CHUNK, CHUNKS_IN_FLIGHT, async (chunk) => {
      const found = new Map<string, Found>()
      await this.#findChunk(chunk, found)
      report(found)
    })
  }

  /** Returns the value that Redis holds under a key before it is loaded; `undefined` if none is usable. */
  async look(key: string, memoryTtl?: MemoryTtl): Promise<LookupResult | undefined> {
    const { copies, loads, redis } = this.#options
    if (redis === undefined) return undefined
    const reading = copies.startReading([key], memoryTtl)
    try {
      const found = await redis.readOrLease(key)
      if (found === 'unavailable') return undefined
      if (found === 'foreign') return this.#arrived(reading, key, 'absent')
      if (found !== 'absent' && !('leasedMs' in found)) return this.#arrived(reading, key, found)
      copies.foundNothing(reading, key)
      // Who sees that does not join a load that began when there was something else.
      if (found === 'absent') return emptyLookup(SEEN_NOTHING)
      const seen = seenLease(found.revision, found.generation)
      if (found.leasedMs > 0) return emptyLookup(seen)
      loads.leased(seen)
      return { ...emptyLookup(seen), onNotLoaded: () => loads.release(key, seen) }
    } finally {
      copies.endReading(reading)
    }
  }

  async #findChunk(chunk: readonly string[], found: Map<string, Found>): Promise<void> {
    const { copies, near, redis } = this.#options
    const asked: string[] = []
    for (const key of chunk) {
      if (found.has(key)) continue
      const copy = inMemory(near?.use(key) && near.find(key))
      found.set(key, copy)
      if (copy.held === undefined) asked.push(key)
    }
    if (redis === undefined || asked.length === 0) return
    const reading = copies.startReading(asked)
    try {
      for (const [index, each] of (await redis.readMany(asked)).entries()) {
        const key = asked[index] as string
        if (each === 'unavailable') found.set(key, unanswered(near?.find(key)))
        else found.set(key, inRedis(this.#arrived(reading, key, each)))
      }
    } finally {
      copies.endReading(reading)
    }
  }

  #arrived(reading: Reading, key: string, found: StoredValue | 'absent'): LookupResult {
    const { copies, isolator } = this.#options
    if (found === 'absent' || found.isVoid) {
      copies.foundNothing(reading, key)
      return emptyLookup(found === 'absent' ? undefined : seenIn(found))
    }
    const { freshMs, loadMs } = found
    const value = isolator.adopt(found.value)
    const held: LookupResult = { value, freshMs, loadMs, revision: seenIn(found) }
    copies.found(reading, key, held, found)
    return held
  }
}

function seenIn({ revision, generation = '' }: StoredValue): string {
  return seenValue(revision, generation)
}

function inMemory(near: LookupResult<NearEntry> | undefined): Found {
  return { held: near && asKept(near), tier: 'memory', isUnanswered: false }
}

/** What memory holds where Redis could not answer. */
function unanswered(near: LookupResult<NearEntry> | undefined): Found {
  return { held: near && asKept(near), tier: 'memory', isUnanswered: true }
}

function inRedis(held: LookupResult): Found {
  return { held, tier: 'redis', isUnanswered: false }
}

function asKept({ value, freshMs, loadMs }: LookupResult<NearEntry>): LookupResult {
  return { value: value.kept, freshMs, loadMs, revision: value.seen }
}
