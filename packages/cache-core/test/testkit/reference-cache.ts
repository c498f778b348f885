import {
  assertKey,
  assertPattern,
  assertValue,
  CacheInterface,
  type Clock,
  compileGlob,
  type Ttl,
  toMilliseconds,
} from '../../src/index.js'

/** The whole contract in its plainest form: a Map of values and the times at which they die. */
export class ReferenceCache extends CacheInterface {
  protected readonly clock: Clock
  readonly #entries = new Map<string, { value: unknown; expiresAt: number }>()

  constructor(clock: Clock) {
    super()
    this.clock = clock
  }

  override async get<T>(key: string): Promise<T | undefined> {
    return this.#live(key)?.value as T | undefined
  }

  override async set<T>(key: string, value: T, ttl: Ttl = 3_600): Promise<void> {
    assertKey(key)
    assertValue(value)
    const expiresAt = this.clock.now() + toMilliseconds(ttl)
    this.fenceLoad(key)
    this.#entries.set(key, { value, expiresAt })
  }

  override async delete(key: string): Promise<boolean> {
    const removed = this.#live(key) !== undefined
    this.fenceLoad(key)
    this.#entries.delete(key)
    return removed
  }

  override async exists(key: string): Promise<boolean> {
    return this.#live(key) !== undefined
  }

  override async getTtl(key: string): Promise<number | null | undefined> {
    const entry = this.#live(key)
    if (entry === undefined) return undefined
    return Number.isFinite(entry.expiresAt) ? (entry.expiresAt - this.clock.now()) / 1_000 : null
  }

  override async *scan(pattern = '*'): AsyncIterable<string> {
    assertPattern(pattern)
    const matches = compileGlob(pattern)
    for (const key of this.#entries.keys()) {
      if (matches(key) && this.#live(key) !== undefined) yield key
    }
  }

  protected fenceLoad(key: string): void {
    this.loads.fence(key)
  }

  #live(key: string): { value: unknown; expiresAt: number } | undefined {
    assertKey(key)
    const entry = this.#entries.get(key)
    return entry === undefined || entry.expiresAt < this.clock.now() ? undefined : entry
  }
}
