import {
  type CacheMonitor,
  type CacheTier,
  type Clock,
  InfrastructureError,
} from '@verbatim/cache-core'
import {
  type EventHub,
  emptyLookup,
  isAccepted,
  type LookupResult,
  type ReadPlan,
} from '@verbatim/cache-core/implement'
import { type Isolator, OperationObserver } from '@verbatim/cache-memory/implement'
import type { RedisCacheEvents } from './events.js'
import type { WriteOutcome } from './redis/writes.js'
import type { Counters } from './stats.js'
import type { Found, Removed, RemovedChunk } from './two-tier/two-tier-store.js'

export interface InstrumentationOptions {
  readonly events: EventHub<RedisCacheEvents>
  readonly counters: Counters
  readonly monitor: CacheMonitor | undefined
  readonly isolator: Isolator
  readonly clock: Clock
  /** The tier that changes go to. */
  readonly changedTier: CacheTier
}

/** The result of a read, with the value as it is handed out. */
export interface ReadValue<T = unknown> extends LookupResult<T> {
  readonly tier: CacheTier
  /** `'error'` when Redis was unavailable and memory held nothing fresh. */
  readonly outcome: 'hit' | 'miss' | 'error'
}

/** The values that a call accepts. Any other value counts as a miss. */
type Acceptance = Pick<ReadPlan, 'accept'>

const ACCEPTS_ALL: Acceptance = { accept: undefined }

/** Records each operation once: in the counters, for the listeners of events, and for the monitor. */
export class Instrumentation {
  readonly #events: EventHub<RedisCacheEvents>
  readonly #counters: Counters
  readonly #isolator: Isolator
  readonly #monitor: CacheMonitor | undefined
  readonly #clock: Clock
  readonly #changedTier: CacheTier
  /** Times a sample of the hits in memory. */
  readonly #observer: OperationObserver | undefined

  constructor(options: InstrumentationOptions) {
    const { events, counters, isolator, monitor, clock } = options
    this.#changedTier = options.changedTier
    this.#events = events
    this.#counters = counters
    this.#isolator = isolator
    this.#monitor = monitor
    this.#clock = clock
    this.#observer = monitor && new OperationObserver(monitor, clock)
  }

  /** Starts a read that may be a hit in memory. */
  startMemoryRead(): number | undefined {
    return this.#observer?.start()
  }

  /** Records a hit in memory. Returns the value as it is handed out. */
  memoryHit(key: string, storedValue: unknown, startedAt: number | undefined): unknown {
    const value = this.#isolator.release(storedValue)
    this.#observer?.end('get', 'hit', startedAt)
    this.#hit(key, value, 'memory')
    return value
  }

  /** Records a hit in memory if the caller accepts the value. Otherwise returns `undefined`. */
  acceptedMemoryHit(
    key: string,
    storedValue: unknown,
    startedAt: number | undefined,
    plan: Acceptance,
  ): { readonly value: unknown } | undefined {
    const value = this.#isolator.release(storedValue)
    if (!isAccepted(plan, value)) return undefined
    this.#observer?.end('get', 'hit', startedAt)
    this.#hit(key, value, 'memory')
    return { value }
  }

  /** Starts any other operation. */
  start(): number {
    return this.#clock.now()
  }

  /** Records a read that started at `startedAt`, and returns its result. */
  async read(
    key: string,
    startedAt: number,
    found: Promise<Found>,
    plan?: Acceptance,
  ): Promise<ReadValue> {
    return this.found(key, await this.#orFailure(found, startedAt), startedAt, plan)
  }

  /** Records the result of a read that started at `startedAt`, and returns the result. */
  found(key: string, found: Found, startedAt: number, plan: Acceptance = ACCEPTS_ALL): ReadValue {
    const read = this.#handedOut(found, plan)
    if (read.outcome === 'hit') return this.#readHit(key, read, startedAt)
    this.#readMiss(key, read, startedAt)
    return read
  }

  /** Returns the result of a read that repeats a recorded one. */
  foundAgain(found: Found): ReadValue {
    return this.#handedOut(found, ACCEPTS_ALL)
  }

  /**
   * Records a read before a load, and returns its result. The call counts as a miss only if it starts the
   * load, which is not known yet; see `onMiss`.
   */
  async readToLoad(
    key: string,
    startedAt: number,
    found: Promise<Found>,
    plan: Acceptance = ACCEPTS_ALL,
  ): Promise<ReadValue> {
    const answer = await this.#orFailure(found, startedAt)
    const read = this.#handedOut(answer, plan)
    if (read.outcome === 'hit') return this.#readHit(key, read, startedAt)
    const onMiss = (isJoined: boolean): void => {
      if (isJoined) this.#counters.joined()
      else this.#readMiss(key, read, startedAt)
    }
    const { value, freshMs, loadMs, revision, tier, outcome, isUnanswered } = read
    const onNotLoaded = answer.result?.onNotLoaded
    // No spread: with one, V8 takes a microsecond and more for this object.
    return { value, freshMs, loadMs, revision, tier, outcome, isUnanswered, onMiss, onNotLoaded }
  }

  async #orFailure(found: Promise<Found>, startedAt: number): Promise<Found> {
    try {
      return await found
    } catch (error) {
      this.readFailed(error, startedAt)
      throw error
    }
  }

