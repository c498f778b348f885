import { type InfrastructureError } from '@verbatim/cache-core'
import { compileGlob, timers } from '@verbatim/cache-core/implement'
import { isLastingRefusal } from '../connection/connection-errors.js'
import type { ChangeKind } from './recent-changes.js'

/** Beyond so many that cannot be sent, the generation is raised instead. */
const MAX_PENDING: Readonly<Record<ChangeKind, number>> = {
  key: 100_000,
  pattern: 100,
  tag: 10_000,
}
/** Keys that are removed at a time. */
const CHUNK = 500
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 15_000
/** After so many refusals, about a minute, an invalidation is given up. */
const MAX_REFUSALS = 8

/** The invalidations that failed, by name. */
export type Failures = ReadonlyMap<string, InfrastructureError>

/** The nodes of keys, and whether Redis is available. */
export interface PendingNodes {
  /** Returns whether commands can be sent now. */
  readonly isReady: () => boolean
  readonly nodeOf: (key: string) => string
  readonly nodes: () => readonly string[]
}

/** Sends invalidations to Redis. */
export interface InvalidationSender {
  /** @param keys - each with the revision that is not removed, for a key that was written */
  readonly removeKeys: (keys: ReadonlyMap<string, string | undefined>) => Promise<Failures>
  /** @param done - the nodes that carried it out already; more are added */
  readonly removeMatching: (pattern: string, done: Set<string>) => Promise<Failures>
  readonly invalidateTags: (tags: readonly string[]) => Promise<Failures>
  /** Raises the generation of a node. */
  readonly raise: (node: string) => Promise<void>
  /** Learns that an invalidation was refused too often. */
  readonly givenUp: (kind: ChangeKind, name: string, error: InfrastructureError) => void
}

interface Pending {
  /** The revision that is not removed, for a key that was written. */
  readonly revision: string | undefined
  refusals: number
  dueAt: number
}

interface PendingPattern extends Pending {
  readonly matches: (key: string) => boolean
  /** The nodes that carried it out. */
  readonly done: Set<string>
}

/** Stands for all nodes while the nodes are not known. */
const ALL = 'all'
const KINDS: readonly ChangeKind[] = ['tag', 'pattern', 'key']

/**
 * Remembers the invalidations that Redis has not confirmed. Until it has, this process treats what they
 * concern as a miss.
 *
 * They are sent again as soon as Redis is available. One that Redis refuses waits longer each time and
 * delays no other; in the end it is given up.
 */
export class PendingInvalidations {
  readonly #nodes: PendingNodes
  readonly #keys = new Map<string, Pending>()
  readonly #patterns = new Map<string, PendingPattern>()
  readonly #tags = new Map<string, Pending>()
  /** Nodes whose generation is to be raised. */
  readonly #generations = new Set<string>()
  #sender: InvalidationSender | undefined
  /** Ends the current pause. */
  #wake: () => void = () => undefined
  #isReplaying = false
  /** Whether the last invalidation failed for a reason that is not its own. */
  #isStuck = false
  #isClosed = false

  constructor(nodes: PendingNodes) {
    this.#nodes = nodes
  }

  /** Sends invalidations from now on. */
  start(sender: InvalidationSender): void {
    this.#sender = sender
  }

  get size(): number {
    return this.#keys.size + this.#patterns.size + this.#tags.size + this.#generations.size
  }

