import { InfrastructureError } from '@verbatim/cache-core'
import { outcomeOf } from '../connection/connection-errors.js'
import { Change, type Ticket } from '../memory/key-fence.js'
import type { StoreParts } from './reads.js'
import type { ChangeKind, RecentChanges } from './recent-changes.js'

/** What is known of the names of a change. */
interface ChangeDetails {
  /** What it leaves under its names: one revision, or one for each. Default: nothing. */
  readonly revisions?: string | ReadonlyMap<string, string> | undefined
  /** Whether a later change of a name was sent. Default: none was. */
  readonly isOvertaken?: (name: string) => boolean
}

/** What became of a change of many keys on one node. */
interface NodeAnswer<T> {
  /** The places of its keys among those that were changed. */
  readonly places: readonly number[]
  readonly answer: T | 'unavailable'
}

/** Sends changes to Redis and remembers them: as recent if they were confirmed, otherwise as pending. */
export class ChangeSender {
  readonly #parts: StoreParts
  readonly #recent: RecentChanges

  constructor(parts: StoreParts, recent: RecentChanges) {
    this.#parts = parts
    this.#recent = recent
  }

  /** @param names - of the keys or tags that are changed */
  async send<T>(
    change: Change,
    kind: 'key' | 'tag',
    names: readonly string[],
    send: () => Promise<T>,
    { revisions, isOvertaken = () => false }: ChangeDetails = {},
  ): Promise<T | 'unavailable'> {
    const { pending, tally, errors } = this.#parts
    const revisionOf = (name: string): string | undefined =>
      typeof revisions === 'object' ? revisions.get(name) : revisions
    try {
      const answer = await send()
      const isSuperseded = answer === 'superseded'
      tally.change(isSuperseded ? 'skipped' : 'ok', kind === 'key' ? names.length : 1)
      for (const name of isSuperseded ? [] : names) {
        this.#recent.add(this.#nodeOf(kind, name), kind, name, revisionOf(name))
        if (!isOvertaken(name)) pending.confirm(kind, name)
      }
      return answer
    } catch (error) {
      tally.change(outcomeOf(error), kind === 'key' ? names.length : 1)
      for (const name of names) {
        // What a later change has superseded must not stay.
        pending.add(kind, name, { revision: isOvertaken(name) ? undefined : revisionOf(name) })
      }
      if (isInfrastructure(error)) change.trouble = error
      pending.replay()
      return errors.handle(error)
    }
  }

  /**
   * Sends a change of many keys to each node apart: a node that fails affects its own keys only.
   *
   * @param send - gets the places of a node's keys among the writes
   * @param revisions - what the change leaves under each key. Default: nothing
   * @throws what a node fails with, if errors of Redis are to be thrown, when all nodes have replied
   */
  async sendByNode<T>(
    writes: readonly Ticket[],
    send: (places: readonly number[]) => Promise<T>,
    revisions?: ReadonlyMap<string, string>,
  ): Promise<NodeAnswer<T>[]> {
    const isOvertaken = overtakenAmong(writes)
    const settled = await Promise.allSettled(
      this.#placesByNode(writes).map(async (places) => {
        const change = new Change()
        const ofNode = places.map((place) => writes[place] as Ticket)
        const keys = ofNode.map(({ key }) => key)
        try {
          const details = { revisions, isOvertaken }
          const answer = await this.send(change, 'key', keys, () => send(places), details)
          return { places, answer }
        } finally {
          for (const write of ofNode) write.trouble = change.trouble
        }
      }),
    )
    return settled.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    })
  }

  #placesByNode(writes: readonly Ticket[]): number[][] {
    const { client } = this.#parts
    if (!client.isCluster) return [[...writes.keys()]]
    const places = new Map<string, number[]>()
    for (const [place, { key }] of writes.entries()) {
      const node = this.#nodeOf('key', key)
      const ofNode = places.get(node)
      if (ofNode === undefined) places.set(node, [place])
      else ofNode.push(place)
    }
    return [...places.values()]
  }

  /** A pattern was carried out on a node. */
  confirmedPattern(node: string, pattern: string): void {
    this.#recent.add(node, 'pattern', pattern)
  }

  #nodeOf(kind: ChangeKind, name: string): string {
    const { known, keyspace } = this.#parts
    return known.nodeOf(kind === 'tag' ? keyspace.nameOfTag(name) : keyspace.nameOf(name))
  }
}

/** Whether an error is about Redis. */
export function isInfrastructure(error: unknown): error is InfrastructureError {
  return error instanceof InfrastructureError
}

/** Returns a function that tells whether a later change of a key has been sent. */
function overtakenAmong(writes: readonly Ticket[]): (key: string) => boolean {
  const byKey = new Map(writes.map((write) => [write.key, write]))
  return (key) => byKey.get(key)?.overtaken === true
}
