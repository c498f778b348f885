import type { CacheTier, InspectedEntry } from '@verbatim/cache-core'
import {
  compileGlob,
  emptyLookup,
  type Flight,
  type LookupResult,
  type MemoryTtl,
  type StorePlan,
} from '@verbatim/cache-core/implement'
import { inChunks } from '../chunks.js'
import { notLeased } from '../connection/connection-errors.js'
import type { EntryState } from '../redis/reads.js'
import type { RedisStore } from '../redis/redis-store.js'
import type { StoredValue } from '../redis/stored-value.js'
import type { WriteOutcome } from '../redis/writes.js'
import type { Tracking } from '../tracking/tracking.js'
import type { ReadsInFlight } from './admission.js'
import { ABSENT_STATE, type KeyState, leaseState, valueState } from './key-state.js'
import type { MemoryEntry, MemoryTier } from './memory-tier.js'
import { WriteThrough, type WriteThroughParts } from './write-through.js'

export interface TwoTierParts extends WriteThroughParts {
  /** `undefined` when the memory tier is disabled. */
  readonly memory: MemoryTier | undefined
  /** `undefined` without both tiers. */
  readonly tracking: Tracking | undefined
  /** The time limit of a command, in milliseconds. */
  readonly commandTimeoutMs: number
}

/** The result of a read. */
export interface Found {
  /** The value as it is stored, fresh or stale; `undefined` when the tiers hold none. */
  readonly result: LookupResult | undefined
  readonly tier: CacheTier
  /** Whether Redis was needed and unavailable. Then the result is from memory. */
  readonly isUnavailable: boolean
}

/** The result of a delete. */
export interface Removed {
  /** Whether the key held a value, in Redis or, when Redis was unavailable, in memory. */
  readonly existed: boolean
  readonly outcome: 'confirmed' | 'unavailable'
}

/** The result of deleting the keys of one node. */
export interface RemovedChunk {
  readonly keys: readonly string[]
  readonly existed: readonly string[]
  readonly outcome: 'confirmed' | 'unavailable'
}

/** Keys that one step of `getMany` asks Redis for, and steps in flight. */
const READ_CHUNK = 1_000
const READ_CHUNKS_IN_FLIGHT = 4
/** Keys that one step of `deleteMany` removes, and steps in flight. */
const DELETE_CHUNK = 125
const DELETE_CHUNKS_IN_FLIGHT = 8

/** The least time that `connect` waits for tracking once Redis is connected, in milliseconds. */
const MIN_TRACKING_WAIT_MS = 500

/**
 * The memory of this process before a Redis that processes share: the policy of a two-tier cache.
 *
 * A read asks memory first, and copies to memory what Redis returned. A write goes to Redis, and removes
 * the copy before it is sent. While Redis is unavailable, memory serves and accepts values alone.
 *
 * `Admission` decides what may be copied to memory, and `ServableEntries` whether a copy may be served.
 */
export class TwoTierStore {
  readonly memory: MemoryTier | undefined
  readonly redis: RedisStore | undefined
  readonly tracking: Tracking | undefined
  readonly #parts: TwoTierParts
  readonly #writes: WriteThrough

  constructor(parts: TwoTierParts) {
    this.memory = parts.memory
    this.redis = parts.redis
    this.tracking = parts.tracking
    this.#parts = parts
    this.#writes = new WriteThrough(parts)
  }

  /** Returns the fresh copy in memory, if it may be served now. */
  getLocal(key: string): MemoryEntry | undefined {
    return this.memory?.get(key)
  }

