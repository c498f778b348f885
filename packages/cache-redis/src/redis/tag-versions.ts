import { InfrastructureError } from '@verbatim/cache-core'
import { readRecord, recordHead, type TagVersion } from '../codec/stored-line.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Generations } from './generations.js'
import type { Keyspace } from './keyspace.js'
import type { Masters } from './masters.js'
import type { PendingInvalidations } from './pending-invalidations.js'
import { readTexts } from './records.js'
import type { NamedRecord } from './scripts/key-commands.js'

/** The least TTL of a version, in milliseconds, so that Redis seldom has to extend one. */
const MIN_TTL_MS = 86_400_000
/** Versions that are cached in memory. Beyond that all of them are read again. */
const MAX_CACHED = 10_000

export interface TagVersionsOptions {
  readonly run: RunCommands
  readonly keyspace: Keyspace
  readonly masters: Masters
  readonly generations: Generations
  readonly pending: Pick<PendingInvalidations, 'isTrustedTag'>
  /** Returns whether this process receives every invalidation. */
  readonly isTracking: () => boolean
}

/**
 * The current version of each tag, in Redis for all processes.
 *
 * A value carries the versions that its tags had before it was loaded. It is void when one of them is not
 * current. So one command invalidates a tag, however many values carry it: it removes the version. A value
 * under a version that Redis has lost is a miss.
 *
 * A version starts with the generation of the master that holds the tags. So a version that a server
 * brought back from an older snapshot is not current.
 */
export class TagVersions {
  readonly #options: TagVersionsOptions
  readonly #cached = new Map<string, string>()
  /** Counts invalidations: a reply from before one may be outdated. */
  #invalidations = 0

  constructor(options: TagVersionsOptions) {
    this.#options = options
  }

  /**
   * Returns the version of each tag, and gives a new one to a tag without.
   *
   * @param revision - the name of new versions
   * @param retentionMs - how long Redis holds the value that carries them; `Infinity` without expiry
   */
  async take(
    tags: readonly string[],
    revision: string,
    retentionMs: number,
  ): Promise<TagVersion[]> {
    const ttl =
      retentionMs === Number.POSITIVE_INFINITY
        ? { minTtlMs: -1, newTtlMs: -1 }
        : { minTtlMs: retentionMs, newTtlMs: Math.max(2 * retentionMs, MIN_TTL_MS) }
    const { masters, run, generations } = this.#options
    const [first = ''] = tags
    const name = this.#nameOf(first)
    // An outdated generation is safe: values under it are void, which is a miss.
    const generation = generations.lastKnown(name) || (await generations.current(name))
    const start = `${generation}_`
    const records = tags.map((tag) => this.#recordOf(tag, start))
    const lines = await run(
      (client) => masters.of(name).commands.takeVersions(client, records, revision, ttl),
      name,
    )
    return tags.map((tag, index) => {
      const version = this.#versionIn(tag, lines[index])
      if (version === undefined) throw nameInUse()
      return [tag, version]
    })
  }

  /** Returns for each list whether all its versions are current. Sends at most one command for them. */
  async areCurrent(lists: readonly (readonly TagVersion[])[]): Promise<boolean[]> {
    const tags = new Set(lists.flatMap((list) => list.map(([tag]) => tag)))
    if (tags.size === 0) return lists.map(() => true)
    const current = await this.#currentOf([...tags])
    return lists.map((list) => list.every(([tag, version]) => current.get(tag) === version))
  }

  /** Returns for each list whether its versions are current and no invalidation of its tags is pending. */
  async areValid(lists: readonly (readonly TagVersion[])[]): Promise<boolean[]> {
    const { pending } = this.#options
    // Before the versions are read: once a pending invalidation is confirmed, nothing shows that the
    // versions are from before it.
    const trusted = lists.map((list) => list.every(([tag]) => pending.isTrustedTag(tag)))
    const current = await this.areCurrent(lists)
    return lists.map((_list, index) => trusted[index] === true && current[index] === true)
  }

  /** Makes every value with one of the tags void. Returns how many of the tags had a version. */
  async invalidate(tags: readonly string[]): Promise<number> {
    const { masters, run } = this.#options
    const records = tags.map((tag) => this.#recordOf(tag))
    const [first] = records
    if (first === undefined) return 0
    const { name } = first
    for (const tag of tags) this.invalidated(tag)
    try {
      return await run((client) => masters.of(name).commands.removeRecords(client, records), name)
    } finally {
      // A version that was read in between may be the old one, and the message may be late or lost.
      for (const tag of tags) this.invalidated(tag)
    }
  }

  /** Forgets the version of a tag, because it may have another one from now on. */
  invalidated(tag: string): void {
    this.#invalidations++
    this.#cached.delete(tag)
  }

  /** Forgets all versions, because invalidations may have been missed. */
  forget(): void {
    this.#invalidations++
    this.#cached.clear()
  }

  async #currentOf(tags: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { run, isTracking, generations } = this.#options
    if (isTracking() && tags.every((tag) => this.#cached.has(tag))) return this.#cached
    const invalidationsBefore = this.#invalidations
    const names = tags.map((tag) => this.#nameOf(tag))
    const [first = ''] = names
    const [lines, generation] = await Promise.all([
      run((client) => readTexts(client, names), first),
      generations.current(first),
    ])
    const current = new Map<string, string>()
    for (const [index, tag] of tags.entries()) {
      const version = this.#versionIn(tag, lines[index])
      if (version?.startsWith(`${generation}_`)) current.set(tag, version)
    }
    if (isTracking() && this.#invalidations === invalidationsBefore) this.#cache(current)
    return current
  }

  #cache(current: ReadonlyMap<string, string>): void {
    if (this.#cached.size + current.size > MAX_CACHED) this.#cached.clear()
    for (const [tag, version] of current) this.#cached.set(tag, version)
  }

  #nameOf(tag: string): string {
    return this.#options.keyspace.nameOfTag(tag)
  }

  #recordOf(tag: string, start = ''): NamedRecord {
    const name = this.#nameOf(tag)
    return { name, head: recordHead(this.#options.keyspace.placeOfReserved(name), '#'), start }
  }

  #versionIn(tag: string, line: string | null | undefined): string | undefined {
    return readRecord(this.#options.keyspace.placeOfReserved(this.#nameOf(tag)), '#', line)
  }
}

/** Returns the error for a tag whose name holds foreign bytes, which this cache does not overwrite. */
function nameInUse(): InfrastructureError {
  return new InfrastructureError('Redis holds foreign bytes under the name of a tag', {
    code: 'BACKEND_REFUSED',
    context: { reply: 'NAME_IN_USE', outcome: 'failed' },
  })
}
