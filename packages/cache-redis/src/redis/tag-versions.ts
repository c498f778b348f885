import { InfrastructureError } from '@verbatim/cache-core'
import { readRecord, recordHead, type TagVersion } from '../codec/stored-line.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Generations } from './generations.js'
import type { Keyspace } from './keyspace.js'
import type { KnownMasters } from './known-masters.js'
import type { NamedRecord } from './programs/key-programs.js'
import { readTexts } from './texts.js'

/** A version of a tag outlives the values stored under it, and is rarely given a longer TTL. */
const SHORTEST_TTL_MS = 86_400_000
/** Versions kept in memory; past so many they are all asked for again. */
const MOST_KNOWN = 10_000

export interface TagVersionsOptions {
  readonly run: RunCommands
  readonly keyspace: Keyspace
  readonly known: KnownMasters
  readonly generations: Generations
  /** Whether every change in Redis is received. */
  readonly isProven: () => boolean
}

/**
 * The current version of each tag, in Redis for all processes. A value carries the versions that its
 * tags had before it was loaded; it is void when one of them is no longer current. So a tag is
 * invalidated by removing its version, however many values carry it, and a value stored under a version
 * that Redis has lost is a miss.
 *
 * A version starts with the generation of the master that holds the tags: one that a server brought
 * back from an older snapshot is not current.
 */
export class TagVersions {
  readonly #options: TagVersionsOptions
  readonly #known = new Map<string, string>()
  /** Counts the changes received: an answer from before one may be outdated. */
  #received = 0

  constructor(options: TagVersionsOptions) {
    this.#options = options
  }

  /**
   * Returns the version of each tag, a new one for a tag without.
   *
   * @param revision - what new versions are called
   * @param holdMs - how long a value is held that carries them; `Infinity` for ever
   */
  async take(tags: readonly string[], revision: string, holdMs: number): Promise<TagVersion[]> {
    const isForEver = holdMs === Number.POSITIVE_INFINITY
    const life = isForEver
      ? { holdMs: -1, lifeMs: -1 }
      : { holdMs, lifeMs: Math.max(2 * holdMs, SHORTEST_TTL_MS) }
    const { known, run, generations } = this.#options
    const [first = ''] = tags
    const name = this.#nameOf(first)
    // The last one seen will do: under an outdated one values are void, which is a miss.
    const generation = generations.lastSeen(name) || (await generations.current(name))
    const start = `${generation}_`
    const records = tags.map((tag) => this.#recordOf(tag, start))
    const lines = await run(
      (client) => known.of(name).programs.takeVersions(client, records, revision, life),
      name,
    )
    return tags.map((tag, index) => {
      const version = this.#versionIn(tag, lines[index])
      if (version === undefined) throw nameInUse()
      return [tag, version]
    })
  }

  /** Returns for each list whether all its versions are current. At most one command for the versions. */
  async areCurrent(lists: readonly (readonly TagVersion[])[]): Promise<boolean[]> {
    const tags = new Set(lists.flatMap((list) => list.map(([tag]) => tag)))
    if (tags.size === 0) return lists.map(() => true)
    const current = await this.#currentOf([...tags])
    return lists.map((list) => list.every(([tag, version]) => current.get(tag) === version))
  }

  /** Makes every value void that carries one of the tags. Returns how many of the tags had a version. */
  async invalidate(tags: readonly string[]): Promise<number> {
    const { known, run } = this.#options
    const records = tags.map((tag) => this.#recordOf(tag))
    const [first] = records
    if (first === undefined) return 0
    const { name } = first
    for (const tag of tags) this.received(tag)
    try {
      return await run((client) => known.of(name).programs.removeRecords(client, records), name)
    } finally {
      // What was asked for meanwhile may be the old version, and the message may come later, or never.
      for (const tag of tags) this.received(tag)
    }
  }

  /** A tag may have another version from now on. */
  received(tag: string): void {
    this.#received++
    this.#known.delete(tag)
  }

  /** Anything may have changed without a message. */
  forget(): void {
    this.#received++
    this.#known.clear()
  }

  async #currentOf(tags: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { run, isProven, generations } = this.#options
    if (isProven() && tags.every((tag) => this.#known.has(tag))) return this.#known
    const receivedBefore = this.#received
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
    if (isProven() && this.#received === receivedBefore) this.#keep(current)
    return current
  }

  #keep(current: ReadonlyMap<string, string>): void {
    if (this.#known.size + current.size > MOST_KNOWN) this.#known.clear()
    for (const [tag, version] of current) this.#known.set(tag, version)
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

/** The name of a tag holds something that this cache has not written, and will not overwrite. */
function nameInUse(): InfrastructureError {
  return new InfrastructureError('Redis holds something else under the name of a tag', {
    code: 'BACKEND_REFUSED',
    context: { reply: 'NAME_IN_USE', outcome: 'failed' },
  })
}
