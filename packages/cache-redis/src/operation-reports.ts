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
import type { Tally } from './tally.js'
import type { Found } from './tiers/tier-reads.js'
import type { Removed } from './tiers/tier-writes.js'

export interface OperationReportsOptions {
  readonly events: EventHub<RedisCacheEvents>
  readonly tally: Tally
  readonly monitor: CacheMonitor | undefined
  readonly isolator: Isolator
  readonly clock: Clock
  /** Where changes go: memory for a cache that is memory only. */
  readonly changedTier: CacheTier
}

/** What was held, with the value as it is handed out, and which tier has answered. */
export interface ReadValue<T = unknown> extends LookupResult<T> {
  readonly tier: CacheTier
  /** `'error'` when Redis could not answer and memory held nothing fresh. */
  readonly outcome: 'hit' | 'miss' | 'error'
}

/** What a call accepts. Any other value counts as a miss. */
type Acceptance = Pick<ReadPlan, 'accept'>

const ACCEPTS_ALL: Acceptance = { accept: undefined }

/** Tells of each operation, once: to the tally, to listeners and to the monitor. */
export class OperationReports {
  readonly #events: EventHub<RedisCacheEvents>
  readonly #tally: Tally
  readonly #isolator: Isolator
  readonly #monitor: CacheMonitor | undefined
  readonly #clock: Clock
  readonly #changedTier: CacheTier
  /** For hits in memory, of which only a sample is timed. */
  readonly #observer: OperationObserver | undefined

  constructor(options: OperationReportsOptions) {
    const { events, tally, isolator, monitor, clock } = options
    this.#changedTier = options.changedTier
    this.#events = events
    this.#tally = tally
    this.#isolator = isolator
    this.#monitor = monitor
    this.#clock = clock
    this.#observer = monitor && new OperationObserver(monitor, clock)
  }

  /** Before a read that may be a hit in memory. */
  startNear(): number | undefined {
    return this.#observer?.start()
  }

  /** Counts a hit in memory. Returns the value as it is handed out. */
  near(key: string, kept: unknown, startedAt: number | undefined): unknown {
    const value = this.#isolator.release(kept)
    this.#observer?.end('get', 'hit', startedAt)
    this.#hit(key, value, 'memory')
    return value
  }

  /** Does the same if the caller accepts the value; returns `undefined` and counts nothing if not. */
  acceptedNear(
    key: string,
    kept: unknown,
    startedAt: number | undefined,
    plan: Acceptance,
  ): { readonly value: unknown } | undefined {
    const value = this.#isolator.release(kept)
    if (!isAccepted(plan, value)) return undefined
    this.#observer?.end('get', 'hit', startedAt)
    this.#hit(key, value, 'memory')
    return { value }
  }

  /** Reads Redis and counts the result. Returns what was held, with its value as it is handed out. */
  async read(
    key: string,
    find: () => Promise<Found>,
    plan: Acceptance = ACCEPTS_ALL,
  ): Promise<ReadValue> {
    const startedAt = this.#clock.now()
    return this.found(key, await this.#finding(find, startedAt), startedAt, plan)
  }

  /**
   * Reads a key that is loaded if it holds nothing fresh. The call counts as a miss only if it starts the
   * load: until then nobody knows.
   */
  async readToLoad(
    key: string,
    find: () => Promise<Found>,
    plan: Acceptance = ACCEPTS_ALL,
  ): Promise<ReadValue> {
    const startedAt = this.#clock.now()
    const found = await this.#finding(find, startedAt)
    const value = this.#valueOf(found, plan)
    if (value.outcome === 'hit') return this.#found(key, value, startedAt)
    const onMiss = (isJoined: boolean): void => {
      if (isJoined) this.#tally.joined()
      else this.#notFound(key, value, startedAt)
    }
    return { ...value, onMiss, onNotLoaded: found.held?.onNotLoaded }
  }

  /** Counts the result of a read that started at `startedAt`, and returns what was held. */
  found(key: string, found: Found, startedAt: number, plan: Acceptance = ACCEPTS_ALL): ReadValue {
    const value = this.#valueOf(found, plan)
    if (value.outcome === 'hit') return this.#found(key, value, startedAt)
    this.#notFound(key, value, startedAt)
    return value
  }

  #valueOf({ held: kept, tier, isUnanswered }: Found, plan: Acceptance): ReadValue {
    const { value, freshMs, loadMs, revision: seen } = this.#usable(kept, plan)
    const outcome = freshMs >= 0 ? 'hit' : isUnanswered ? 'error' : 'miss'
    return {
      value,
      freshMs,
      loadMs,
      revision: seen,
      tier,
      outcome,
      isUnanswered: outcome === 'error',
    }
  }

