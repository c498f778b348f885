import type { InfrastructureError } from '@verbatim/cache-core'
import { compileGlob, timers } from '@verbatim/cache-core/implement'
import { isLastingRefusal } from '../connection/connection-errors.js'
import type { ChangeKind } from './recent-changes.js'

/** Past so many while none can be sent, the generation is raised instead. */
const MOST_PENDING: Readonly<Record<ChangeKind, number>> = {
  key: 100_000,
  pattern: 100,
  tag: 10_000,
}
/** Keys that are removed at a time. */
const CHUNK = 500
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 15_000
/** After so many refusals, about a minute, an invalidation is given up. */
const MOST_REFUSALS = 8

/** What became of the invalidations that were sent; what is missing succeeded. */
export type Failures = ReadonlyMap<string, InfrastructureError>

/** How invalidations are carried out. */
export interface Invalidator {
  /** Whether trying makes sense now. */
  readonly ready: () => boolean
  /** @param keys - each with the revision that need not be removed, for a key that was written */
  readonly removeKeys: (keys: ReadonlyMap<string, string | undefined>) => Promise<Failures>
  /** @param done - the nodes that it was carried out on already; more are added */
  readonly removeMatching: (pattern: string, done: Set<string>) => Promise<Failures>
  readonly invalidateTags: (tags: readonly string[]) => Promise<Failures>
  readonly raise: (node: string) => Promise<void>
  readonly nodeOf: (key: string) => string
  readonly nodes: () => readonly string[]
  /** An invalidation was refused so often that it is given up. */
  readonly givenUp: (kind: ChangeKind, name: string, error: InfrastructureError) => void
}

interface Pending {
  /** The revision that need not be removed, for a key that was written. */
  readonly revision: string | undefined
  refusals: number
  dueAt: number
}

interface PendingPattern extends Pending {
  readonly matches: (key: string) => boolean
  /** The nodes on which it was carried out. */
  readonly done: Set<string>
}

/**
 * Invalidations that Redis has not confirmed. Until it has, what they concern is a miss here.
 *
 * They are sent again as soon as Redis can be used. One that is refused for itself waits longer each
 * time and holds up no other; in the end it is given up.
 */
export class PendingInvalidations {
  readonly #invalidator: Invalidator
  readonly #keys = new Map<string, Pending>()
  readonly #patterns = new Map<string, PendingPattern>()
  readonly #tags = new Map<string, Pending>()
  /** Nodes whose generation is to be raised; `'all'` while nobody knows the nodes. */
  readonly #generations = new Set<string>()
  /** Ends the present pause. */
  #wake: () => void = () => undefined
  #isReplaying = false
  /** Whether the last one that was sent has failed through no fault of its own. */
  #isStuck = false
  #isClosed = false

  constructor(invalidator: Invalidator) {
    this.#invalidator = invalidator
  }

  get size(): number {
    return this.#keys.size + this.#patterns.size + this.#tags.size + this.#generations.size
  }

