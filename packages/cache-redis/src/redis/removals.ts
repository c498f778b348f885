import { InfrastructureError } from '@verbatim/cache-core'
import { isLastingRefusal } from '../connection/connection-errors.js'
import { Change, type Ticket } from '../memory/key-fence.js'
import { type ChangeSender, isInfrastructure } from './change-sender.js'
import { scanKeys } from './key-scan.js'
import type { Failures } from './pending-invalidations.js'
import { groupBySlot, nameOfNode } from './placement.js'
import { type Metadata, PAGE, type RedisReads, type StoreParts } from './reads.js'

/** Keys of one node that were to be removed, and those that held a fresh value. */
export interface RemovedKeys {
  readonly keys: readonly string[]
  readonly existed: readonly string[] | 'unavailable'
}

/**
 * Removes keys of this cache from Redis, and makes tags void. What was not confirmed is remembered and
 * sent again as soon as Redis can be used.
 */
export class RedisRemovals {
  readonly #parts: StoreParts
  readonly #reads: RedisReads
  readonly #changes: ChangeSender

  constructor(parts: StoreParts, reads: RedisReads, changes: ChangeSender) {
    this.#parts = parts
    this.#reads = reads
    this.#changes = changes
  }

  /** Removes a key. Returns whether it held a fresh value. */
  remove(write: Ticket): Promise<boolean | 'unavailable'> {
    const { pending } = this.#parts
    const { key } = write
    const wasTrusted = pending.isTrusted(key)
    const send = async (): Promise<boolean> => {
      const removed = await this.#reads.freshAmong([key], await this.#removeKeys([key]))
      return removed.length > 0 && wasTrusted
    }
    return this.#changes.send(write, 'key', [key], send, { isOvertaken: () => write.overtaken })
  }

  /** Removes many keys. Tells of each node which keys it has, and which of them held a fresh value. */
  async removeMany(writes: readonly Ticket[]): Promise<readonly RemovedKeys[]> {
    const { pending } = this.#parts
    const keys = writes.map(({ key }) => key)
    const keysAt = (places: readonly number[]): string[] => places.map((at) => keys[at] as string)
    const trusted = new Set(keys.filter((key) => pending.isTrusted(key)))
    const answers = await this.#changes.sendByNode(writes, async (places) => {
      const ofNode = keysAt(places)
      const removed = await this.#reads.freshAmong(ofNode, await this.#removeKeys(ofNode))
      return removed.filter((key) => trusted.has(key))
    })
    return answers.map(({ places, answer }) => ({ keys: keysAt(places), existed: answer }))
  }

  /**
   * Removes what a glob matches, on every master that can be reached.
   *
   * @returns how many keys held a fresh value
   */
  async removeMatching(pattern: string, change: Change): Promise<number | 'unavailable'> {
    const { errors, pending, tally } = this.#parts
    const done = new Set<string>()
    const counted = new Set<string>()
    const failures = await this.#removeOnEachMaster(pattern, done, counted)
    tally.change(failures.size === 0 ? 'ok' : 'indeterminate')
    for (const node of done) this.#changes.confirmedPattern(node, pattern)
    const [error] = failures.values()
    if (error === undefined) {
      pending.confirm('pattern', pattern)
      return counted.size
    }
    change.trouble = error
    pending.add('pattern', pattern, { done })
    pending.replay()
    errors.report(done.size === 0 ? error : partial(error, counted.size, failures.size))
    return done.size === 0 ? 'unavailable' : counted.size
  }

  /** Makes void what carries one of the tags. Returns how many of the tags any value may carry. */
  invalidateTags(tags: readonly string[]): Promise<number | 'unavailable'> {
    return this.#changes.send(new Change(), 'tag', tags, async () =>
      this.#parts.tags.invalidate(tags),
    )
  }

  /** Removes keys whose invalidation is pending, each unless it holds the given revision. */
  async replayKeys(keys: ReadonlyMap<string, string | undefined>): Promise<Failures> {
    const { client, keyspace } = this.#parts
    const all = [...keys.keys()]
    const failures = new Map<string, InfrastructureError>()
    const groups = groupBySlot(
      client,
      all.map((key) => keyspace.nameOf(key)),
      PAGE,
    )
    const attempt = async (group: readonly string[]): Promise<void> => {
      const stays = group.map((key) => keys.get(key) ?? '')
      try {
        await this.#removeKeys(group, stays)
      } catch (error) {
        // One key that is refused must not hold up the others.
        if (isLastingRefusal(error) && group.length > 1) {
          for (const key of group) await attempt([key])
        } else if (isInfrastructure(error)) for (const key of group) failures.set(key, error)
      }
    }
    await Promise.all(groups.map((group) => attempt(group.map((index) => all[index] as string))))
    return failures
  }

  /** Removes what a pending pattern matches on the masters where that is not done. */
  async replayPattern(pattern: string, done: Set<string>): Promise<Failures> {
    const [error] = (await this.#removeOnEachMaster(pattern, done, new Set())).values()
    return error === undefined ? new Map() : new Map([[pattern, error]])
  }

  async replayTags(tags: readonly string[]): Promise<Failures> {
    try {
      await this.#parts.tags.invalidate(tags)
      return new Map()
    } catch (error) {
      if (!isInfrastructure(error)) throw error
      return new Map(tags.map((tag) => [tag, error]))
    }
  }

  #removeKeys(
    keys: readonly string[],
    stays: readonly string[] = [],
  ): Promise<(Metadata | null)[]> {
    const { codec } = this.#parts
    const stayOf = new Map(
      keys.map((key, index) => [this.#parts.keyspace.nameOf(key), stays[index] ?? '']),
    )
    return this.#reads.metadataOf(keys, (programs, client, named) =>
      programs.remove(
        client,
        named,
        codec.maxStoredBytes,
        named.map(({ name }) => stayOf.get(name) ?? ''),
      ),
    )
  }

  /**
   * @param done - masters that are left out; those where it succeeds are added
   * @returns the masters where it failed, each with the error
   */
  async #removeOnEachMaster(
    pattern: string,
    done: Set<string>,
    counted: Set<string>,
  ): Promise<ReadonlyMap<string, InfrastructureError>> {
    const { client, run, masters, keyspace } = this.#parts
    const failures = new Map<string, InfrastructureError>()
    const fail = (node: string, error: unknown): void => {
      if (!isInfrastructure(error)) throw error
      failures.set(node, error)
    }
    if (masters().length === 0) {
      // Connects, or says why there are none.
      await run(async () => undefined).catch((error: unknown) => fail('', error))
    }
    await Promise.all(
      masters().map(async (master) => {
        const node = nameOfNode(client, master)
        if (done.has(node)) return
        try {
          for await (const page of scanKeys({ run, master, keyspace }, pattern)) {
            const removed = await this.#removeKeys(page)
            for (const key of await this.#reads.freshAmong(page, removed)) counted.add(key)
          }
          done.add(node)
        } catch (error) {
          fail(node, error)
        }
      }),
    )
    return failures
  }
}

/** Some masters could not be reached; the others did what was asked. */
function partial(
  error: InfrastructureError,
  removed: number,
  masters: number,
): InfrastructureError {
  return new InfrastructureError(
    `${masters} of the masters did not carry out the invalidation: ${error.message}`,
    { code: error.code, context: { ...error.context, removed, masters }, cause: error },
  )
}
