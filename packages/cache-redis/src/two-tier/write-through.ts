import { type Clock, SerializationError } from '@verbatim/cache-core'
import type { Flight, SingleFlight, StorePlan } from '@verbatim/cache-core/implement'
import type { Isolator } from '@verbatim/cache-memory/implement'
import { forAll, inChunks } from '../chunks.js'
import { unavailable } from '../connection/connection-errors.js'
import type { KeyOperation } from '../operations-in-flight.js'
import type { RedisStore } from '../redis/redis-store.js'
import type { Encoded, ExpectedState, WriteOutcome } from '../redis/writes.js'
import type { Admission } from './admission.js'
import { valueState } from './key-state.js'
import type { SharedLoads } from './shared-loads.js'

export interface WriteThroughParts {
  readonly admission: Admission
  /** `undefined` for a cache without Redis. */
  readonly redis: RedisStore | undefined
  /** `undefined` for a cache without Redis. */
  readonly sharedLoads: SharedLoads | undefined
  readonly flights: Pick<SingleFlight, 'fence'>
  readonly isolator: Isolator
  readonly clock: Clock
}

/** The condition under which Redis stores a value. */
export type WriteCondition =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'unchanged since load'
      readonly flight: Flight
      /** The state of the key from before the load; `undefined` when Redis did not return it. */
      readonly expected: ExpectedState | undefined
    }
  /** The key holds no value, or only an expired one of this revision. */
  | { readonly kind: 'absent'; readonly expiredRevision: string | undefined }

const NO_CONDITION: WriteCondition = { kind: 'none' }

/** Entries that one step of a batch stores, and steps in flight. */
const CHUNK = 125
const CHUNKS_IN_FLIGHT = 8
/** A batch of at most so many entries is encoded as a whole before anything is sent. */
const SMALL_BATCH = 1_000

type Entry = readonly [key: string, value: unknown]

/** A value that was sent to Redis. */
interface SentValue {
  readonly write: KeyOperation
  /** The value as memory stores it. */
  readonly storedValue: unknown
  readonly encoded: Encoded
}

/** Writes values to Redis, and offers them as copies to memory. While Redis is down, memory stores them. */
export class WriteThrough {
  readonly #parts: WriteThroughParts

  constructor(parts: WriteThroughParts) {
    this.#parts = parts
  }

  /** Writes a value. Ends the operation. */
  async write(
    write: KeyOperation,
    value: unknown,
    plan: StorePlan,
    condition: WriteCondition = NO_CONDITION,
  ): Promise<WriteOutcome> {
    const { admission, clock, isolator, redis } = this.#parts
    const startedAt = clock.now()
    try {
      // Both tiers take the value as it is now. Its owner may change it before Redis replies.
      const storedValue = isolator.admit(value)
      if (redis === undefined || redis.isDown(write.key)) {
        return this.#writeToMemory(write, storedValue, value, plan, startedAt)
      }
      const encoded = await redis.writes.encode(write.key, value, plan)
      if (!admission.claim(write)) return await this.#afterSuperseding(redis, write)
      const outcome = await this.#send(redis, write, encoded, plan, condition)
      if (outcome === 'superseded' && write.supersededBy !== undefined) {
        return await this.#afterSuperseding(redis, write)
      }
      this.#offer(redis, { write, storedValue, encoded }, outcome, plan, startedAt)
      return outcome
    } catch (error) {
      admission.removeCopy(write)
      throw error
    } finally {
      admission.endWrite(write)
    }
  }

