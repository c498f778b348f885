import {
  assertKey,
  assertValue,
  type Clock,
  type EventHub,
  type LookupResult,
  type StorePlan,
  timers,
} from '@verbatim/cache-core'
import { type Entry, freshUntil } from './entry.js'
import { type EntrySize, entrySizeFor } from './entry-size.js'
import { EntryStore, type RemovalReason } from './entry-store.js'
import type { InMemoryCacheEvents } from './events.js'
import { type Isolator, isolatorFor } from './isolation.js'
import type { ResolvedOptions } from './options.js'
import { type InMemoryCacheSnapshot, restorable, takeSnapshot } from './snapshot.js'

/** A value that was checked, copied if need be and measured: nothing can refuse it any more. */
export interface Admitted {
  readonly key: string
  readonly storedValue: unknown
  readonly bytes: number
}

/** Entries as those see them who put values in and take values out. */
export class ValueStore {
  readonly entries: EntryStore
  /** Values that were too large to be kept. */
  refusals = 0
  readonly #clock: Clock
  readonly #events: EventHub<InMemoryCacheEvents>
  readonly #isolator: Isolator
  readonly #sizeOf: EntrySize
  readonly #maxEntryBytes: number

  constructor(options: ResolvedOptions, clock: Clock, events: EventHub<InMemoryCacheEvents>) {
    this.#clock = clock
    this.#events = events
    this.#isolator = isolatorFor(options.isolation)
    this.#sizeOf = entrySizeFor(options)
    this.#maxEntryBytes = options.maxEntryBytes
    this.entries = new EntryStore(options, clock, (entry, reason) => {
      this.#notifyRemoved(entry, reason)
    })
  }

  /** The value of a key that is fresh, which counts as use. */
  use(key: string): unknown {
    const entry = this.entries.use(key)
    return entry === undefined ? undefined : this.#isolator.release(entry.storedValue)
  }

  /** The value of a key that is fresh. */
  peek(key: string): unknown {
    const entry = this.entries.peek(key)
    return entry === undefined ? undefined : this.#isolator.release(entry.storedValue)
  }

  /** The value of a key, fresh or stale. */
  peekAllowStale(key: string): LookupResult | undefined {
    const now = this.#clock.now()
    const entry = this.entries.peekAllowStale(key, now)
    if (entry === undefined) return undefined
    return {
      value: this.#isolator.release(entry.storedValue),
      freshMs: freshUntil(entry) - now,
      loadMs: entry.extra?.loadMs ?? 0,
    }
  }

  /** @throws ValidationError, SerializationError for what cannot be stored */
  admit(key: string, value: unknown): Admitted {
    assertKey(key)
    assertValue(value)
    return { key, storedValue: this.#isolator.admit(value), bytes: this.#sizeOf(key, value) }
  }

  /** Answers whether there was room for it. */
  store({ key, storedValue, bytes }: Admitted, plan: StorePlan): boolean {
    if (bytes <= this.#maxEntryBytes) {
      this.entries.put(key, storedValue, bytes, plan)
      return true
    }
    // The old value goes all the same: it is not the key's value any more.
    this.entries.remove(key)
    this.refusals++
    this.#announce('refused', key, bytes)
    return false
  }

  snapshot(): InMemoryCacheSnapshot {
    return takeSnapshot(this.entries.retained(), this.#clock, this.#isolator)
  }

  /** Answers how many entries were taken over. */
  restore(snapshot: InMemoryCacheSnapshot): number {
    // All are made ready before the first is stored: a snapshot is refused as a whole.
    const now = this.#clock.now()
    const ready = restorable(snapshot, this.#clock)
      .filter(({ key }) => this.entries.peekAllowStale(key, now) === undefined)
      .map(({ key, value, plan }) => ({ admitted: this.admit(key, value), plan }))
    return ready.filter(({ admitted, plan }) => this.store(admitted, plan)).length
  }

  #notifyRemoved({ key, storedValue }: Entry, reason: RemovalReason): void {
    // A value that nobody asks for need not be copied.
    if (this.#events.has(reason)) this.#announce(reason, key, this.#isolator.release(storedValue))
  }

  /** Once the call is done: a listener may well use the cache. */
  #announce<Name extends keyof InMemoryCacheEvents>(
    event: Name,
    ...details: InMemoryCacheEvents[Name]
  ): void {
    timers.queueMicrotask(() => this.#events.emit(event, ...details))
  }
}
