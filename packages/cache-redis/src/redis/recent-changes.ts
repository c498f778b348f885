import { timers } from '@verbatim/cache-core/implement'
import { isLastingRefusal } from '../connection/connection-errors.js'

/**
 * How long a change waits for the next epoch, in milliseconds; twice as long if an epoch of another
 * process is looked at when its turn comes.
 */
export const EPOCH_MS = 200
const PAUSE_AFTER_REFUSAL_MS = 30_000
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

/** Changes by kind and name, each with the revision that it has left. */
interface Changes extends Readonly<Record<ChangeKind, Map<string, string | undefined>>> {
  /** Whether there were more than are remembered. */
  overflowed: boolean
}

/** The changes of one node. */
interface NodeChanges {
  /** Those that are made now. */
  current: Changes
  /** Earlier ones, and the first epoch that was seen after them. They are covered by any later epoch. */
  earlier: { readonly changes: Changes; epoch: number | undefined } | undefined
  timer: NodeJS.Timeout | undefined
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
    const { current } = of
    current[kind].set(name, revision)
    if (current[kind].size > MOST_CHANGES) {
      current[kind].clear()
      current.overflowed = true
    }
    if (of.timer === undefined) this.#schedule(node, of)
  }

  /** A node is about to be asked for its epoch: what was changed until now was changed before that. */
  asksForEpoch(node: string): void {
    const of = this.#nodes.get(node)
    if (of !== undefined) turn(of)
  }

  /** An epoch was seen on a node, which was asked after the last {@link RecentChanges.asksForEpoch}. */
  sawEpoch(node: string, epoch: number): void {
    const of = this.#nodes.get(node)
    if (of?.earlier === undefined) return
    if (of.earlier.epoch === undefined) of.earlier.epoch = epoch
    else if (epoch > of.earlier.epoch) this.#covered(of)
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
    if (of.current.overflowed || of.earlier?.changes.overflowed) return 'all'
    return KINDS.flatMap((kind) => {
      const all = new Map([...(of.earlier?.changes[kind] ?? []), ...of.current[kind]])
      return Array.from(all, ([name, revision]) => ({ kind, name, revision }))
    })
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
      of = { current: noChanges(), earlier: undefined, timer: undefined }
      this.#nodes.set(node, of)
    }
    return of
  }

  #schedule(node: string, of: NodeChanges, longestMs = EPOCH_MS): void {
    if (of.timer !== undefined || this.#isClosed) return
    // At a random time, so that one of many processes is first and the others need not.
    const pauseMs = longestMs * (0.5 + Math.random() / 2)
    of.timer = timers.setTimeout(() => void this.#advance(node, of), pauseMs).unref()
  }

  async #advance(node: string, of: NodeChanges): Promise<void> {
    turn(of)
    let pauseMs = EPOCH_MS
    try {
      await this.#advanceEpoch(node)
      this.#covered(of)
    } catch (error) {
      // Redis is away or refuses: the changes stay remembered. A user may lack the right to INCR.
      if (isLastingRefusal(error)) pauseMs = PAUSE_AFTER_REFUSAL_MS
    }
    of.timer = undefined
    if (of.earlier !== undefined || !isEmpty(of.current)) this.#schedule(node, of, pauseMs)
  }

  /** Forgets the earlier changes. Those that are made now wait for the timer, if there are any. */
  #covered(of: NodeChanges): void {
    of.earlier = undefined
    if (!isEmpty(of.current)) return
    timers.clearTimeout(of.timer)
    of.timer = undefined
  }
}

/** Puts what was changed until now aside, unless earlier changes wait still. */
function turn(of: NodeChanges): void {
  if (of.earlier !== undefined || isEmpty(of.current)) return
  of.earlier = { changes: of.current, epoch: undefined }
  of.current = noChanges()
}

function noChanges(): Changes {
  return { key: new Map(), pattern: new Map(), tag: new Map(), overflowed: false }
}

function isEmpty(changes: Changes): boolean {
  return !changes.overflowed && KINDS.every((kind) => changes[kind].size === 0)
}
