import { type Clock, SerializationError } from '@verbatim/cache-core'
import { compileGlob, type Flight, type StorePlan } from '@verbatim/cache-core/implement'
import type { Isolator } from '@verbatim/cache-memory/implement'
import { forAll, inChunks } from '../chunks.js'
import { notLeased, unavailable } from '../connection/connection-errors.js'
import { seenValue } from '../loading/seen.js'
import type { Copies } from '../memory/copies.js'
import type { Ticket } from '../memory/key-fence.js'
import type { NearTier } from '../memory/near-tier.js'
import type { RedisStore } from '../redis/redis-store.js'
import type { Encoded, WriteOutcome } from '../redis/writes.js'
import type { TierLoads } from './tier-loads.js'

export interface TierWritesOptions {
  readonly near: NearTier | undefined
  readonly copies: Copies
  /** `undefined` for a cache that is memory only. */
  readonly redis: RedisStore | undefined
  readonly loads: TierLoads
  /** Keeps a load of the key that is under way from being stored. */
  readonly fence: (key: string) => void
  readonly isolator: Isolator
  readonly clock: Clock
}

/** What a delete did: whether the key was there, in Redis or, without it, in memory; and which tier knew. */
export interface Removed {
  readonly existed: boolean
  readonly outcome: 'confirmed' | 'unavailable'
}

/** Entries that are stored or removed at a time. */
const CHUNK = 125
const CHUNKS_IN_FLIGHT = 8
/** A batch of no more entries is encoded as a whole before anything is sent. */
const SMALL_BATCH = 1_000

type Entry = readonly [key: string, value: unknown]

/** An entry that is ready to be sent. */
interface Ready {
  readonly write: Ticket
  readonly kept: unknown
  readonly encoded: Encoded
}

type ReportRemoved = (
  keys: readonly string[],
  existed: readonly string[],
  isConfirmed: boolean,
) => void

/** Changes of both tiers: Redis is told, and no old copy stays in memory, or comes back. */
export class TierWrites {
  readonly #options: TierWritesOptions

  constructor(options: TierWritesOptions) {
    this.#options = options
  }

