import {
  assertKey,
  assertTags,
  assertValue,
  compileGlob,
  invalidationReason,
  isAccepted,
  type LoadIsolator,
  type LookupResult,
  planStore,
  type ReadPlan,
  type StorePlan,
} from '../../src/implement.js'
import {
  CacheInterface,
  type CacheMonitor,
  type CacheOperation,
  type Clock,
  type InvalidationOptions,
  type OperationOutcome,
  type SetOptions,
  type Ttl,
} from '../../src/index.js'
import { type Isolation, isolate } from './isolate.js'

export interface ReferenceOptions {
  readonly clock?: Clock
  readonly isolation?: Isolation
  readonly monitor?: CacheMonitor
}

export interface Entry {
  readonly value: unknown
  readonly expiresAt: number
  /** The end of the time during which stale reads may return it. */
  readonly staleUntil: number
  readonly loadMs: number
  readonly tags: readonly string[]
}

/** Implements the whole contract in the simplest way: a Map of values and their times of expiry. */
export class ReferenceCache extends CacheInterface {
  protected readonly entries = new Map<string, Entry>()
  readonly #isolation: Isolation
  readonly #monitor: CacheMonitor | undefined
  #hits = 0
  #misses = 0

  constructor({ clock, isolation = 'none', monitor }: ReferenceOptions = {}) {
    const isolator: LoadIsolator = {
      admit: (value) => this.admitLoaded(value),
      release: (admitted) => this.releaseLoaded(admitted),
    }
    super({ clock, isolator: isolation === 'none' ? undefined : isolator })
    this.#isolation = isolation
    this.#monitor = monitor
  }

  override async get<T>(key: string): Promise<T | undefined> {
    const startedAt = this.clock.now()
    assertKey(key)
    const entry = this.fresh(key)
    this.countRead(entry !== undefined, startedAt)
    return entry && (this.release(entry.value) as T)
  }

  override async set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
    assertKey(key)
    assertValue(value)
    const plan = planStore(ttl, this.defaultTtlMs)
    this.store(key, value, plan)
    this.fence(key)
  }

  override async add<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<boolean> {
    assertKey(key)
    assertValue(value)
    const plan = planStore(ttl, this.defaultTtlMs)
    if (this.fresh(key) !== undefined) return false
    this.store(key, value, plan)
    this.fence(key)
    return true
  }

  override async delete(key: string): Promise<boolean> {
    const startedAt = this.clock.now()
    assertKey(key)
    const removed = this.fresh(key) !== undefined
    this.fence(key)
    this.entries.delete(key)
    this.observe('delete', 'ok', startedAt)
    return removed
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return this.fresh(key) !== undefined
  }

  override async getTtl(key: string): Promise<number | null | undefined> {
    assertKey(key)
    const entry = this.fresh(key)
    if (entry === undefined) return undefined
    return Number.isFinite(entry.expiresAt) ? (entry.expiresAt - this.clock.now()) / 1_000 : null
  }

  override async *scan(pattern = '*'): AsyncIterable<string> {
    yield* this.matching(pattern)
  }

  override async invalidatePattern(
    pattern: string,
    options?: InvalidationOptions,
  ): Promise<number> {
    const startedAt = this.clock.now()
    const matches = compileGlob(pattern)
    const reason = invalidationReason(options)
    const removed = this.matching(pattern).length
    this.fenceAll()
    // Also removes the entries that only stale reads can return.
    for (const key of this.entries.keys()) if (matches(key)) this.entries.delete(key)
    this.#monitor?.observeInvalidation(removed, this.clock.now() - startedAt, reason)
    return removed
  }

  override async invalidateTags(tags: readonly string[]): Promise<void> {
    assertTags(tags)
    this.fenceTags(tags)
    for (const [key, entry] of this.entries) {
      if (this.carries(entry, tags)) this.entries.delete(key)
    }
  }

  getStats(): { hits: number; misses: number; hitRate?: number } {
    const [hits, misses] = [this.#hits, this.#misses]
    const reads = hits + misses
    return { hits, misses, ...(reads > 0 && { hitRate: (hits / reads) * 100 }) }
  }

  protected override async lookup<T>(
    key: string,
    plan?: ReadPlan,
  ): Promise<LookupResult<T> | undefined> {
    const startedAt = this.clock.now()
    assertKey(key)
    const entry = this.retained(key)
    const value = entry && (this.release(entry.value) as T)
    const isUsable = entry !== undefined && (plan === undefined || isAccepted(plan, value))
    this.countRead(isUsable && this.fresh(key) !== undefined, startedAt)
    if (!isUsable) return undefined
    const freshMs = entry.expiresAt - this.clock.now()
    return { value: value as T, freshMs, loadMs: entry.loadMs }
  }

  protected override async fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    this.store(key, value, plan)
  }

  protected admitLoaded(value: unknown): unknown {
    return this.admit(value)
  }

  protected releaseLoaded(admitted: unknown): unknown {
    return this.release(admitted)
  }

  protected store(key: string, value: unknown, plan: StorePlan): void {
    const startedAt = this.clock.now()
    const expiresAt = startedAt + plan.ttlMs
    this.entries.set(key, {
      value: this.admit(value),
      expiresAt,
      staleUntil: expiresAt + plan.graceMs,
      loadMs: plan.loadMs,
      tags: [...plan.tags],
    })
    this.observe('set', 'ok', startedAt)
  }

  protected admit(value: unknown): unknown {
    return isolate(value, this.#isolation)
  }

  protected release(value: unknown): unknown {
    return isolate(value, this.#isolation)
  }

  protected fresh(key: string): Entry | undefined {
    const entry = this.entries.get(key)
    return entry !== undefined && entry.expiresAt >= this.clock.now() ? entry : undefined
  }

  protected retained(key: string): Entry | undefined {
    const entry = this.entries.get(key)
    return entry !== undefined && entry.staleUntil >= this.clock.now() ? entry : undefined
  }

  protected matching(pattern: string): string[] {
    const matches = compileGlob(pattern)
    return [...this.entries.keys()].filter((key) => matches(key) && this.fresh(key) !== undefined)
  }

  protected carries(entry: Entry, tags: readonly string[]): boolean {
    return entry.tags.some((tag) => tags.includes(tag))
  }

  protected fence(key: string): void {
    this.loads.fence(key)
  }

  protected fenceAll(): void {
    this.loads.fenceAll()
  }

  protected fenceTags(tags: readonly string[]): void {
    this.loads.fenceTags(tags)
  }

  protected countRead(isHit: boolean, startedAt: number): void {
    if (isHit) this.#hits++
    else this.#misses++
    this.observe('get', isHit ? 'hit' : 'miss', startedAt)
  }

  protected observe(operation: CacheOperation, outcome: OperationOutcome, startedAt: number): void {
    this.#monitor?.observeOperation(operation, outcome, 'memory', this.clock.now() - startedAt)
  }
}
