import type { Clock } from '@verbatim/cache-core'
import {
  assertKey,
  assertValue,
  type EventHub,
  type LookupResult,
  type StorePlan,
  timers,
} from '@verbatim/cache-core/implement'
import { type EntrySize, entrySizeFor } from './entry-size.js'
import { type Entry, EntryStore, type RemovalReason } from './entry-store.js'
import type { InMemoryCacheEvents } from './events.js'
import { type Isolator, isolatorFor } from './isolation.js'
import type { ResolvedOptions } from './options.js'
import { type InMemoryCacheSnapshot, restorable, takeSnapshot } from './snapshot.js'

/** A value that is checked, copied if necessary and measured, so that storing it cannot throw. */
export interface Admitted {
  readonly key: string
  readonly storedValue: unknown
  readonly bytes: number
}

/** Adds checks, isolation, sizes and events to an {@link EntryStore}. */
export class ValueStore {
  readonly entries: EntryStore
  readonly #clock: Clock
  readonly #events: EventHub<InMemoryCacheEvents>
  readonly #isolator: Isolator
  readonly #sizeOf: EntrySize

  constructor(options: ResolvedOptions, clock: Clock, events: EventHub<InMemoryCacheEvents>) {
    this.#clock = clock
    this.#events = events
    this.#isolator = isolatorFor(options.isolation)
    this.#sizeOf = entrySizeFor(options)
    this.entries = new EntryStore(options, clock, (entry, reason) => {
      this.#notifyRemoved(entry, reason)
    })
  }

  /** Returns the value of a key if it is fresh, and counts as use. */
  use(key: string): unknown {
    const entry = this.entries.use(key)
    return entry === undefined ? undefined : this.#isolator.release(entry.storedValue)
  }

  /** Returns the value of a key if it is fresh, without counting as use. */
  peek(key: string): unknown {
    const entry = this.entries.peek(key)
    return entry === undefined ? undefined : this.#isolator.release(entry.storedValue)
  }

  /** Returns the value of a key, fresh or stale, without counting as use. */
  lookup(key: string): LookupResult | undefined {
    const found = this.entries.lookup(key)
    if (found === undefined) return undefined
    const { value, freshMs, loadMs } = found
    return { value: this.#isolator.release(value), freshMs, loadMs }
  }

  /** @throws ValidationError, SerializationError for a key or value that cannot be stored */
  admit(key: string, value: unknown): Admitted {
    assertKey(key)
    assertValue(value)
    return { key, storedValue: this.#isolator.admit(value), bytes: this.#sizeOf(key, value) }
  }

  /** Returns whether the value was stored: it is not if it is larger than an entry may be. */
  store({ key, storedValue, bytes }: Admitted, plan: StorePlan): boolean {
    const isStored = this.entries.put(key, storedValue, bytes, plan)
    if (!isStored) this.#emitLater('refused', key, bytes)
    return isStored
  }

  snapshot(): InMemoryCacheSnapshot {
    return takeSnapshot(this.entries.retained(), this.#clock, this.#isolator)
  }

  /** Stores the entries of a snapshot. Returns how many it stored. */
  restore(snapshot: InMemoryCacheSnapshot): number {
    // All entries are admitted before the first is stored, so a bad one rejects the whole snapshot.
    const now = this.#clock.now()
    const ready = restorable(snapshot, this.#clock)
      .filter(({ key }) => this.entries.peekAllowStale(key, now) === undefined)
      .map(({ key, value, plan }) => ({ admitted: this.admit(key, value), plan }))
    return ready.filter(({ admitted, plan }) => this.store(admitted, plan)).length
  }

  #notifyRemoved({ key, storedValue }: Entry, reason: RemovalReason): void {
    // Without a listener, the value is not copied.
    if (this.#events.has(reason)) this.#emitLater(reason, key, this.#isolator.release(storedValue))
  }

  /** Emits an event after the current call has ended, because a listener may use the cache. */
  #emitLater<Name extends keyof InMemoryCacheEvents>(
    event: Name,
    ...details: InMemoryCacheEvents[Name]
  ): void {
    timers.queueMicrotask(() => this.#events.emit(event, ...details))
  }
}