  store(key: string, value: unknown, plan: StorePlan): Promise<WriteOutcome> {
    const write = this.#options.copies.startWriting(key)
    return this.#write(write, value, plan, (redis, encoded) =>
      redis.writes.write(write, encoded, plan.tags),
    )
  }

  /**
   * Stores what was loaded, if the key is still in the state that was seen before the load.
   *
   * @throws InfrastructureError (`LOAD_NOT_LEASED`) when Redis did not tell that state, or gave no lease
   * @throws SerializationError (`VALUE_TOO_LARGE`) when memory alone could keep it and has no room for it
   */
  async storeLoaded(value: unknown, plan: StorePlan, flight: Flight): Promise<WriteOutcome> {
    const { copies, loads } = this.#options
    const before = loads.seenBefore(flight)
    if (before === undefined && this.#options.redis?.connected) throw notLeased()
    const write = copies.startWriting(flight.key, 'conditional write')
    return this.#write(write, value, plan, async (redis, encoded) => {
      if (before === undefined) return redis.connected ? 'superseded' : 'unavailable'
      await loads.prolongTags(flight, encoded.ttlMs + encoded.graceMs)
      const outcome = await redis.writes.compareAndSet(write, encoded, before)
      if (outcome === 'stored') loads.stored(flight)
      return outcome
    })
  }

  /** Stores a value if the key has no fresh one. Without Redis, memory decides. */
  async storeIfAbsent(key: string, value: unknown, plan: StorePlan): Promise<boolean> {
    const { copies, near, redis } = this.#options
    const found = await redis?.reads.read(key)
    if (found === undefined || found === 'unavailable') {
      if (near?.use(key) !== undefined) return false
      const isDown = this.#isDown([[key, value]])
      const storing = this.store(key, value, plan)
      // Other writes may evict the value from memory before `storing` resolves.
      const wasInMemory = isDown && near?.has(key) === true
      const outcome = await storing
      if (outcome === 'superseded') return false
      const isInRedis = redis !== undefined && outcome === 'stored'
      return isInRedis || wasInMemory || near?.has(key) === true
    }
    if (found !== 'absent' && !found.isVoid && found.freshMs >= 0) return false
    const over = found === 'absent' ? undefined : found.revision
    const write = copies.startWriting(key, 'conditional write')
    const outcome = await this.#write(write, value, plan, (on, encoded) =>
      on.writes.writeIfAbsent(write, encoded, plan.tags, over),
    )
    return outcome === 'stored' || (outcome === 'unavailable' && near?.has(key) === true)
  }

  /**
   * Stores many values, in their order.
   *
   * @param report - called with each chunk and what became of its entries
   * @throws SerializationError for a value that cannot be stored; nothing is stored then
   */
  async storeMany(
    entries: readonly Entry[],
    plan: StorePlan,
    report: (chunk: readonly Entry[], outcomes: readonly WriteOutcome[]) => void,
  ): Promise<void> {
    const isDown = this.#isDown(entries)
    if (!isDown && entries.length <= SMALL_BATCH) {
      report(entries, await this.#storeChunk(entries, plan, true))
      return
    }
    await this.#assertStorable(entries, isDown)
    await inChunks(entries, CHUNK, CHUNKS_IN_FLIGHT, async (chunk) => {
      // Copies in memory would push out those that are read.
      report(chunk, await this.#storeChunk(chunk, plan, false))
    })
  }

  /** Checks every value of a batch that is not encoded as a whole before its first entry is stored. */
  async #assertStorable(entries: readonly Entry[], isDown: boolean): Promise<void> {
    const { isolator, redis } = this.#options
    if (redis === undefined) {
      await forAll(entries, ([, value]) => isolator.admit(value))
      return
    }
    const large: unknown[] = []
    await forAll(entries, ([, value]) => {
      if (!redis.writes.assertEncodable(value)) large.push(value)
    })
    if (isDown) return
    for (const value of large) await redis.writes.assertFits(value)
  }

  /** Whether a batch is stored in memory only. */
  #isDown([first]: readonly Entry[]): boolean {
    const { redis } = this.#options
    return redis === undefined || (first !== undefined && redis.isDown(first[0]))
  }

  async remove(key: string): Promise<Removed> {
    const { copies, near, redis } = this.#options
    const write = copies.startWriting(key)
    const wasNear = near?.has(key) ?? false
    copies.claim(write)
    try {
      const removed = (await redis?.removals.remove(write)) ?? wasNear
      return removed === 'unavailable'
        ? { existed: wasNear, outcome: 'unavailable' }
        : { existed: removed, outcome: 'confirmed' }
    } finally {
      // A read may have brought the value back in the meantime; a later write may have, and may keep it.
      if (!write.overtaken) near?.drop(key)
      copies.endWriting(write)
    }
  }

  /**
   * Removes many keys.
   *
   * @param report - called with some of the keys, those of them that were there, in Redis or, without it,
   * in memory, and whether Redis has confirmed it
   */
  async removeMany(keys: readonly string[], report: ReportRemoved): Promise<void> {
    await inChunks(keys, CHUNK, CHUNKS_IN_FLIGHT, (chunk) => this.#removeChunk(chunk, report))
  }

  /** Returns how many keys matched and held a fresh value. */
  async removeMatching(pattern: string): Promise<number> {
    const { copies, near, redis } = this.#options
    const matches = compileGlob(pattern)
    const inMemory = near?.count(matches) ?? 0
    const change = copies.startRemoving(pattern, matches)
    try {
      const removed = await redis?.removals.removeMatching(pattern, change)
      return removed === undefined || removed === 'unavailable' ? inMemory : removed
    } finally {
      copies.endRemoving(change, pattern, matches)
    }
  }

  /** Returns whether an entry may have carried one of the tags. */
  async invalidateTags(tags: readonly string[]): Promise<boolean> {
    const { copies, redis } = this.#options
    const dropped = copies.dropTagged(tags)
    try {
      const known = await redis?.removals.invalidateTags(tags)
      return dropped || (known !== undefined && known !== 0)
    } finally {
      copies.dropTagged(tags)
    }
  }

  async #write(
    write: Ticket,
    value: unknown,
    plan: StorePlan,
    send: (redis: RedisStore, encoded: Encoded) => Promise<WriteOutcome>,
  ): Promise<WriteOutcome> {
    const { clock, copies, isolator, redis } = this.#options
    const { key } = write
    const startedAt = clock.now()
    try {
      // Both take the value as it is now, whatever its owner does to it until Redis replies.
      const kept = isolator.admit(value)
      if (redis === undefined || redis.isDown(key)) {
        return this.#keepInMemory(write, kept, value, plan, startedAt)
      }
      const encoded = await redis.writes.encode(key, value, plan)
      if (!copies.claim(write)) return await this.#afterSuperseding(redis, write)
      const outcome = await send(redis, encoded)
      if (outcome === 'superseded' && write.overtaker !== undefined) {
        return await this.#afterSuperseding(redis, write)
      }
      this.#keep({ write, kept, encoded }, outcome, plan, startedAt)
      return outcome
    } catch (error) {
      copies.failed(write)
      throw error
    } finally {
      copies.endWriting(write)
    }
  }

  /** Without Redis a value is not encoded, for nobody would read the bytes. */
  #keepInMemory(
    write: Ticket,
    kept: unknown,
    value: unknown,
    plan: StorePlan,
    startedAt: number,
  ): WriteOutcome {
    const { copies, redis } = this.#options
    redis?.writes.assertEncodable(value)
    copies.claim(write)
    const outcome = redis?.writes.notSent(write, unavailable(redis.status.lastErrorCode, 'failed'))
    const isSmall = copies.wrote(write, { kept, seen: undefined }, plan, startedAt)
    // Whoever loads a value is told why it is in no tier.
    if (!isSmall && write.kind === 'conditional write') throw tooLargeForMemory()
    return outcome ?? 'stored'
  }

  #keep({ write, kept, encoded }: Ready, outcome: WriteOutcome, plan: StorePlan, at: number): void {
    if (outcome === 'superseded') return
    const { copies, fence, redis } = this.#options
    // Redis would have refused a load that began meanwhile. Memory would store it.
    if (outcome === 'unavailable' && write.kind === 'write') fence(write.key)
    const generation = redis?.writes.generationOf(write.key) ?? ''
    const seen = outcome === 'stored' ? seenValue(encoded.revision, generation) : undefined
    copies.wrote(write, { kept, seen }, plan, at)
  }

  /** @param isCopied - whether what was stored is copied to memory */
  async #storeChunk(
    chunk: readonly Entry[],
    plan: StorePlan,
    isCopied: boolean,
  ): Promise<WriteOutcome[]> {
    const { clock, copies, fence, isolator, redis } = this.#options
    for (const [key] of chunk) fence(key)
    if (redis === undefined || this.#isDown(chunk)) {
      return Promise.all(chunk.map(([key, value]) => this.store(key, value, plan)))
    }
    const startedAt = clock.now()
    const writes: Ticket[] = []
    const outcomes = new Map<Ticket, WriteOutcome>()
    try {
      // All of them as they are now, whatever their owner does to them until Redis replies.
      const started = Array.from(latestOf(chunk), ([key, value]) => {
        const write = copies.startWriting(key)
        writes.push(write)
        return {
          write,
          kept: isolator.admit(value),
          encoding: redis.writes.encode(key, value, plan),
        }
      })
      const encodedValues = await Promise.all(started.map(async ({ encoding }) => encoding))
      const ready = started.map(({ write, kept }, index) => {
        return { write, kept, encoded: encodedValues[index] as Encoded }
      })
      const claimed = ready.filter(({ write }) => copies.claim(write))
      const written = await redis.writes.writeMany(
        claimed.map(({ write }) => write),
        claimed.map(({ encoded }) => encoded),
        plan.tags,
      )
      for (const [index, each] of claimed.entries()) {
        const outcome = written[index] as WriteOutcome
        if (outcome === 'stored' && each.write.overtaker !== undefined) continue
        if (isCopied || outcome === 'unavailable') this.#keep(each, outcome, plan, startedAt)
        outcomes.set(each.write, outcome)
      }
      for (const write of writes) {
        if (outcomes.has(write)) continue
        outcomes.set(write, await this.#afterSuperseding(redis, write))
      }
    } catch (error) {
      for (const write of writes) copies.failed(write)
      throw error
    } finally {
      for (const write of writes) copies.endWriting(write)
    }
    // A key that is named twice has one outcome.
    const byKey = new Map(Array.from(outcomes, ([{ key }, outcome]) => [key, outcome]))
    return chunk.map(([key]) => byKey.get(key) ?? 'superseded')
  }

  async #removeChunk(chunk: readonly string[], report: ReportRemoved): Promise<void> {
    const { copies, near, redis } = this.#options
    const keys = [...new Set(chunk)]
    const inMemory = new Set(keys.filter((key) => near?.has(key)))
    const writes = keys.map((key) => copies.startWriting(key))
    for (const write of writes) copies.claim(write)
    try {
      const removed = (await redis?.removals.removeMany(writes)) ?? [
        { keys, existed: [...inMemory] },
      ]
      for (const { keys: some, existed } of removed) {
        if (existed !== 'unavailable') report(some, existed, true)
        else
          report(
            some,
            some.filter((key) => inMemory.has(key)),
            false,
          )
      }
    } finally {
      for (const write of writes) {
        if (!write.overtaken) near?.drop(write.key)
        copies.endWriting(write)
      }
    }
  }

  /**
   * A later change superseded a write that was not sent. Until that has ended the key may still be in
   * its old state, which must not be read after this call.
   */
  async #afterSuperseding(redis: RedisStore, write: Ticket): Promise<WriteOutcome> {
    const error = await write.overtaker?.ended()
    return error === undefined ? 'superseded' : redis.writes.failed(write, error)
  }
}

function tooLargeForMemory(): SerializationError {
  return new SerializationError('value is larger than an entry in memory may be', {
    code: 'VALUE_TOO_LARGE',
  })
}

/** The last value of each key: a batch that names a key twice stores the later one. */
function latestOf(chunk: readonly Entry[]): Map<string, unknown> {
  return new Map(chunk)
}