  /** Whether what Redis holds under this key may be used. */
  isTrusted(key: string): boolean {
    if (this.size === 0) return true
    if (this.#keys.has(key) || this.#generations.has(ALL)) return false
    if (this.#patterns.size + this.#generations.size === 0) return true
    const node = this.#invalidator.nodeOf(key)
    if (this.#generations.has(node)) return false
    for (const { matches, done } of this.#patterns.values()) {
      if (!done.has(node) && matches(key)) return false
    }
    return true
  }

  /** The same for what carries this tag. */
  isTrustedTag(tag: string): boolean {
    return !this.#tags.has(tag)
  }

  /** @param done - for a pattern: the nodes on which it was carried out already */
  add(
    kind: ChangeKind,
    name: string,
    { revision, done = new Set() }: { revision?: string | undefined; done?: Set<string> } = {},
  ): void {
    const pending = { revision, refusals: 0, dueAt: 0 }
    if (kind === 'key') this.#keys.set(name, pending)
    else if (kind === 'tag') this.#tags.set(name, pending)
    else this.#patterns.set(name, { ...pending, matches: compileGlob(name), done })
    // While they can be sent they become fewer.
    const canBeSent = this.#invalidator.ready() && !this.#isStuck
    if (this.#of(kind).size > MOST_PENDING[kind] && !canBeSent) this.#overflow()
  }

  /** Adds an invalidation because of an earlier change. What is pending for the same name is later. */
  repeat(kind: ChangeKind, name: string, revision: string | undefined): void {
    if (!this.#of(kind).has(name)) this.add(kind, name, { revision })
  }

  /** A later change of the same has reached Redis. */
  confirm(kind: ChangeKind, name: string): void {
    if (this.size > 0) this.#of(kind).delete(name)
  }

  /** Everything under the prefix is to become void on this node. */
  addGeneration(node: string): void {
    this.#generations.add(node)
  }

  /** The masters are others than before: one that was replaced may have left its keys to any of them. */
  follow(nodes: readonly string[]): void {
    for (const node of this.#generations) {
      if (node === ALL || nodes.includes(node)) continue
      this.#generations.delete(node)
      this.#generations.add(ALL)
    }
  }

  /** Forgets everything: it is void anyway. */
  clear(): void {
    this.#keys.clear()
    this.#patterns.clear()
    this.#tags.clear()
  }

  /** Sends everything that is pending at once: Redis can be used again. */
  replayAll(): void {
    for (const kind of KINDS) for (const pending of this.#of(kind).values()) pending.dueAt = 0
    this.replay()
  }

  /** Sends what is due, in the background, for as long as Redis can be used. */
  replay(): void {
    this.#wake()
    if (!this.#isReplaying) void this.#replayWhileReady()
  }

  /** Ends the sending. What is still pending is lost with the memory of the process. */
  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  async #replayWhileReady(): Promise<void> {
    this.#isReplaying = true
    let failures = 0
    while (this.size > 0 && this.#invalidator.ready() && !this.#isClosed) {
      const before = this.size
      try {
        await this.#replayDue()
      } catch {
        // Each has its own outcome; what is thrown here is about none of them.
      }
      if (this.size === 0) break
      failures = this.size < before ? 0 : failures + 1
      if (failures > 0) await this.#pause(pauseAfter(failures))
    }
    this.#isReplaying = false
  }

  async #replayDue(): Promise<void> {
    await Promise.all([...this.#generations].map((node) => this.#raise(node)))
    const now = timers.now()
    const tags = dueAmong(this.#tags, now, CHUNK)
    if (tags.size > 0) {
      const failures = await this.#invalidator.invalidateTags([...tags.keys()])
      this.#settle('tag', tags, failures)
    }
    for (const [pattern, pending] of dueAmong(this.#patterns, now, CHUNK)) {
      const failures = await this.#invalidator.removeMatching(pattern, pending.done)
      this.#settle('pattern', new Map([[pattern, pending]]), failures)
    }
    const keys = dueAmong(this.#keys, now, CHUNK)
    if (keys.size > 0) {
      const revisions = new Map(Array.from(keys, ([key, { revision }]) => [key, revision]))
      this.#settle('key', keys, await this.#invalidator.removeKeys(revisions))
    }
  }

  /** Forgets what succeeded, unless it was added again in the meantime. */
  #settle(kind: ChangeKind, sent: ReadonlyMap<string, Pending>, failures: Failures): void {
    const now = timers.now()
    const pendings = this.#of(kind)
    for (const [name, pending] of sent) {
      if (pendings.get(name) !== pending) continue
      const error = failures.get(name)
      const isLasting = isLastingRefusal(error)
      this.#isStuck = error !== undefined && !isLasting
      if (error === undefined) {
        pendings.delete(name)
        continue
      }
      // Nothing is given up while the server is away, or refuses all writes.
      if (isLasting) pending.refusals++
      pending.dueAt = now + pauseAfter(Math.max(pending.refusals, 1))
      if (pending.refusals < MOST_REFUSALS) continue
      pendings.delete(name)
      this.#invalidator.givenUp(kind, name, error)
    }
  }

  async #raise(node: string): Promise<void> {
    const nodes = node === ALL ? this.#invalidator.nodes() : [node]
    if (nodes.length === 0) return
    for (const each of nodes) this.#generations.add(each)
    this.#generations.delete(ALL)
    // One that fails stays pending.
    const raiseOne = async (each: string): Promise<void> => {
      await this.#invalidator.raise(each)
      this.#generations.delete(each)
    }
    await Promise.allSettled(nodes.map(raiseOne))
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timers.setTimeout(resolve, milliseconds).unref()
      this.#wake = () => {
        timers.clearTimeout(timer)
        resolve()
      }
    })
  }

  #overflow(): void {
    this.clear()
    this.#generations.add(ALL)
  }

  #of(kind: ChangeKind): Map<string, Pending> {
    if (kind === 'key') return this.#keys
    return kind === 'tag' ? this.#tags : this.#patterns
  }
}

const ALL = 'all'
const KINDS: readonly ChangeKind[] = ['tag', 'pattern', 'key']

function dueAmong<P extends Pending>(
  pendings: ReadonlyMap<string, P>,
  now: number,
  most: number,
): Map<string, P> {
  const due = new Map<string, P>()
  for (const [name, pending] of pendings) {
    if (pending.dueAt <= now) due.set(name, pending)
    if (due.size === most) break
  }
  return due
}

function pauseAfter(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
}
