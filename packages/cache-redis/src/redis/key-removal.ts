import { InfrastructureError } from '@verbatim/cache-core'
import { groupBySlot, nameOfNode } from '../connection/cluster-slots.js'
import { isLastingRefusal } from '../connection/connection-errors.js'
import type { ChangeRecorder } from './change-recorder.js'
import { scanKeys } from './listing.js'
import type { KeyMetadata, Metadata } from './metadata.js'
import type { Failures } from './pending-invalidations.js'
import { PAGE, type StoreParts } from './store-parts.js'

/** The result of removing the keys that match a pattern. */
export interface RemovedMatching {
  /** The keys that held a fresh value. */
  readonly removed: ReadonlySet<string>
  /** The masters that failed, each with the error. */
  readonly failures: ReadonlyMap<string, InfrastructureError>
}

/** Removes keys of this cache from Redis. */
export class KeyRemoval {
  readonly #parts: StoreParts
  readonly #metadata: KeyMetadata

  constructor(parts: StoreParts, metadata: KeyMetadata) {
    this.#parts = parts
    this.#metadata = metadata
  }

  /**
   * Removes keys.
   *
   * @param retainedRevisions - for each key a revision that is not removed; empty for none. Default: none
   * @returns the metadata of each value that was there
   */
  remove(
    keys: readonly string[],
    retainedRevisions: readonly string[] = [],
  ): Promise<(Metadata | null)[]> {
    const { codec, keyspace } = this.#parts
    const retainedOf = new Map(
      keys.map((key, index) => [keyspace.nameOf(key), retainedRevisions[index] ?? '']),
    )
    return this.#metadata.of(keys, (commands, client, named) =>
      commands.remove(
        client,
        named,
        codec.maxStoredBytes,
        named.map(({ name }) => retainedOf.get(name) ?? ''),
      ),
    )
  }

  /** Removes keys. Returns those that held a fresh value. */
  async removeFresh(keys: readonly string[]): Promise<string[]> {
    return this.#metadata.freshAmong(keys, await this.remove(keys))
  }

  /**
   * Removes the keys that match a glob, on each master.
   *
   * @param done - masters that are left out; those that succeed are added
   */
  async removeMatching(pattern: string, done: Set<string>): Promise<RemovedMatching> {
    const { client, run, allMasters, keyspace } = this.#parts
    const removed = new Set<string>()
    const failures = new Map<string, InfrastructureError>()
    const fail = (node: string, error: unknown): void => {
      if (!(error instanceof InfrastructureError)) throw error
      failures.set(node, error)
    }
    if (allMasters().length === 0) {
      // Connects, or fails with the reason why there is no master.
      await run(async () => undefined).catch((error: unknown) => fail('', error))
    }
    await Promise.all(
      allMasters().map(async (master) => {
        const node = nameOfNode(client, master)
        if (done.has(node)) return
        try {
          for await (const page of scanKeys({ run, master, keyspace }, pattern)) {
            for (const key of await this.removeFresh(page)) removed.add(key)
          }
          done.add(node)
        } catch (error) {
          fail(node, error)
        }
      }),
    )
    return { removed, failures }
  }
}

/** Sends pending invalidations to Redis, and remembers those that succeed as recent changes. */
export class InvalidationReplay {
  readonly #parts: StoreParts
  readonly #removal: KeyRemoval
  readonly #changes: ChangeRecorder

  constructor(parts: StoreParts, removal: KeyRemoval, changes: ChangeRecorder) {
    this.#parts = parts
    this.#removal = removal
    this.#changes = changes
  }

  /** Removes keys, each unless it holds the given revision. */
  async keys(keys: ReadonlyMap<string, string | undefined>): Promise<Failures> {
    const { client, keyspace } = this.#parts
    const all = [...keys.keys()]
    const failures = new Map<string, InfrastructureError>()
    const names = all.map((key) => keyspace.nameOf(key))
    const attempt = async (group: readonly string[]): Promise<void> => {
      const retainedRevisions = group.map((key) => keys.get(key) ?? '')
      try {
        await this.#removal.remove(group, retainedRevisions)
        this.#changes.replayed('key', group, (key) => keys.get(key))
      } catch (error) {
        // One key that Redis refuses must not hold up the others.
        if (isLastingRefusal(error) && group.length > 1) {
          for (const key of group) await attempt([key])
        } else if (error instanceof InfrastructureError) {
          for (const key of group) failures.set(key, error)
        }
      }
    }
    await Promise.all(
      groupBySlot(client, names, PAGE).map((group) =>
        attempt(group.map((index) => all[index] as string)),
      ),
    )
    return failures
  }

  /** Removes the keys that a pattern matches, on the masters where that is not done. */
  async pattern(pattern: string, done: Set<string>): Promise<Failures> {
    const before = new Set(done)
    const { failures } = await this.#removal.removeMatching(pattern, done)
    for (const node of done) if (!before.has(node)) this.#changes.confirmedPattern(node, pattern)
    const [error] = failures.values()
    return error === undefined ? new Map() : new Map([[pattern, error]])
  }

  async tags(tags: readonly string[]): Promise<Failures> {
    try {
      await this.#parts.tags.invalidate(tags)
      this.#changes.replayed('tag', tags)
      return new Map()
    } catch (error) {
      if (!(error instanceof InfrastructureError)) throw error
      return new Map(tags.map((tag) => [tag, error]))
    }
  }
}
