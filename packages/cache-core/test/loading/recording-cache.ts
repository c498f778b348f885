import { vi } from 'vitest'
import {
  type Flight,
  type LoadIsolator,
  type LookupResult,
  planLoad,
  type StorePlan,
} from '../../src/implement.js'
import { type CacheError, type GetOrSetOptions, type Loader, ManualClock } from '../../src/index.js'
import { type LoadingCache, ReadThrough } from '../../src/loading/read-through.js'
import { turn } from './source.js'

interface Entry<T> {
  readonly value: T
  readonly expiresAt: number
  readonly graceMs: number
  readonly loadMs: number
}

/** Times of a value that a test puts into the cache. */
export interface ValueTimes {
  /** Remaining TTL in milliseconds; negative after it. */
  readonly freshMs: number
  readonly loadMs?: number
}

/** A minimal {@link LoadingCache}, which records all calls. */
export class RecordingCache<T = string> implements LoadingCache {
  readonly clock = new ManualClock()
  readonly defaultTtlMs = 3_600_000
  readonly reads: ReadThrough
  readonly fills: {
    key: string
    value: unknown
    plan: StorePlan
    expectedRevision: string | undefined
  }[] = []
  readonly served: string[] = []
  readonly failures: { key: string; error: unknown }[] = []
  /** Loaded values that were not stored. */
  readonly refusals: { key: string; code: string }[] = []
  isolator: LoadIsolator | undefined
  /** Called after a value is stored. `fill` waits for it. */
  stored: () => Promise<void> = () => Promise.resolve()
  readonly #entries = new Map<string, Entry<T>>()

  constructor(random?: () => number) {
    this.reads = new ReadThrough(this, random)
  }

  /** Implementation of {@link LoadingCache.beforeLoad}, which a test can replace. */
  turn: (flight: Flight) => Promise<LookupResult | undefined> | undefined = () => undefined

  readonly beforeLoad = <V>(flight: Flight<V>): Promise<LookupResult<V> | undefined> | undefined =>
    this.turn(flight) as Promise<LookupResult<V> | undefined> | undefined

  readonly fill = async (
    { key, expectedRevision }: Flight,
    value: unknown,
    plan: StorePlan,
  ): Promise<void> => {
    this.fills.push({ key, value, plan, expectedRevision })
    const expiresAt = this.clock.now() + plan.ttlMs
    const { graceMs, loadMs } = plan
    this.#entries.set(key, { value: value as T, expiresAt, graceMs, loadMs })
    await this.stored()
  }

  readonly staleServed = (key: string): void => {
    this.served.push(key)
  }

  readonly refreshFailed = (key: string, error: unknown): void => {
    this.failures.push({ key, error })
  }

  readonly notStored = (key: string, error: CacheError): void => {
    this.refusals.push({ key, code: error.code })
  }

  /** Starts the loader before it returns, unlike {@link CacheInterface.getOrSet}. */
  getOrSet(key: string, loader: Loader<T>, options?: GetOrSetOptions<T>): Promise<T> {
    return this.reads.read(key, loader, planLoad(options), this.lookup(key))
  }

  lookup(key: string): LookupResult<T> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const freshMs = entry.expiresAt - this.clock.now()
    if (-freshMs > entry.graceMs) return undefined
    return { value: entry.value, freshMs, loadMs: entry.loadMs }
  }

  /** Stores a value without an end of its grace period, so that only the options of a call decide. */
  retain(key: string, value: T, { freshMs, loadMs = 0 }: ValueTimes): void {
    const expiresAt = this.clock.now() + freshMs
    this.#entries.set(key, { value, expiresAt, graceMs: Number.POSITIVE_INFINITY, loadMs })
  }

  delete(key: string): void {
    this.reads.flights.fence(key)
    this.#entries.delete(key)
  }

  /** Advances the clock and the timers, which must be fake. */
  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds)
    await vi.advanceTimersByTimeAsync(milliseconds)
    await turn()
  }
}
