import { timers } from '@verbatim/cache-core/implement'
import { isLastingRefusal } from '../connection/connection-errors.js'

/**
 * The time that a change waits for the next epoch, in milliseconds; twice as long if an epoch of another
 * process is read when its time comes.
 */
export const EPOCH_MS = 200
const PAUSE_AFTER_REFUSAL_MS = 30_000
/** Changes that are remembered for a node. Beyond that, a server that may have lost some is voided. */
const MAX_CHANGES = 50_000

/** The subject of a change: one key, all keys that match a pattern, or all values with a tag. */
export type ChangeKind = 'key' | 'pattern' | 'tag'

const KINDS: readonly ChangeKind[] = ['tag', 'pattern', 'key']

export interface RecentChange {
  readonly kind: ChangeKind
  readonly name: string
  /** The revision that the change stored; `undefined` if it stored nothing. */
  readonly revision: string | undefined
}

/** Changes by kind and name, each with the revision that it stored. */
interface Changes extends Readonly<Record<ChangeKind, Map<string, string | undefined>>> {
  /** Whether there were more than are remembered. */
  overflowed: boolean
}

/** The changes of one node. */
interface NodeChanges {
  /** The newest changes. */
  current: Changes
  /** Older changes, and the first epoch seen after them. Any later epoch covers them. */
  earlier: { readonly changes: Changes; epoch: number | undefined } | undefined
  timer: NodeJS.Timeout | undefined
}

/** Begins another epoch on a node. Rejects when the epoch may not have begun. */
type AdvanceEpoch = (node: string) => Promise<void>

/**
 * Remembers confirmed changes that no epoch covers yet; see `Generations`.
 *
 * A server that loses a change which an epoch covers has also lost the epoch, and every process notices.
 * The loss of a younger change goes unnoticed. So the process that made it repeats it when another server
 * takes over. Each change begins an epoch soon after it, unless another process does so first.
 */
export class RecentChanges {
  readonly #nodes = new Map<string, NodeChanges>()
  #advanceEpoch: AdvanceEpoch = async () => undefined
  #isClosed = false

  /** Begins epochs from now on. */
  start(advanceEpoch: AdvanceEpoch): void {
    this.#advanceEpoch = advanceEpoch
  }

  add(node: string, kind: ChangeKind, name: string, revision?: string): void {
    const changes = this.#of(node)
    const { current } = changes
    current[kind].set(name, revision)
    if (current[kind].size > MAX_CHANGES) {
      current[kind].clear()
      current.overflowed = true
    }
    if (changes.timer === undefined) this.#schedule(node, changes)
  }

  /** Sets the changes until now aside, because a node is about to be asked for its epoch. */
  asksForEpoch(node: string): void {
    const changes = this.#nodes.get(node)
    if (changes !== undefined) setAside(changes)
  }

  /** Records an epoch of a node that was asked after the last {@link RecentChanges.asksForEpoch}. */
  sawEpoch(node: string, epoch: number): void {
    const changes = this.#nodes.get(node)
    if (changes?.earlier === undefined) return
    if (changes.earlier.epoch === undefined) changes.earlier.epoch = epoch
    else if (epoch > changes.earlier.epoch) this.#covered(changes)
  }

  /**
   * Forgets the changes of a node, and returns them: another server in its place may not know them.
   *
   * @returns `'all'` when there were more than are remembered
   */
  take(node: string): readonly RecentChange[] | 'all' {
    const changes = this.#nodes.get(node)
    if (changes === undefined) return []
    this.#nodes.delete(node)
    const { current, earlier, timer } = changes
    timers.clearTimeout(timer)
    if (current.overflowed || earlier?.changes.overflowed) return 'all'
    return KINDS.flatMap((kind) => {
      const all = new Map([...(earlier?.changes[kind] ?? []), ...current[kind]])
      return Array.from(all, ([name, revision]) => ({ kind, name, revision }))
    })
  }

  /** Forgets the changes of all nodes but these, and returns them. */
  takeOthers(nodes: readonly string[]): readonly RecentChange[] | 'all' {
    const taken: RecentChange[] = []
    let overflowed = false
    for (const node of this.#nodes.keys()) {
      if (nodes.includes(node)) continue
      const changes = this.take(node)
      if (changes === 'all') overflowed = true
      else taken.push(...changes)
    }
    return overflowed ? 'all' : taken
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#nodes.values()) timers.clearTimeout(timer)
  }

  #of(node: string): NodeChanges {
    let changes = this.#nodes.get(node)
    if (changes === undefined) {
      changes = { current: noChanges(), earlier: undefined, timer: undefined }
      this.#nodes.set(node, changes)
    }
    return changes
  }

  #schedule(node: string, changes: NodeChanges, longestMs = EPOCH_MS): void {
    if (changes.timer !== undefined || this.#isClosed) return
    // The time is random, so that one of many processes is first and the others need not begin an epoch.
    const pauseMs = longestMs * (0.5 + Math.random() / 2)
    changes.timer = timers.setTimeout(() => void this.#advance(node, changes), pauseMs).unref()
  }

  async #advance(node: string, changes: NodeChanges): Promise<void> {
    setAside(changes)
    let pauseMs = EPOCH_MS
    try {
      await this.#advanceEpoch(node)
      this.#covered(changes)
    } catch (error) {
      // Redis is unavailable or refuses INCR. The changes stay remembered.
      if (isLastingRefusal(error)) pauseMs = PAUSE_AFTER_REFUSAL_MS
    }
    changes.timer = undefined
    if (changes.earlier !== undefined || !isEmpty(changes.current)) {
      this.#schedule(node, changes, pauseMs)
    }
  }

  /** Forgets the earlier changes. The newest ones wait for the timer, if there are any. */
  #covered(changes: NodeChanges): void {
    changes.earlier = undefined
    if (!isEmpty(changes.current)) return
    timers.clearTimeout(changes.timer)
    changes.timer = undefined
  }
}

/** Makes the newest changes the earlier ones, unless earlier ones are not covered yet. */
function setAside(changes: NodeChanges): void {
  if (changes.earlier !== undefined || isEmpty(changes.current)) return
  changes.earlier = { changes: changes.current, epoch: undefined }
  changes.current = noChanges()
}

function noChanges(): Changes {
  return { key: new Map(), pattern: new Map(), tag: new Map(), overflowed: false }
}

function isEmpty(changes: Changes): boolean {
  return !changes.overflowed && KINDS.every((kind) => changes[kind].size === 0)
}
