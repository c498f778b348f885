import { setTimeout as sleep } from 'node:timers/promises'
import { compileGlob } from '@verbatim/cache-core'
import type { ChangeKind } from './recent-changes.js'

/** Past so many, everything is deleted instead. */
const MAX_UNCONFIRMED: Readonly<Record<ChangeKind, number>> = {
  key: 10_000,
  pattern: 100,
  tag: 1_000,
}
const PAUSE_AFTER_FAILURE_MS = 250

/** How deletes are carried out; each rejects if it cannot be sure. */
export interface Deleter {
  /** Whether trying makes sense now. */
  readonly ready: () => boolean
  readonly delete: (kind: ChangeKind, names: readonly string[]) => Promise<unknown>
}

/**
 * What must not be believed of Redis, because a delete or a write could not be confirmed. Until it
 * has been deleted it is a miss.
 */
export class UnconfirmedDeletes {
  readonly #deleter: Deleter
  readonly #closing = new AbortController()
  // The matchers are there for their identity, too: it tells whether a name was remembered once more
  // while its delete was under way.
  readonly #names: Readonly<Record<ChangeKind, Map<string, (key: string) => boolean>>> = {
    key: new Map(),
    pattern: new Map(),
    tag: new Map(),
  }
  #settling = false

  constructor(deleter: Deleter) {
    this.#deleter = deleter
  }

  get size(): number {
    const { key, pattern, tag } = this.#names
    return key.size + pattern.size + tag.size
  }

  add(kind: ChangeKind, name: string): void {
    const names = this.#names[kind]
    names.set(name, kind === 'pattern' ? compileGlob(name) : () => true)
    if (names.size <= MAX_UNCONFIRMED[kind]) return
    for (const each of Object.values(this.#names)) each.clear()
    this.add('pattern', '*')
  }

  /** True when what Redis holds under this key must not be believed. */
  has(key: string): boolean {
    if (this.size === 0) return false
    if (this.#names.key.has(key)) return true
    for (const matches of this.#names.pattern.values()) if (matches(key)) return true
    return false
  }

  /** True when what carries this tag must not be believed. */
  hasTag(tag: string): boolean {
    return this.#names.tag.has(tag)
  }

  /** Says that a later change of the same has reached Redis. */
  confirm(kind: ChangeKind, name: string): void {
    this.#names[kind].delete(name)
  }

  /** Deletes what is remembered, in the background, for as long as the deleter is ready. */
  async settle(): Promise<void> {
    if (this.#settling) return
    this.#settling = true
    while (this.size > 0 && this.#deleter.ready() && !this.#closing.signal.aborted) {
      try {
        for (const kind of ['tag', 'pattern', 'key'] as const) await this.#deleteAll(kind)
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

  async #deleteAll(kind: ChangeKind): Promise<void> {
    const names = this.#names[kind]
    const due = [...names]
    if (due.length === 0) return
    await this.#deleter.delete(
      kind,
      due.map(([name]) => name),
    )
    for (const [name, matches] of due) if (names.get(name) === matches) names.delete(name)
  }
}
