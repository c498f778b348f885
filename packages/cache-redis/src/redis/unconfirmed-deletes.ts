import { setTimeout as sleep } from 'node:timers/promises'
import { compileGlob } from '@verbatim/cache-core'

/** Past so many keys, everything is deleted instead; likewise for patterns. */
const MAX_KEYS = 10_000
const MAX_PATTERNS = 100
const PAUSE_AFTER_FAILURE_MS = 250

/** How deletes are carried out; each rejects if it cannot be sure. */
export interface Deleter {
  /** Whether trying makes sense now. */
  readonly ready: () => boolean
  readonly deleteKeys: (keys: string[]) => Promise<unknown>
  readonly deletePattern: (pattern: string) => Promise<unknown>
}

interface PatternRecord {
  readonly matches: (key: string) => boolean
}

/**
 * Keys whose value in Redis must not be believed, because a delete or a write of them could not be
 * confirmed. Until they have been deleted they are misses.
 */
export class UnconfirmedDeletes {
  readonly #deleter: Deleter
  readonly #closing = new AbortController()
  // The records are there for their identity: it tells whether a key was remembered once more
  // while its delete was under way.
  readonly #keys = new Map<string, object>()
  readonly #patterns = new Map<string, PatternRecord>()
  #settling = false

  constructor(deleter: Deleter) {
    this.#deleter = deleter
  }

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
    if (this.size === 0) return false
    if (this.#keys.has(key)) return true
    for (const { matches } of this.#patterns.values()) if (matches(key)) return true
    return false
  }

  /** Says that a later write or delete of this key has reached Redis. */
  confirm(key: string): void {
    this.#keys.delete(key)
  }

  /** Deletes what is remembered, in the background, for as long as the deleter is ready. */
  async settle(): Promise<void> {
    if (this.#settling) return
    this.#settling = true
    while (this.size > 0 && this.#deleter.ready() && !this.#closing.signal.aborted) {
      try {
        await this.#deleteAll()
      } catch {
        const pause = { ref: false, signal: this.#closing.signal }
        await sleep(PAUSE_AFTER_FAILURE_MS, undefined, pause).catch(() => undefined)
      }
    }
    this.#settling = false
  }

  /** Ends the deleting. What is still remembered is lost with the process' memory. */
  close(): void {
    this.#closing.abort()
  }

  async #deleteAll(): Promise<void> {
    for (const [pattern, record] of [...this.#patterns]) {
      await this.#deleter.deletePattern(pattern)
      forget(this.#patterns, pattern, record)
    }
    const due = [...this.#keys]
    if (due.length === 0) return
    await this.#deleter.deleteKeys(due.map(([key]) => key))
    for (const [key, record] of due) forget(this.#keys, key, record)
  }

  #addEverything(): void {
    this.#keys.clear()
    this.#patterns.clear()
    this.addPattern('*')
  }
}

function forget<Held>(held: Map<string, Held>, name: string, record: Held): void {
  if (held.get(name) === record) held.delete(name)
}