  /**
   * Reads a key that has no fresh copy in memory.
   *
   * @param memoryTtl - how long a copy of the value may stay in memory; `undefined` for the default
   */
  async get(key: string, memoryTtl?: MemoryTtl): Promise<Found> {
    const { memory, redis } = this
    if (redis === undefined) return fromMemory(memory?.peek(key))
    const { admission } = this.#parts
    const reads = admission.beginRead([key], memoryTtl)
    try {
      const found = await redis.reads.read(key)
      if (found === 'unavailable') return fromMemoryInstead(memory?.peek(key))
      return fromRedis(this.#received(reads, key, found))
    } finally {
      admission.endRead(reads)
    }
  }

  /** Reads a key that is loaded unless it has a fresh value; leases the load to this process. */
  async getOrLease(key: string, memoryTtl?: MemoryTtl): Promise<Found> {
    const { memory, redis } = this
    const { sharedLoads } = this.#parts
    const copy = memory?.getWithTtl(key)
    if (copy !== undefined || redis === undefined) return fromMemory(copy ?? memory?.peek(key))
    const result = await this.lookUpOrLease(key, memoryTtl)
    if (result !== undefined) {
      if (result.freshMs < 0) await sharedLoads?.beforeJoining(key)
      return fromRedis(result)
    }
    // While Redis is unavailable, a stale copy may be served to callers that accept one.
    const found = fromMemoryInstead(memory?.peek(key))
    // The value in Redis is not served. Its state is returned, so that the caller does not join a load that
    // began before the key changed.
    const state = await redis.reads.stateOf(key)
    if (state === undefined) return found
    await sharedLoads?.beforeJoining(key)
    const revision = stateOfEntry(state)
    return { ...found, result: { ...(found.result ?? emptyLookup(undefined)), revision } }
  }

  /**
   * Reads a key in Redis before it is loaded, and leases the load to this process if it may load.
   *
   * @returns `undefined` when Redis is unavailable
   */
  async lookUpOrLease(key: string, memoryTtl?: MemoryTtl): Promise<LookupResult | undefined> {
    const { redis } = this
    const { admission, sharedLoads } = this.#parts
    if (redis === undefined) return undefined
    const reads = admission.beginRead([key], memoryTtl)
    try {
      const found = await redis.reads.readOrLease(key)
      if (found === 'unavailable') return undefined
      if (found === 'foreign') return this.#received(reads, key, 'absent')
      if (found !== 'absent' && !('leasedMs' in found)) return this.#received(reads, key, found)
      admission.foundAbsent(reads, key)
      // The caller must not join a load that began while the key held something else.
      if (found === 'absent') return emptyLookup(ABSENT_STATE)
      const state = leaseState(found.revision, found.generation)
      if (found.leasedMs > 0) return emptyLookup(state)
      sharedLoads?.granted(state)
      return { ...emptyLookup(state), onNotLoaded: () => sharedLoads?.release(key, state) }
    } finally {
      admission.endRead(reads)
    }
  }

  /**
   * Reads many keys, in chunks.
   *
   * @param report - receives the results of each chunk; a key that is named twice has one in each
   */
  async getMany(
    keys: readonly string[],
    report: (found: ReadonlyMap<string, Found>) => void,
  ): Promise<void> {
    await inChunks(keys, READ_CHUNK, READ_CHUNKS_IN_FLIGHT, async (chunk) => {
      const found = new Map<string, Found>()
      await this.#getChunk(chunk, found)
      report(found)
    })
  }

  async #getChunk(chunk: readonly string[], found: Map<string, Found>): Promise<void> {
    const { memory, redis } = this
    const { admission } = this.#parts
    const missing: string[] = []
    for (const key of chunk) {
      if (found.has(key)) continue
      const copy = fromMemory(memory?.getWithTtl(key))
      found.set(key, copy)
      if (copy.result === undefined) missing.push(key)
    }
    if (redis === undefined || missing.length === 0) return
    const reads = admission.beginRead(missing)
    try {
      for (const [index, each] of (await redis.reads.readMany(missing)).entries()) {
        const key = missing[index] as string
        if (each === 'unavailable') found.set(key, fromMemoryInstead(memory?.peek(key)))
        else found.set(key, fromRedis(this.#received(reads, key, each)))
      }
    } finally {
      admission.endRead(reads)
    }
  }

  /** Offers memory a copy of what Redis returned, and returns it as a result. */
  #received(reads: ReadsInFlight, key: string, found: StoredValue | 'absent'): LookupResult {
    const { admission, isolator } = this.#parts
    if (found === 'absent' || found.isVoid) {
      admission.foundAbsent(reads, key)
      return emptyLookup(found === 'absent' ? undefined : stateOfValue(found))
    }
    const { freshMs, loadMs } = found
    const result = {
      value: isolator.adopt(found.value),
      freshMs,
      loadMs,
      revision: stateOfValue(found),
    }
    admission.offerRead(reads, key, result, found)
    return result
  }

  async exists(key: string): Promise<boolean> {
    if (this.getLocal(key) !== undefined) return true
    return typeof (await this.redis?.reads.freshMs(key)) === 'number'
  }

  /** Returns the rest of a value's TTL in seconds; `null` if it never expires. */
  async getTtl(key: string): Promise<number | null | undefined> {
    const freshMs = await this.redis?.reads.freshMs(key)
    // A value that was written while Redis was unavailable is in memory only.
    if (typeof freshMs !== 'number') return this.memory?.getTtl(key)
    return freshMs === Number.POSITIVE_INFINITY ? null : freshMs / 1_000
  }

  /** Lists the keys with a fresh value that a glob matches. */
  async *keys(pattern: string): AsyncIterable<string> {
    if (this.redis !== undefined) yield* this.redis.listing.keys(pattern)
    else yield* this.memory?.keys(compileGlob(pattern)) ?? []
  }

  /** Reads the entries that a glob matches, without counting as use. Reads memory only if there is no Redis. */
  async *inspect(pattern: string, includeForeign: boolean): AsyncIterable<InspectedEntry> {
    const { memory, redis } = this
    if (redis !== undefined) {
      yield* redis.listing.inspect(pattern, includeForeign)
      return
    }
    for (const key of memory?.keys(compileGlob(pattern)) ?? []) {
      const value = this.#parts.isolator.release(memory?.peek(key)?.value.storedValue)
      const ttl = memory?.getTtl(key)
      if (ttl !== undefined) yield { key, value, ttl }
    }
  }

  set(key: string, value: unknown, plan: StorePlan): Promise<WriteOutcome> {
    return this.#writes.write(this.#parts.admission.beginWrite(key), value, plan)
  }

  /**
   * Stores a loaded value if the key is still in the state from before the load.
   *
   * @throws InfrastructureError (`LOAD_NOT_LEASED`) when Redis did not return that state, or granted no
   * lease
   * @throws SerializationError (`VALUE_TOO_LARGE`) when only memory could store the value and it is too
   * large
   */
  async setLoaded(value: unknown, plan: StorePlan, flight: Flight): Promise<WriteOutcome> {
    const { admission, sharedLoads } = this.#parts
    const expected = sharedLoads?.expectedState(flight)
    if (expected === undefined && this.redis?.isDown(flight.key) === false) throw notLeased()
    const write = admission.beginWrite(flight.key, 'conditional write')
    return this.#writes.write(write, value, plan, {
      kind: 'unchanged since load',
      flight,
      expected,
    })
  }

  /** Stores a value if the key has no fresh one. While Redis is unavailable, memory decides. */
  async setIfAbsent(key: string, value: unknown, plan: StorePlan): Promise<boolean> {
    const { memory, redis } = this
    const found = await redis?.reads.read(key)
    if (found === undefined || found === 'unavailable') {
      return this.#setIfAbsentInMemory(key, value, plan)
    }
    if (found !== 'absent' && !found.isVoid && found.freshMs >= 0) return false
    const expiredRevision = found === 'absent' ? undefined : found.revision
    const write = this.#parts.admission.beginWrite(key, 'conditional write')
    const outcome = await this.#writes.write(write, value, plan, {
      kind: 'absent',
      expiredRevision,
    })
    return outcome === 'stored' || (outcome === 'unavailable' && memory?.has(key) === true)
  }

  /** @returns whether Redis or memory stored the value */
  async #setIfAbsentInMemory(key: string, value: unknown, plan: StorePlan): Promise<boolean> {
    const { memory, redis } = this
    if (this.getLocal(key) !== undefined) return false
    const isDown = redis === undefined || redis.isDown(key)
    const storing = this.set(key, value, plan)
    // Other writes may evict the value from memory before `storing` resolves.
    const wasInMemory = isDown && memory?.has(key) === true
    const outcome = await storing
    if (outcome === 'superseded') return false
    const isInRedis = redis !== undefined && outcome === 'stored'
    return isInRedis || wasInMemory || memory?.has(key) === true
  }

  /**
   * Stores many values, in their order and in chunks.
   *
   * @param report - receives each chunk and the outcomes of its entries
   * @throws SerializationError for a value that cannot be stored; then no value is stored
   */
  async setMany(
    entries: readonly (readonly [key: string, value: unknown])[],
    plan: StorePlan,
    report: (chunk: typeof entries, outcomes: readonly WriteOutcome[]) => void,
  ): Promise<void> {
    await this.#writes.writeMany(entries, plan, report)
  }

  async delete(key: string): Promise<Removed> {
    const { memory, redis } = this
    const { admission } = this.#parts
    const write = admission.beginWrite(key)
    const wasInMemory = memory?.has(key) ?? false
    admission.claim(write)
    try {
      const removed = (await redis?.writes.delete(write)) ?? wasInMemory
      return removed === 'unavailable'
        ? { existed: wasInMemory, outcome: 'unavailable' }
        : { existed: removed, outcome: 'confirmed' }
    } finally {
      admission.removeCopy(write)
      admission.endWrite(write)
    }
  }

  /**
   * Deletes many keys, in chunks.
   *
   * @param report - receives the result of each chunk on each node
   */
  async deleteMany(
    keys: readonly string[],
    report: (removed: RemovedChunk) => void,
  ): Promise<void> {
    await inChunks(keys, DELETE_CHUNK, DELETE_CHUNKS_IN_FLIGHT, async (chunk) => {
      for (const removed of await this.#deleteChunk([...new Set(chunk)])) report(removed)
    })
  }

  async #deleteChunk(keys: readonly string[]): Promise<RemovedChunk[]> {
    const { memory, redis } = this
    const { admission } = this.#parts
    const inMemory = new Set(keys.filter((key) => memory?.has(key)))
    const writes = keys.map((key) => admission.beginWrite(key))
    for (const write of writes) admission.claim(write)
    try {
      if (redis === undefined) return [{ keys, existed: [...inMemory], outcome: 'confirmed' }]
      const removed = await redis.writes.deleteMany(writes)
      return removed.map(({ keys: ofNode, existed }) =>
        existed === 'unavailable'
          ? {
              keys: ofNode,
              existed: ofNode.filter((key) => inMemory.has(key)),
              outcome: 'unavailable',
            }
          : { keys: ofNode, existed, outcome: 'confirmed' },
      )
    } finally {
      for (const write of writes) {
        admission.removeCopy(write)
        admission.endWrite(write)
      }
    }
  }

  /** Deletes the keys that match a glob. Returns how many held a fresh value. */
  async deleteMatching(pattern: string): Promise<number> {
    const { memory, redis } = this
    const { admission } = this.#parts
    const matches = compileGlob(pattern)
    const inMemory = memory?.count(matches) ?? 0
    const removal = admission.beginRemoval(pattern, matches)
    try {
      const removed = await redis?.writes.deleteMatching(pattern, removal)
      return removed === undefined || removed === 'unavailable' ? inMemory : removed
    } finally {
      admission.endRemoval(removal, pattern, matches)
    }
  }

  /** Invalidates every value with one of the tags. Returns whether there may have been one. */
  async invalidateTags(tags: readonly string[]): Promise<boolean> {
    const { admission } = this.#parts
    const wasInMemory = admission.removeTagged(tags)
    try {
      const known = await this.redis?.writes.invalidateTags(tags)
      return wasInMemory || (known !== undefined && known !== 0)
    } finally {
      admission.removeTagged(tags)
    }
  }

  /**
   * Connects to Redis, and waits a while for tracking.
   *
   * @returns whether Redis is available
   */
  async connect(): Promise<boolean> {
    const { commandTimeoutMs } = this.#parts
    const isConnected = (await this.redis?.connect()) ?? false
    if (isConnected) {
      await this.tracking?.settled(Math.max(MIN_TRACKING_WAIT_MS, 10 * commandTimeoutMs))
    }
    return isConnected
  }

  async close(): Promise<void> {
    this.tracking?.close()
    await this.redis?.close()
    this.memory?.close()
  }

  /** Waits while another process loads the key; see {@link SharedLoads.beforeLoad}. */
  beforeLoad(flight: Flight): Promise<LookupResult | undefined> | undefined {
    return this.#parts.sharedLoads?.beforeLoad(flight, (key, memoryTtl) =>
      this.lookUpOrLease(key, memoryTtl),
    )
  }
}

function stateOfEntry(state: EntryState | 'absent'): KeyState {
  if (state === 'absent') return ABSENT_STATE
  const { kind, revision, generation } = state
  return kind === 'lease' ? leaseState(revision, generation) : valueState(revision, generation)
}

function stateOfValue({ revision, generation = '' }: StoredValue): KeyState {
  return valueState(revision, generation)
}

function fromMemory(entry: LookupResult<MemoryEntry> | undefined): Found {
  return { result: entry && storedIn(entry), tier: 'memory', isUnavailable: false }
}

/** Returns the copy in memory in place of Redis, which was unavailable. */
function fromMemoryInstead(entry: LookupResult<MemoryEntry> | undefined): Found {
  return { result: entry && storedIn(entry), tier: 'memory', isUnavailable: true }
}

function fromRedis(result: LookupResult): Found {
  return { result, tier: 'redis', isUnavailable: false }
}

function storedIn({ value, freshMs, loadMs }: LookupResult<MemoryEntry>): LookupResult {
  return { value: value.storedValue, freshMs, loadMs, revision: value.revision }
}
