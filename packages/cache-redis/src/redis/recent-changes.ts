/** Longer than a failover takes, and than a replica may lag behind. */
const MEMORY_MS = 30_000
/** Past so many, a server that forgot some is told to forget everything. */
const MAX_CHANGES = 50_000

/** What was changed: one key, all that a pattern matches, or all that carry a tag. */
export type ChangeKind = 'key' | 'pattern' | 'tag'

/**
 * What was changed lately. Another server that takes over, or the same one restarted with old data,
 * may not have heard of it: what was deleted or replaced would be back.
 */
export class RecentChanges {
  /** By name, when it was last; the oldest first. */
  readonly #changes: Readonly<Record<ChangeKind, Map<string, number>>> = {
    key: new Map(),
    pattern: new Map(),
    tag: new Map(),
  }
  /** When the last change was forgotten that might still matter. */
  #overflowedAt = Number.NEGATIVE_INFINITY

  add(kind: ChangeKind, name: string, now: number = performance.now()): void {
    const changes = this.#changes[kind]
    // Put last anew, so that the first are the oldest.
    changes.delete(name)
    changes.set(name, now)
    for (const [oldest, at] of changes) {
      const isOver = now - at > MEMORY_MS
      if (!isOver && changes.size <= MAX_CHANGES) break
      if (!isOver) this.#overflowedAt = now
      changes.delete(oldest)
    }
  }

  /** What to undo on a server that may not know of it. */
  *recall(now: number = performance.now()): Iterable<readonly [kind: ChangeKind, name: string]> {
    if (now - this.#overflowedAt <= MEMORY_MS) {
      yield ['pattern', '*']
      return
    }
    for (const [kind, changes] of Object.entries(this.#changes)) {
      for (const [name, at] of changes) {
        if (now - at <= MEMORY_MS) yield [kind as ChangeKind, name]
      }
    }
  }
}
