import { InfrastructureError } from '@verbatim/cache-core'
import { outcomeOf } from '../connection/connection-errors.js'
import type { ChangeInFlight, KeyOperation } from '../operations-in-flight.js'
import type { ChangeKind, RecentChanges } from './recent-changes.js'
import type { StoreParts } from './store-parts.js'

/** A change of keys or tags that was sent to Redis. */
export interface SentChange {
  readonly kind: 'key' | 'tag'
  /** The keys or tags. */
  readonly names: readonly string[]
  /** Returns the revision that the change stores under a key. Default: it stores nothing. */
  readonly revisionOf?: (key: string) => string | undefined
  /** Returns whether a later change of a key was sent. Default: none was. */
  readonly isSuperseded?: (key: string) => boolean
}

const storesNothing = (): undefined => undefined
const isNeverSuperseded = (): boolean => false

/**
 * Records the outcomes of changes: counts them, remembers confirmed changes as recent, and remembers
 * others as pending until Redis has confirmed them.
 */
export class ChangeRecorder {
  readonly #parts: StoreParts
  readonly #recent: RecentChanges

  constructor(parts: StoreParts, recent: RecentChanges) {
    this.#parts = parts
    this.#recent = recent
  }

  /** Records that Redis carried out a change. */
  confirmed({
    kind,
    names,
    revisionOf = storesNothing,
    isSuperseded = isNeverSuperseded,
  }: SentChange): void {
    const { pending, counters } = this.#parts
    counters.change('ok', kind === 'key' ? names.length : 1)
    for (const name of names) {
      this.#recent.add(this.#nodeOf(kind, name), kind, name, revisionOf(name))
      if (!isSuperseded(name)) pending.confirm(kind, name)
    }
  }

  /** Records that Redis did not carry out a change because something newer superseded it. */
  skipped({ kind, names }: SentChange): void {
    this.#parts.counters.change('skipped', kind === 'key' ? names.length : 1)
  }

  /**
   * Records a change that Redis has not confirmed, and sends it again in the background.
   *
   * @throws the error, unless it is about Redis and calls are degraded
   */
  failed(
    { kind, names, revisionOf = storesNothing, isSuperseded = isNeverSuperseded }: SentChange,
    operation: ChangeInFlight,
    error: unknown,
  ): 'unavailable' {
    const { pending, counters, errors } = this.#parts
    counters.change(outcomeOf(error), kind === 'key' ? names.length : 1)
    for (const name of names) {
      // A value that a later change superseded must not stay in Redis.
      pending.add(kind, name, { revision: isSuperseded(name) ? undefined : revisionOf(name) })
    }
    if (error instanceof InfrastructureError) operation.error = error
    pending.replay()
    return errors.handle(error)
  }

  /**
   * Remembers a pending change of keys or tags that Redis has carried out now. Call it before the change
   * stops pending: a server that is set back loses this change like any other.
   *
   * @param revisionOf - returns the revision that was not removed. Default: everything was removed
   */
  replayed(
    kind: SentChange['kind'],
    names: Iterable<string>,
    revisionOf: (name: string) => string | undefined = storesNothing,
  ): void {
    for (const name of names) {
      this.#recent.add(this.#nodeOf(kind, name), kind, name, revisionOf(name))
    }
  }

  /** Records that a node carried out the invalidation of a pattern. */
  confirmedPattern(node: string, pattern: string): void {
    this.#recent.add(node, 'pattern', pattern)
  }

  /** Returns the positions of the writes by the node that holds their keys. */
  positionsByNode(writes: readonly KeyOperation[]): number[][] {
    if (!this.#parts.client.isCluster) return [[...writes.keys()]]
    const positions = new Map<string, number[]>()
    for (const [position, { key }] of writes.entries()) {
      const node = this.#nodeOf('key', key)
      const ofNode = positions.get(node)
      if (ofNode === undefined) positions.set(node, [position])
      else ofNode.push(position)
    }
    return [...positions.values()]
  }

  #nodeOf(kind: ChangeKind, name: string): string {
    const { masters, keyspace } = this.#parts
    return masters.nodeOf(kind === 'tag' ? keyspace.nameOfTag(name) : keyspace.nameOf(name))
  }
}
