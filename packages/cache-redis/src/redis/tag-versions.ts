import type { TagVersion } from '../codec/envelope.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Keyspace } from './keyspace.js'
import type { KnownMasters } from './known-masters.js'

/** A version of a tag outlives the values stored under it, and is rarely given a longer life. */
const SHORTEST_LIFE_MS = 86_400_000
/** Versions kept in memory; past so many they are all asked for again. */
const MAX_KNOWN = 10_000

export interface TagVersionsOptions {
  readonly run: RunCommands
  readonly keyspace: Keyspace
  readonly known: KnownMasters
  /** Whether every change in Redis is heard of. */
  readonly isProven: () => boolean
}

/**
 * The current version of each tag, in Redis for all processes. A value carries the versions that
 * its tags had before it was loaded; it is void when one of them is not current any more. So a tag is
 * invalidated by forgetting its version, however many values carry it, and what was stored under a
 * version that Redis has lost is a miss.
 */
export class TagVersions {
  readonly #options: TagVersionsOptions
  readonly #known = new Map<string, string>()
  /** Counts what was heard: an answer from before something was heard may be outdated. */
  #heard = 0

  constructor(options: TagVersionsOptions) {
    this.#options = options
  }

  /**
   * Answers the version of each tag, a new one for a tag without.
   *
   * @param stamp - what new versions are called
   * @param holdMs - how long a value will be held that carries them; `Infinity` for ever
   */
  async take(tags: readonly string[], stamp: string, holdMs: number): Promise<TagVersion[]> {
    const isForEver = holdMs === Number.POSITIVE_INFINITY
    const life = isForEver
      ? { holdMs: -1, lifeMs: -1 }
      : { holdMs, lifeMs: Math.max(2 * holdMs, SHORTEST_LIFE_MS) }
    const { known, run } = this.#options
    const names = this.#namesOf(tags)
    const [first = ''] = names
    const versions = await run(
      (client) => known.of(first).programs.takeVersions(client, names, stamp, life),
      first,
    )
    return tags.map((tag, index) => [tag, versions[index] as string])
  }

  /** Tells of each list whether all its versions are current. At most one command. */
  async areCurrent(lists: readonly (readonly TagVersion[])[]): Promise<boolean[]> {
    const tags = new Set(lists.flatMap((list) => list.map(([tag]) => tag)))
    if (tags.size === 0) return lists.map(() => true)
    const current = await this.#currentOf([...tags])
    return lists.map((list) => list.every(([tag, version]) => current.get(tag) === version))
  }

  /** Makes every value void that carries one of the tags. */
  async invalidate(tags: readonly string[]): Promise<void> {
    for (const tag of tags) this.#known.delete(tag)
    const names = this.#namesOf(tags)
    await this.#options.run((client) => client.unlink(...names), names[0])
  }

  /** A tag may have another version from now on. */
  hear(tag: string): void {
    this.#heard++
    this.#known.delete(tag)
  }

  /** Anything may have changed unheard. */
  forget(): void {
    this.#heard++
    this.#known.clear()
  }

  async #currentOf(tags: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { run, isProven } = this.#options
    if (isProven() && tags.every((tag) => this.#known.has(tag))) return this.#known
    const heardBefore = this.#heard
    const names = this.#namesOf(tags)
    const versions = await run((client) => client.mget(...names), names[0])
    const current = new Map<string, string>()
    for (const [index, tag] of tags.entries()) {
      const version = versions[index]
      if (typeof version === 'string') current.set(tag, version)
    }
    if (isProven() && this.#heard === heardBefore) this.#keep(current)
    return current
  }

  #keep(current: ReadonlyMap<string, string>): void {
    if (this.#known.size + current.size > MAX_KNOWN) this.#known.clear()
    for (const [tag, version] of current) this.#known.set(tag, version)
  }

  #namesOf(tags: readonly string[]): string[] {
    return tags.map((tag) => this.#options.keyspace.nameOfTag(tag))
  }
}