  /** Returns whether the value of a key in Redis may be used. */
  isTrusted(key: string): boolean {
    if (this.size === 0) return true
    if (this.#keys.has(key) || this.#generations.has(ALL)) return false
    if (this.#patterns.size + this.#generations.size === 0) return true
    const node = this.#nodes.nodeOf(key)
    if (this.#generations.has(node)) return false
    for (const { matches, done } of this.#patterns.values()) {
      if (!done.has(node) && matches(key)) return false
    }
    return true
  }

  /** Returns whether a value with this tag may be used. */
  isTrustedTag(tag: string): boolean {
    return !this.#tags.has(tag)
  }

  /** @param done - for a pattern: the nodes that carried it out already */
  add(
    kind: ChangeKind,
    name: string,
    { revision, done = new Set() }: { revision?: string | undefined; done?: Set<string> } = {},
  ): void {
    const pending = { revision, refusals: 0, dueAt: 0 }
    if (kind === 'key') this.#keys.set(name, pending)
    else if (kind === 'tag') this.#tags.set(name, pending)
    else this.#patterns.set(name, { ...pending, matches: compileGlob(name), done })
    const canBeSent = this.#nodes.isReady() && !this.#isStuck
    if (this.#of(kind).size > MAX_PENDING[kind] && !canBeSent) this.#overflow()
  }

  /** Adds an invalidation for an earlier change, unless a later one of the same name is pending. */
  repeat(kind: ChangeKind, name: string, revision: string | undefined): void {
    if (!this.#of(kind).has(name)) this.add(kind, name, { revision })
  }

  /** Removes an invalidation: Redis has confirmed a later change of the same name. */
  confirm(kind: ChangeKind, name: string): void {
    if (this.size > 0) this.#of(kind).delete(name)
  }

  /** Adds the invalidation of everything under the prefix on a node. */
  addGeneration(node: string): void {
    this.#generations.add(node)
  }

  /** Applies a change of the masters. The keys of a master that is gone may be on any other. */
  mastersChanged(nodes: readonly string[]): void {
    for (const node of this.#generations) {
      if (node === ALL || nodes.includes(node)) continue
      this.#generations.delete(node)
      this.#generations.add(ALL)
    }
  }

  /** Sends everything that is pending at once: Redis is available again. */
  replayAll(): void {
    for (const kind of KINDS) for (const pending of this.#of(kind).values()) pending.dueAt = 0
    this.replay()
  }

  /** Sends what is due, in the background, while Redis is available. */
  replay(): void {
    this.#wake()
    if (this.#sender !== undefined && !this.#isReplaying) void this.#replayWhileReady(this.#sender)
  }

  /** Stops sending. What is still pending is lost with the process. */
  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  async #replayWhileReady(sender: InvalidationSender): Promise<void> {
    this.#isReplaying = true
    let failures = 0
    while (this.size > 0 && this.#nodes.isReady() && !this.#isClosed) {
      const before = this.size
      try {
        await this.#replayDue(sender)
      } catch {
        // Each invalidation has an outcome of its own; this error is about none of them.
      }
      if (this.size === 0) break
      failures = this.size < before ? 0 : failures + 1
      if (failures > 0) await this.#pause(pauseAfter(failures))
    }
    this.#isReplaying = false
  }

  async #replayDue(sender: InvalidationSender): Promise<void> {
    await Promise.all([...this.#generations].map((node) => this.#raise(sender, node)))
    const now = timers.now()
    const tags = dueAmong(this.#tags, now)
    if (tags.size > 0) {
      this.#settle(sender, 'tag', tags, await sender.invalidateTags([...tags.keys()]))
    }
    for (const [pattern, pending] of dueAmong(this.#patterns, now)) {
      const failures = await sender.removeMatching(pattern, pending.done)
      this.#settle(sender, 'pattern', new Map([[pattern, pending]]), failures)
    }
    const keys = dueAmong(this.#keys, now)
    if (keys.size > 0) {
      const revisions = new Map(Array.from(keys, ([key, { revision }]) => [key, revision]))
      this.#settle(sender, 'key', keys, await sender.removeKeys(revisions))
    }
  }

  /** Removes what succeeded, unless it was added again since. */
  #settle(
    sender: InvalidationSender,
    kind: ChangeKind,
    sent: ReadonlyMap<string, Pending>,
    failures: Failures,
  ): void {
    const now = timers.now()
    const all = this.#of(kind)
    for (const [name, pending] of sent) {
      if (all.get(name) !== pending) continue
      const error = failures.get(name)
      const isLasting = isLastingRefusal(error)
      this.#isStuck = error !== undefined && !isLasting
      if (error === undefined) {
        all.delete(name)
        continue
      }
      // Nothing is given up while the server is unavailable, or refuses all writes.
      if (isLasting) pending.refusals++
      pending.dueAt = now + pauseAfter(Math.max(pending.refusals, 1))
      if (pending.refusals < MAX_REFUSALS) continue
      all.delete(name)
      sender.givenUp(kind, name, error)
    }
  }

  async #raise(sender: InvalidationSender, node: string): Promise<void> {
    const nodes = node === ALL ? this.#nodes.nodes() : [node]
    if (nodes.length === 0) return
    for (const each of nodes) this.#generations.add(each)
    this.#generations.delete(ALL)
    // A node that fails stays pending.
    const raiseOne = async (each: string): Promise<void> => {
      await sender.raise(each)
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

  /** Replaces all pending invalidations by a new generation, which voids everything. */
  #overflow(): void {
    this.#keys.clear()
    this.#patterns.clear()
    this.#tags.clear()
    this.#generations.add(ALL)
  }

  #of(kind: ChangeKind): Map<string, Pending> {
    if (kind === 'key') return this.#keys
    return kind === 'tag' ? this.#tags : this.#patterns
  }
}

function dueAmong<P extends Pending>(all: ReadonlyMap<string, P>, now: number): Map<string, P> {
  const due = new Map<string, P>()
  for (const [name, pending] of all) {
    if (pending.dueAt <= now) due.set(name, pending)
    if (due.size === CHUNK) break
  }
  return due
}

function pauseAfter(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
}
