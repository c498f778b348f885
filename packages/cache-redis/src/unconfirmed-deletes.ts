import { compileGlob } from '@verbatim/cache-core'

/** Past so many keys, everything is deleted instead; likewise for patterns. */
const MAX_KEYS = 10_000
const MAX_PATTERNS = 100

interface PatternRecord {
  readonly matches: (key: string) => boolean
}

/**
 * Keys whose value in Redis must not be believed, because a delete or a write of them could not be
 * confirmed. They are deleted as soon as Redis answers again; until then they are misses.
 */
export class UnconfirmedDeletes {
  // The records are there for their identity: it tells whether a key was remembered once more
  // while its delete was under way.
  readonly #keys = new Map<string, object>()
  #patterns = new Map<string, PatternRecord>()

  get size(): number {
    return this.#keys.size + this.#patterns.size
  }

  addKey(key: string): void {
    this.#keys.set(key, {})
    if (this.#keys.size > MAX_KEYS) this.#addEverything()
  }

  addPattern(pattern: string): void {
    this.#patterns.set(pattern, { matches: compileGlob(pattern) })
    if (this.#patterns.size > MAX_PATTERNS) this.#addEverything()
  }

  /** True when what Redis holds under this key must not be believed. */
  has(key: string): boolean {
    if (this.#keys.has(key)) return true
    for (const { matches } of this.#patterns.values()) if (matches(key)) return true
    return false
  }

  /**
   * Deletes what is remembered, and forgets what was deleted.
   *
   * @param deleteKeys - deletes keys in Redis; rejects if it cannot be sure
   * @param deletePattern - deletes what a glob matches in Redis; rejects if it cannot be sure
   */
  async replay(
    deleteKeys: (keys: string[]) => Promise<unknown>,
    deletePattern: (pattern: string) => Promise<unknown>,
  ): Promise<void> {
    for (const [pattern, record] of [...this.#patterns]) {
      await deletePattern(pattern)
      forget(this.#patterns, pattern, record)
    }
    const due = [...this.#keys]
    if (due.length === 0) return
    await deleteKeys(due.map(([key]) => key))
    for (const [key, record] of due) forget(this.#keys, key, record)
  }

  #addEverything(): void {
    this.#keys.clear()
    this.#patterns = new Map([['*', { matches: () => true }]])
  }
}

function forget<Held>(held: Map<string, Held>, name: string, record: Held): void {
  if (held.get(name) === record) held.delete(name)
}