  #send(
    redis: RedisStore,
    write: KeyOperation,
    encoded: Encoded,
    { tags }: StorePlan,
    condition: WriteCondition,
  ): Promise<WriteOutcome> {
    if (condition.kind === 'none') return redis.writes.set(write, encoded, tags)
    return condition.kind === 'absent'
      ? redis.writes.setIfAbsent(write, encoded, tags, condition.expiredRevision)
      : this.#sendLoaded(redis, write, encoded, condition)
  }

  async #sendLoaded(
    redis: RedisStore,
    write: KeyOperation,
    encoded: Encoded,
    { flight, expected }: Extract<WriteCondition, { readonly kind: 'unchanged since load' }>,
  ): Promise<WriteOutcome> {
    const { sharedLoads } = this.#parts
    if (expected === undefined) return redis.isDown(write.key) ? 'unavailable' : 'superseded'
    await sharedLoads?.extendTags(flight, encoded.ttlMs + encoded.graceMs)
    const outcome = await redis.writes.compareAndSet(write, encoded, expected)
    if (outcome === 'stored') sharedLoads?.stored(flight)
    return outcome
  }

  /** Stores a value in memory only. While Redis is unavailable, the value is checked but not encoded. */
  #writeToMemory(
    write: KeyOperation,
    storedValue: unknown,
    value: unknown,
    plan: StorePlan,
    startedAt: number,
  ): WriteOutcome {
    const { admission, redis } = this.#parts
    redis?.writes.assertEncodable(value)
    admission.claim(write)
    const outcome = redis?.writes.notSent(write, unavailable(redis.status.lastErrorCode, 'failed'))
    const fits = admission.offerWrite(write, { storedValue, revision: undefined }, plan, startedAt)
    // The caller of a loader learns why no tier has the value.
    if (!fits && write.kind === 'conditional write') throw tooLargeForMemory()
    return outcome ?? 'stored'
  }

  /** Offers memory a copy of a value that was sent to Redis. */
  #offer(
    redis: RedisStore,
    { write, storedValue, encoded }: SentValue,
    outcome: WriteOutcome,
    plan: StorePlan,
    startedAt: number,
  ): void {
    if (outcome === 'superseded') return
    const { admission, flights } = this.#parts
    // Redis would refuse the value of a load that began before this write. Memory would not, so the load is
    // fenced.
    if (outcome === 'unavailable' && write.kind === 'write') flights.fence(write.key)
    const revision =
      outcome === 'stored'
        ? valueState(encoded.revision, redis.writes.generationOf(write.key))
        : undefined
    admission.offerWrite(write, { storedValue, revision }, plan, startedAt)
  }

  /**
   * Waits for the newer change that superseded a write before it was sent. If the write returned earlier, its
   * caller could still read the value from before both.
   */
  async #afterSuperseding(redis: RedisStore, write: KeyOperation): Promise<WriteOutcome> {
    const error = await write.supersededBy?.ended()
    return error === undefined ? 'superseded' : redis.writes.failed(write, error)
  }

  /**
   * Writes many values, in their order and in chunks.
   *
   * @param report - receives each chunk and the outcomes of its entries
   * @throws SerializationError for a value that cannot be stored; then no value is stored
   */
  async writeMany(
    entries: readonly Entry[],
    plan: StorePlan,
    report: (chunk: readonly Entry[], outcomes: readonly WriteOutcome[]) => void,
  ): Promise<void> {
    if (!this.#isDownFor(entries) && entries.length <= SMALL_BATCH) {
      report(entries, await this.#writeChunk(entries, plan, true))
      return
    }
    await this.#assertStorable(entries)
    await inChunks(entries, CHUNK, CHUNKS_IN_FLIGHT, async (chunk) => {
      // Copies of a large batch would evict the entries that are read.
      report(chunk, await this.#writeChunk(chunk, plan, false))
    })
  }

  /** Checks every value of a batch that is not encoded as a whole before its first entry is stored. */
  async #assertStorable(entries: readonly Entry[]): Promise<void> {
    const { isolator, redis } = this.#parts
    if (redis === undefined) {
      await forAll(entries, ([, value]) => isolator.admit(value))
      return
    }
    const large: unknown[] = []
    await forAll(entries, ([, value]) => {
      if (!redis.writes.assertEncodable(value)) large.push(value)
    })
    if (!redis.connected) return
    for (const value of large) await redis.writes.assertFits(value)
  }

  /**
   * Returns whether the entries are written one by one: the server of the first is down, and those of the others
   * may be too.
   */
  #isDownFor([first]: readonly Entry[]): boolean {
    const { redis } = this.#parts
    return redis === undefined || (first !== undefined && redis.isDown(first[0]))
  }

  /** @param isCopied - whether the values are copied to memory too */
  async #writeChunk(
    chunk: readonly Entry[],
    plan: StorePlan,
    isCopied: boolean,
  ): Promise<WriteOutcome[]> {
    const { admission, flights, redis } = this.#parts
    for (const [key] of chunk) flights.fence(key)
    if (redis === undefined || this.#isDownFor(chunk)) {
      return Promise.all(
        chunk.map(([key, value]) => this.write(admission.beginWrite(key), value, plan)),
      )
    }
    // A batch that names a key twice stores the later value.
    const latest = new Map(chunk)
    const writes = Array.from(latest.keys(), (key) => admission.beginWrite(key))
    try {
      const values = [...latest.values()]
      const outcomes = await this.#sendChunk(redis, writes, values, plan, isCopied)
      return chunk.map(([key]) => outcomes.get(key) ?? 'superseded')
    } catch (error) {
      for (const write of writes) admission.removeCopy(write)
      throw error
    } finally {
      for (const write of writes) admission.endWrite(write)
    }
  }

  async #sendChunk(
    redis: RedisStore,
    writes: readonly KeyOperation[],
    values: readonly unknown[],
    plan: StorePlan,
    isCopied: boolean,
  ): Promise<Map<string, WriteOutcome>> {
    const { admission, clock, isolator } = this.#parts
    const startedAt = clock.now()
    // Both tiers take all values as they are now. Their owner may change them before Redis replies.
    const started = writes.map((write, index) => {
      const value = values[index]
      const storedValue = isolator.admit(value)
      return { write, storedValue, encoding: redis.writes.encode(write.key, value, plan) }
    })
    const allEncoded = await Promise.all(started.map(async ({ encoding }) => encoding))
    const ready = started.map(({ write, storedValue }, index): SentValue => {
      return { write, storedValue, encoded: allEncoded[index] as Encoded }
    })
    const claimed = ready.filter(({ write }) => admission.claim(write))
    const written = await redis.writes.setMany(
      claimed.map(({ write }) => write),
      claimed.map(({ encoded }) => encoded),
      plan.tags,
    )
    const outcomes = new Map<string, WriteOutcome>()
    for (const [index, each] of claimed.entries()) {
      const outcome = written[index] as WriteOutcome
      if (outcome === 'stored' && each.write.supersededBy !== undefined) continue
      if (isCopied || outcome === 'unavailable') this.#offer(redis, each, outcome, plan, startedAt)
      outcomes.set(each.write.key, outcome)
    }
    for (const write of writes) {
      if (!outcomes.has(write.key)) {
        outcomes.set(write.key, await this.#afterSuperseding(redis, write))
      }
    }
    return outcomes
  }
}

function tooLargeForMemory(): SerializationError {
  return new SerializationError('value is larger than an entry in memory may be', {
    code: 'VALUE_TOO_LARGE',
  })
}
