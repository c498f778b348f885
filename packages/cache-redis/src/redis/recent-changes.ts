import { timers } from '@verbatim/cache-core'

/** The longest that a change waits for the next epoch, in milliseconds. */
export const EPOCH_MS = 250
/** Changes that are remembered for a node. Past so many, a server that may have lost some is voided. */
const MOST_CHANGES = 50_000

/** What was changed: one key, all that a pattern matches, or all that carry a tag. */
export type ChangeKind = 'key' | 'pattern' | 'tag'

const KINDS: readonly ChangeKind[] = ['tag', 'pattern', 'key']

export interface RecentChange {
  readonly kind: ChangeKind
  readonly name: string
  /** The revision that a write has left; `undefined` where nothing was left. */
  readonly revision: string | undefined
}

/** What is remembered of one change. */
interface Remembered {
  readonly revision: string | undefined
  readonly at: number
}

/** The changes of one node. */
interface NodeChanges {
  /** By kind and name, oldest first. */
  readonly changes: Readonly<Record<ChangeKind, Map<string, Remembered>>>
  overflowed: boolean
  timer: NodeJS.Timeout | undefined
  /** An epoch that was seen, and when it was asked for. */
  seen: { readonly epoch: number; readonly at: number } | undefined
}

/**
 * Confirmed changes that no epoch covers yet, see `Generations`.
 *
 * A server that loses a change which an epoch covers has lost the epoch too, and every process
 * notices. A change that is younger may be lost unnoticed, so the process that made it makes it again
 * when another server has come. Each change starts an epoch soon after it, unless one of another
 * process comes first.
 */
export class RecentChanges {
  readonly #advanceEpoch: (node: string) => Promise<void>
  readonly #nodes = new Map<string, NodeChanges>()
  #isClosed = false

  /** @param advanceEpoch - begins another epoch on a node; rejects when it may not have */
  constructor(advanceEpoch: (node: string) => Promise<void>) {
    this.#advanceEpoch = advanceEpoch
  }

  add(node: string, kind: ChangeKind, name: string, revision?: string): void {
    const of = this.#of(node)
    const changes = of.changes[kind]
    changes.delete(name)
    changes.set(name, { revision, at: timers.now() })
    if (changes.size > MOST_CHANGES) {
      changes.clear()
      of.overflowed = true
    }
    if (of.timer === undefined) this.#schedule(node, of)
  }

  /** An epoch was seen on a node that was asked for it at some time. */
  sawEpoch(node: string, epoch: number, askedAt: number): void {
    const of = this.#nodes.get(node)
    if (of === undefined) return
    // It began after what was changed before the last time it was smaller.
    if (of.seen !== undefined && epoch > of.seen.epoch) this.#covered(of, of.seen.at)
    of.seen = { epoch, at: askedAt }
  }

  /**
   * Returns the changes of a node that another server in its place may not know, and forgets them.
   *
   * @returns `'all'` when there were more than are remembered
   */
  recall(node: string): readonly RecentChange[] | 'all' {
    const of = this.#nodes.get(node)
    if (of === undefined) return []
    this.#nodes.delete(node)
    timers.clearTimeout(of.timer)
    if (of.overflowed) return 'all'
    return KINDS.flatMap((kind) =>
      Array.from(of.changes[kind], ([name, { revision }]) => ({ kind, name, revision })),
    )
  }

  /** Forgets the changes of nodes other than these, and returns them. */
  recallOthers(nodes: readonly string[]): readonly RecentChange[] | 'all' {
    const recalled: RecentChange[] = []
    let isAll = false
    for (const node of this.#nodes.keys()) {
      if (nodes.includes(node)) continue
      const changes = this.recall(node)
      if (changes === 'all') isAll = true
      else recalled.push(...changes)
    }
    return isAll ? 'all' : recalled
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#nodes.values()) timers.clearTimeout(timer)
  }

  #of(node: string): NodeChanges {
    let of = this.#nodes.get(node)
    if (of === undefined) {
      const changes = { key: new Map(), pattern: new Map(), tag: new Map() }
      of = { changes, overflowed: false, timer: undefined, seen: undefined }
      this.#nodes.set(node, of)
    }
    return of
  }

  #schedule(node: string, of: NodeChanges): void {
    if (of.timer !== undefined || this.#isClosed) return
    // At a random time, so that one of many processes is first and the others need not.
    const pauseMs = EPOCH_MS * (0.5 + Math.random() / 2)
    of.timer = timers.setTimeout(() => void this.#advance(node, of), pauseMs).unref()
  }

  async #advance(node: string, of: NodeChanges): Promise<void> {
    const startedAt = timers.now()
    try {
      await this.#advanceEpoch(node)
      this.#covered(of, startedAt)
    } catch {
      // Redis is away or refuses: the changes stay remembered.
    }
    of.timer = undefined
    const isEmpty = KINDS.every((kind) => of.changes[kind].size === 0)
    if (!isEmpty || of.overflowed) this.#schedule(node, of)
  }

  #covered(of: NodeChanges, until: number): void {
    of.overflowed = false
    for (const changes of Object.values(of.changes)) {
      for (const [name, { at }] of changes) {
        if (at > until) break
        changes.delete(name)
      }
    }
    timers.clearTimeout(of.timer)
    of.timer = undefined
  }
}