  /** Records reads that failed with an error. */
  readFailed(error: unknown, startedAt: number, reads = 1): void {
    if (error instanceof InfrastructureError) this.#unavailable(reads, startedAt)
  }

  /** Records a write that started at `startedAt`. */
  async write(
    key: string,
    value: unknown,
    startedAt: number,
    writing: Promise<WriteOutcome>,
  ): Promise<void> {
    let outcome: WriteOutcome = 'unavailable'
    try {
      outcome = await writing
    } finally {
      this.#changed('set', outcome !== 'unavailable', startedAt)
    }
    if (outcome === 'stored') this.#events.emit('set_success', key, value)
  }

  /** Records the writes of a chunk. */
  storedMany(
    entries: readonly (readonly [key: string, value: unknown])[],
    outcomes: readonly WriteOutcome[],
    startedAt: number,
  ): void {
    for (const outcome of outcomes) this.#changed('set', outcome !== 'unavailable', startedAt)
    if (!this.#events.has('set_success')) return
    for (const [index, [key, value]] of entries.entries()) {
      if (outcomes[index] === 'stored') this.#events.emit('set_success', key, value)
    }
  }

  /** Records a delete that started at `startedAt`. Returns whether the key held a value. */
  async remove(key: string, startedAt: number, removing: Promise<Removed>): Promise<boolean> {
    let removed: Removed | undefined
    try {
      removed = await removing
    } finally {
      this.#changed('delete', removed?.outcome === 'confirmed', startedAt)
    }
    if (removed.existed) this.#events.emit('delete_success', key)
    return removed.existed
  }

  /** Records the deletes of a chunk. */
  removedMany({ keys, existed, outcome }: RemovedChunk, startedAt: number): void {
    for (let count = 0; count < keys.length; count++) {
      this.#changed('delete', outcome === 'confirmed', startedAt)
    }
    if (!this.#events.has('delete_success')) return
    for (const key of existed) this.#events.emit('delete_success', key)
  }

  /** Records the invalidation of a pattern. */
  invalidated(removed: number, startedAt: number, reason?: string): void {
    this.#monitor?.observeInvalidation(removed, this.#clock.now() - startedAt, reason)
  }

  /** Returns a result with its value as it is handed out. */
  released(result: LookupResult): LookupResult {
    return { ...result, value: this.#isolator.release(result.value) }
  }

  #handedOut({ result, tier, isUnavailable }: Found, plan: Acceptance): ReadValue {
    const { value, freshMs, loadMs, revision } = this.#accepted(result, plan)
    const outcome = freshMs >= 0 ? 'hit' : isUnavailable ? 'error' : 'miss'
    const isUnanswered = outcome === 'error'
    return { value, freshMs, loadMs, revision, tier, outcome, isUnanswered }
  }

  /** Returns a result with its value as it is handed out; an empty one if the value is not accepted. */
  #accepted(result: LookupResult | undefined, plan: Acceptance): LookupResult {
    if (result === undefined || result.freshMs === Number.NEGATIVE_INFINITY) {
      return result ?? emptyLookup(undefined)
    }
    // A copy by spread would take half a microsecond.
    const { freshMs, loadMs, revision } = result
    const value = this.#isolator.release(result.value)
    return isAccepted(plan, value) ? { value, freshMs, loadMs, revision } : emptyLookup(revision)
  }

  #readHit(key: string, read: ReadValue, startedAt: number): ReadValue {
    this.#observe('get', 'hit', read.tier, startedAt)
    this.#hit(key, read.value, read.tier)
    return read
  }

  #readMiss(key: string, { tier, outcome }: ReadValue, startedAt: number): void {
    if (outcome === 'error') this.#unavailable(1, startedAt)
    else {
      this.#observe('get', 'miss', tier, startedAt)
      this.#counters.miss()
    }
    this.#events.emit('get_miss', key)
  }

  #unavailable(reads: number, startedAt: number): void {
    for (let count = 0; count < reads; count++) {
      this.#observe('get', 'error', 'redis', startedAt)
      this.#counters.readError()
    }
  }

  #hit(key: string, value: unknown, tier: CacheTier): void {
    if (tier === 'memory') this.#counters.memoryHit()
    else this.#counters.redisHit()
    if (this.#events.has('get_success')) this.#events.emit('get_success', key, value)
  }

  #changed(operation: 'set' | 'delete', isConfirmed: boolean, startedAt: number): void {
    if (isConfirmed) this.#observe(operation, 'ok', this.#changedTier, startedAt)
    else this.#observe(operation, 'error', 'memory', startedAt)
  }

  #observe(
    operation: 'get' | 'set' | 'delete',
    outcome: 'hit' | 'miss' | 'ok' | 'error',
    tier: CacheTier,
    startedAt: number,
  ): void {
    this.#monitor?.observeOperation(operation, outcome, tier, this.#clock.now() - startedAt)
  }
}
