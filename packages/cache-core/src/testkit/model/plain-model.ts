import { type Ttl, toMilliseconds } from '../../duration.js'

/** How long an entry lives; the default life is known to be longer than a sequence of commands. */
type Life = number | 'default'

interface ModelEntry {
  readonly value: unknown
  readonly life: Life
  /** On the model's own clock, in milliseconds. */
  readonly expiresAt: number
  readonly tags: readonly string[]
}

/** What a cache should do, said as plainly as possible. */
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
    const life = ttl === undefined ? 'default' : toMilliseconds(ttl)
    const expiresAt = life === 'default' ? Number.POSITIVE_INFINITY : this.#now + life
    this.#entries.set(key, { value, life, expiresAt, tags })
  }

  delete(key: string): boolean {
    return this.#entries.delete(key)
  }

  exists(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Seconds left, `null` for ever, `'default'` where only the cache knows. */
  getTtl(key: string): number | null | 'default' | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.life === 'default') return 'default'
    const leftMs = entry.expiresAt - this.#now
    return leftMs === Number.POSITIVE_INFINITY ? null : leftMs / 1_000
  }

  deleteMatching(matches: (key: string) => boolean): number {
    return this.#deleteWhere(matches)
  }

  invalidateTags(tags: readonly string[]): void {
    this.#deleteWhere((_key, entry) => entry.tags.some((tag) => tags.includes(tag)))
  }

  /** Sorted. */
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
