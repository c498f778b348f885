import { type Ttl, toMilliseconds } from '../../duration.js'

/** TTL of an entry in milliseconds. The default TTL is longer than any sequence of commands. */
type ModelTtl = number | 'default'

interface ModelEntry {
  readonly value: unknown
  readonly ttl: ModelTtl
  /** Time on the clock of the model, in milliseconds. */
  readonly expiresAt: number
  readonly tags: readonly string[]
}

/** The expected behavior of a cache, as simply as possible. */
export class PlainModel {
  readonly #entries = new Map<string, ModelEntry>()
  #now = 0

  advance(milliseconds: number): void {
    this.#now += milliseconds
    this.#deleteWhere((_key, { expiresAt }) => expiresAt < this.#now)
  }

  get(key: string): unknown {
    return this.#entries.get(key)?.value
  }

  getMany(keys: readonly string[]): Map<string, unknown> {
    const found = keys.filter((key) => this.#entries.has(key))
    return new Map(found.map((key) => [key, this.get(key)]))
  }

  set(key: string, value: unknown, ttl: Ttl | undefined, tags: readonly string[]): void {
    const ttlMs = ttl === undefined ? 'default' : toMilliseconds(ttl)
    const expiresAt = ttlMs === 'default' ? Number.POSITIVE_INFINITY : this.#now + ttlMs
    this.#entries.set(key, { value, ttl: ttlMs, expiresAt, tags })
  }

  delete(key: string): boolean {
    return this.#entries.delete(key)
  }

  exists(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Returns the remaining seconds, `null` for no expiry, or `'default'` for the default TTL of the cache. */
  getTtl(key: string): number | null | 'default' | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.ttl === 'default') return 'default'
    const leftMs = entry.expiresAt - this.#now
    return leftMs === Number.POSITIVE_INFINITY ? null : leftMs / 1_000
  }

  deleteMatching(matches: (key: string) => boolean): number {
    return this.#deleteWhere(matches)
  }

  invalidateTags(tags: readonly string[]): void {
    this.#deleteWhere((_key, entry) => entry.tags.some((tag) => tags.includes(tag)))
  }

  /** Returns the keys, sorted. */
  keys(): string[] {
    return [...this.#entries.keys()].toSorted()
  }

  #deleteWhere(matches: (key: string, entry: ModelEntry) => boolean): number {
    let deleted = 0
    for (const [key, entry] of this.#entries) {
      if (!matches(key, entry)) continue
      this.#entries.delete(key)
      deleted++
    }
    return deleted
  }
}
