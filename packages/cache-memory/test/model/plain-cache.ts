import type { Clock, Ttl } from '@verbatim/cache-core'
import { toMilliseconds } from '@verbatim/cache-core/implement'

interface PlainEntry {
  readonly value: number
  readonly freshUntil: number
  /** End of the grace period. */
  readonly retainedUntil: number
  readonly tags: readonly string[]
}

export interface PlainOptions {
  readonly ttl?: Ttl | undefined
  readonly tags?: readonly string[] | undefined
}

export interface PlainLoad extends PlainOptions {
  /** Period after the TTL in which a value may be served while it is loaded again, in milliseconds. */
  readonly revalidateMs: number
  /** Period after the TTL in which a value may be served if its load fails, in milliseconds. */
  readonly ifErrorMs: number
}

export type PlainCounts = PlainCache['counts']

/** Result of a failed load without a stale value. */
export const FAILED = 'failed'

/**
 * The expected behavior of the cache, as simply as possible. Expired entries are removed at once. Expiry
 * uses the date, because another cache may restore the entries.
 */
export class PlainCache {
  readonly #maxSize: number
  readonly #clock: Clock
  /** Entries by key, most recently used last. */
  readonly #entries: Map<string, PlainEntry>
  readonly #rests = new Map<string, { readonly pauseMs: number; readonly until: number }>()
  readonly counts = { hits: 0, misses: 0, staleServed: 0, evictions: 0, expirations: 0 }

  constructor(maxSize: number, clock: Clock, entries: Iterable<[string, PlainEntry]> = []) {
    this.#maxSize = maxSize
    this.#clock = clock
    this.#entries = new Map(entries)
  }

  /** Removes expired entries. Called whenever time has passed. */
  expire(): void {
    for (const [key, { retainedUntil }] of this.#entries) {
      if (retainedUntil < this.#now) {
        this.#entries.delete(key)
        this.counts.expirations++
      }
    }
  }

  /** Returns a model with the same entries and new counts. */
  restored(clock: Clock): PlainCache {
    const retained = [...this.#entries].filter(
      ([, entry]) => entry.retainedUntil >= clock.wallTime(),
    )
    return new PlainCache(this.#maxSize, clock, retained)
  }

  get(key: string): number | undefined {
    const entry = this.#use(key)
    if (entry === undefined || !this.#isFresh(entry)) {
      this.counts.misses++
      return undefined
    }
    this.counts.hits++
    return entry.value
  }

  getMany(keys: readonly string[]): Map<string, number> {
    const found = new Map<string, number>()
    for (const key of keys) {
      const value = this.get(key)
      if (value !== undefined) found.set(key, value)
    }
    return found
  }

  getOrSet(key: string, load: PlainLoad, loaded: number | undefined): number | typeof FAILED {
    const found = this.get(key)
    if (found !== undefined) return found
    const stale = this.#entries.get(key)
    const staleMs = stale === undefined ? Number.POSITIVE_INFINITY : this.#now - stale.freshUntil
    const isResting = this.#now < (this.#rests.get(key)?.until ?? 0)
    if (stale !== undefined && staleMs <= load.revalidateMs) {
      this.counts.staleServed++
      if (!isResting) this.#load(key, load, loaded)
      return stale.value
    }
    if (stale !== undefined && staleMs <= load.ifErrorMs) {
      if (!isResting && this.#load(key, load, loaded)) return loaded as number
      this.counts.staleServed++
      return stale.value
    }
    return this.#load(key, load, loaded) ? (loaded as number) : FAILED
  }

  set(key: string, value: number, { ttl = 3_600, tags = [] }: PlainOptions, graceMs = 0): void {
    const freshUntil = this.#now + toMilliseconds(ttl)
    this.#entries.delete(key)
    this.#entries.set(key, { value, freshUntil, retainedUntil: freshUntil + graceMs, tags })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#maxSize && oldest !== undefined) {
      this.#entries.delete(oldest)
      this.counts.evictions++
    }
  }

  delete(key: string): boolean {
    const wasFresh = this.exists(key)
    this.#entries.delete(key)
    return wasFresh
  }

  /** Returns how many of them were fresh. */
  deleteWhere(matches: (key: string, tags: readonly string[]) => boolean): number {
    const keys = [...this.#entries].filter(([key, { tags }]) => matches(key, tags))
    return keys.filter(([key]) => this.delete(key)).length
  }

  exists(key: string): boolean {
    return this.peek(key) !== undefined
  }

  peek(key: string): number | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && this.#isFresh(entry) ? entry.value : undefined
  }

  getTtl(key: string): number | null | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || !this.#isFresh(entry)) return undefined
    const left = (entry.freshUntil - this.#now) / 1_000
    return Number.isFinite(left) ? left : null
  }

  /** Returns the keys of fresh and stale entries, most recently used first. */
  retained(): string[] {
    return [...this.#entries.keys()].toReversed()
  }

  fresh(): string[] {
    return this.retained().filter((key) => this.exists(key))
  }

  get #now(): number {
    return this.#clock.wallTime()
  }

  #isFresh({ freshUntil }: PlainEntry): boolean {
    return freshUntil >= this.#now
  }

  #use(key: string): PlainEntry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  /** Returns whether the load succeeds. Each failure pauses the loads of a key for longer. */
  #load(key: string, load: PlainLoad, loaded: number | undefined): boolean {
    const graceMs = Math.max(load.revalidateMs, load.ifErrorMs)
    if (loaded !== undefined) {
      this.#rests.delete(key)
      this.set(key, loaded, load, graceMs)
    } else if (graceMs > 0) {
      const pauseMs = Math.min(2 * (this.#rests.get(key)?.pauseMs ?? 500), 60_000)
      this.#rests.set(key, { pauseMs, until: this.#now + pauseMs })
    }
    return loaded !== undefined
  }
}
