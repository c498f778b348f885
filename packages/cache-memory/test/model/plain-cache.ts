import type { Clock, Ttl } from '@verbatim/cache-core'
import { toMilliseconds } from '@verbatim/cache-core/implement'

interface PlainEntry {
  readonly value: number
  readonly freshUntil: number
  /** From `freshUntil` on it is stale, and from here on gone. */
  readonly heldUntil: number
  readonly tags: readonly string[]
}

export interface PlainOptions {
  readonly ttl?: Ttl | undefined
  readonly tags?: readonly string[] | undefined
}

export interface PlainLoad extends PlainOptions {
  /** For how many milliseconds after its life a value may be served while it is loaded anew. */
  readonly revalidateMs: number
  /** The same for a value whose load fails. */
  readonly ifErrorMs: number
}

export type PlainCounts = PlainCache['counts']

/** What a load comes to that fails, with nothing to serve in its stead. */
export const FAILED = 'failed'

/**
 * What the cache should do, said as plainly as possible. Whatever is over goes at once, and lives
 * are told by the date, for a cache may be restored by another.
 */
export class PlainCache {
  readonly #maxSize: number
  readonly #clock: Clock
  /** The most recently used is last. */
  readonly #entries: Map<string, PlainEntry>
  readonly #rests = new Map<string, { readonly pauseMs: number; readonly until: number }>()
  readonly counts = { hits: 0, misses: 0, staleServed: 0, evictions: 0, expirations: 0 }

  constructor(maxSize: number, clock: Clock, entries: Iterable<[string, PlainEntry]> = []) {
    this.#maxSize = maxSize
    this.#clock = clock
    this.#entries = new Map(entries)
  }

  /** Forgets what is over; called whenever time has passed. */
  expire(): void {
    for (const [key, { heldUntil }] of this.#entries) {
      if (heldUntil < this.#now) {
        this.#entries.delete(key)
        this.counts.expirations++
      }
    }
  }

  /** As another that has taken over what this one holds, and which has done nothing so far. */
  restored(clock: Clock): PlainCache {
    const held = [...this.#entries].filter(([, entry]) => entry.heldUntil >= clock.wallTime())
    return new PlainCache(this.#maxSize, clock, held)
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
    this.#entries.set(key, { value, freshUntil, heldUntil: freshUntil + graceMs, tags })
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

  /** Answers how many of them were fresh. */
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

  /** Fresh or stale, most recently used first. */
  held(): string[] {
    return [...this.#entries.keys()].toReversed()
  }

  fresh(): string[] {
    return this.held().filter((key) => this.exists(key))
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

  /** Answers whether it has come to something. Failures make the loader rest, longer each time. */
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