  #found(key: string, read: ReadValue, startedAt: number): ReadValue {
    this.#observe('get', 'hit', read.tier, startedAt)
    this.#hit(key, read.value, read.tier)
    return read
  }

  #notFound(key: string, { tier, outcome }: ReadValue, startedAt: number): void {
    if (outcome === 'error') this.failed(1, startedAt)
    else {
      this.#observe('get', 'miss', tier, startedAt)
      this.#tally.miss()
    }
    this.#events.emit('get_miss', key)
  }

  async #finding(find: () => Promise<Found>, startedAt: number): Promise<Found> {
    try {
      return await find()
    } catch (error) {
      if (error instanceof InfrastructureError) this.failed(1, startedAt)
      throw error
    }
  }

  /** Counts reads that Redis could not answer. */
  failed(reads: number, startedAt: number): void {
    for (let count = 0; count < reads; count++) {
      this.#observe('get', 'error', 'redis', startedAt)
      this.#tally.readError()
    }
  }

  async store(key: string, value: unknown, store: () => Promise<WriteOutcome>): Promise<void> {
    const startedAt = this.#clock.now()
    let outcome: WriteOutcome = 'unavailable'
    try {
      outcome = await store()
    } finally {
      this.#changed('set', outcome !== 'unavailable', startedAt)
    }
    if (outcome === 'stored') this.#events.emit('set_success', key, value)
  }

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

  async remove(key: string, remove: () => Promise<Removed>): Promise<boolean> {
    const startedAt = this.#clock.now()
    let removed: Removed | undefined
    try {
      removed = await remove()
    } finally {
      this.#changed('delete', removed?.outcome === 'confirmed', startedAt)
    }
    if (removed.existed) this.#events.emit('delete_success', key)
    return removed.existed
  }

  removedMany(
    keys: readonly string[],
    existed: readonly string[],
    isConfirmed: boolean,
    startedAt: number,
  ): void {
    for (let count = 0; count < keys.length; count++) {
      this.#changed('delete', isConfirmed, startedAt)
    }
    if (!this.#events.has('delete_success')) return
    for (const key of existed) this.#events.emit('delete_success', key)
  }

  async invalidate(remove: () => Promise<number>, reason?: string): Promise<number> {
    const startedAt = this.#clock.now()
    const removed = await remove()
    this.#monitor?.observeInvalidation(removed, this.#clock.now() - startedAt, reason)
    return removed
  }

  released(held: LookupResult): LookupResult {
    return { ...held, value: this.#isolator.release(held.value) }
  }

  /** Returns what is held with its value as it is handed out; a value that is not accepted is none. */
  #usable(kept: LookupResult | undefined, plan: Acceptance): LookupResult {
    if (kept === undefined || kept.freshMs === Number.NEGATIVE_INFINITY) {
      return kept ?? emptyLookup(undefined)
    }
    // Field by field: a copy by spread takes half a microsecond.
    const { freshMs, loadMs, revision: seen } = kept
    const value = this.#isolator.release(kept.value)
    return isAccepted(plan, value) ? { value, freshMs, loadMs, revision: seen } : emptyLookup(seen)
  }

  #hit(key: string, value: unknown, tier: CacheTier): void {
    if (tier === 'memory') this.#tally.memoryHit()
    else this.#tally.redisHit()
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
