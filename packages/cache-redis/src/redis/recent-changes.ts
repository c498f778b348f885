/** Longer than a failover takes, and than a replica may lag behind. */
const MEMORY_MS = 30_000
/** Past so many, a server that forgot some is told to forget everything. */
const MAX_CHANGES = 50_000

/** What was changed: one key, all that a pattern matches, or all that carry a tag. */
export type ChangeKind = 'key' | 'pattern' | 'tag'

/** Changes of half a minute. */
class Period {
  readonly changes: Readonly<Record<ChangeKind, Set<string>>> = {
    key: new Set(),
    pattern: new Set(),
    tag: new Set(),
  }
  /** Whether there were more than could be remembered. */
  overflowed = false
  readonly since: number

  constructor(since: number) {
    this.since = since
  }
}

/**
 * What was changed lately. Another server that takes over, or the same one restarted with old data,
 * may not have heard of it: what was deleted or replaced would be back.
 *
 * It remembers this period and the last: all of 30 seconds, and of up to 60. To know each change by
 * its time would cost more than to make a few too many of them again.
 */
export class RecentChanges {
  #current = new Period(Number.NEGATIVE_INFINITY)
  #last = this.#current

  add(kind: ChangeKind, name: string, now: number = performance.now()): void {
    if (now - this.#current.since >= MEMORY_MS) this.#turn(now)
    const changes = this.#current.changes[kind]
    if (changes.size < MAX_CHANGES) changes.add(name)
    else this.#current.overflowed = true
  }

  /** What to undo on a server that may not know of it. */
  *recall(now: number = performance.now()): Iterable<readonly [kind: ChangeKind, name: string]> {
    if (now - this.#current.since >= MEMORY_MS) this.#turn(now)
    if (this.#last.overflowed || this.#current.overflowed) {
      yield ['pattern', '*']
      return
    }
    for (const kind of ['key', 'pattern', 'tag'] as const) {
      const names = new Set([...this.#last.changes[kind], ...this.#current.changes[kind]])
      for (const name of names) yield [kind, name]
    }
  }

  #turn(now: number): void {
    // After a longer pause what was current is too old as well.
    const isRecent = now - this.#current.since < 2 * MEMORY_MS
    this.#last = isRecent ? this.#current : new Period(now)
    this.#current = new Period(now)
  }
}
