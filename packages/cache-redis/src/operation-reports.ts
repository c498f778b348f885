import {
  type CacheMonitor,
  type CacheTier,
  type Clock,
  type EventHub,
  type HeldValue,
  InfrastructureError,
  nothingHeld,
} from '@verbatim/cache-core'
import { type Isolator, OperationObserver } from '@verbatim/cache-memory'
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
export interface ReadValue<T = unknown> extends HeldValue<T> {
  readonly tier: CacheTier
}

/** Whether a stored value does for its caller. One that does not counts as a miss. */
export type Accepts = (value: unknown) => boolean

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

  /** A hit in memory. Answers the value as it is handed out. */
  near(key: string, kept: unknown, startedAt: number | undefined): unknown {
    this.#observer?.end('get', 'hit', startedAt)
    return this.#hit(key, kept, 'memory')
  }

  /** A read of Redis. Answers what was held, with its value as it is handed out. */
  async read(
    key: string,
    find: () => Promise<Found>,
    accepts?: Accepts,
  ): Promise<ReadValue | undefined> {
    const startedAt = this.#clock.now()
    const found = await this.#finding(find, startedAt)
    const isFresh = found.held !== undefined && found.held.freshMs >= 0
    const isUsable = !isFresh || this.accepted(found.held.value, accepts)
    return this.found(key, isUsable ? found : { ...found, held: undefined }, startedAt)
  }

  /** Whether a stored value does for its caller. It is copied only for a caller that looks at it. */
  accepted(kept: unknown, accepts: Accepts | undefined): boolean {
    return accepts === undefined || accepts(this.#isolator.release(kept))
  }

  /** Counts a value in memory that does not do for its caller. */
  missedNear(key: string, startedAt: number | undefined): void {
    this.#observer?.end('get', 'miss', startedAt)
    this.#tally.miss()
    this.#events.emit('get_miss', key)
  }

  /**
   * Reads a key that is loaded if it holds nothing fresh. The call counts as a miss only if it starts the
   * load: until then nobody knows.
   */
  async readToLoad(key: string, find: () => Promise<Found>, accepts?: Accepts): Promise<ReadValue> {
    const startedAt = this.#clock.now()
    const found = await this.#finding(find, startedAt)
    const { held = nothingHeld(undefined), tier } = found
    if (held.freshMs >= 0 && this.accepted(held.value, accepts))
      return this.#found(key, held, tier, startedAt)
    const onMiss = (isJoined: boolean): void => {
      if (isJoined) this.#tally.joined()
      else this.#missed(key, tier, startedAt)
    }
    const freshMs = held.freshMs >= 0 ? Number.NEGATIVE_INFINITY : held.freshMs
    return { ...this.released(held), freshMs, tier, onMiss }
  }

  /** Returns what a read found that began at `startedAt`. */
  found(key: string, { held, tier }: Found, startedAt: number): ReadValue | undefined {
    if (held !== undefined && held.freshMs >= 0) return this.#found(key, held, tier, startedAt)
    this.#missed(key, tier, startedAt)
    return held && { ...this.released(held), tier }
  }

  #found(key: string, held: HeldValue, tier: CacheTier, startedAt: number): ReadValue {
    this.#observe('get', 'hit', tier, startedAt)
    // Field by field: a copy by spread takes half a microsecond.
    const { freshMs, loadMs, seen } = held
    return { value: this.#hit(key, held.value, tier), freshMs, loadMs, seen, tier }
  }

  #missed(key: string, tier: CacheTier, startedAt: number): void {
    this.#observe('get', 'miss', tier, startedAt)
    this.#tally.miss()
    this.#events.emit('get_miss', key)
  }

  async #finding(find: () => Promise<Found>, startedAt: number): Promise<Found> {
    try {
      return await find()
    } catch (error) {
      if (error instanceof InfrastructureError) this.#observe('get', 'error', 'redis', startedAt)
      throw error
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

  released(held: HeldValue): HeldValue {
    return { ...held, value: this.#isolator.release(held.value) }
  }

  #hit(key: string, kept: unknown, tier: CacheTier): unknown {
    if (tier === 'memory') this.#tally.memoryHit()
    else this.#tally.redisHit()
    const value = this.#isolator.release(kept)
    if (this.#events.has('get_success')) this.#events.emit('get_success', key, value)
    return value
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
