import type { Flight, LookupResult, MemoryTtl } from '@verbatim/cache-core/implement'
import type { TagVersion } from '../codec/stored-line.js'
import type { KeyNews } from '../link/key-news.js'
import { LoadLeases } from '../loading/load-leases.js'
import { generationOf, revisionOf, SEEN_NOTHING } from '../loading/seen.js'
import { TAGS_TAKEN_FOR_MS, TaggedLoads } from '../loading/tagged-loads.js'
import type { RedisStore } from '../redis/redis-store.js'
import type { SeenBefore } from '../redis/writes.js'

export interface TierLoadsOptions {
  /** `undefined` for a cache that is memory only. */
  readonly redis: RedisStore | undefined
  readonly news: KeyNews
  /** Looks at a key that is to be loaded; `undefined` when Redis is no use. */
  readonly look: (key: string, memoryTtl: MemoryTtl) => Promise<LookupResult | undefined>
  /** Lets nothing be stored that a load of the key under way answers. */
  readonly fence: (key: string) => void
}

/** What goes before and after a load where processes share keys. */
export class TierLoads {
  readonly #options: TierLoadsOptions
  readonly #leases: LoadLeases
  readonly #tagged = new TaggedLoads()

  constructor(options: TierLoadsOptions) {
    const { look, news, redis } = options
    const renew = async (key: string, revision: string, isUnderWay: boolean): Promise<void> =>
      redis?.writes.renewLease(key, revision, isUnderWay)
    this.#options = options
    this.#leases = new LoadLeases({ look, renew }, news)
  }

  /** Remembers that this process has been given the lease of a load. */
  leased(seen: string): void {
    this.#leases.grant(seen)
  }

  /** Gives a lease back whose load does not begin. */
  release(key: string, seen: string): void {
    this.#leases.release(key, seen)
  }

  /** Waits while another process loads the key, and notes how its tags stand. */
  beforeLoad(flight: Flight): Promise<LookupResult | undefined> | undefined {
    const turn = this.#leases.beforeLoad(flight)
    const { redis } = this.#options
    return flight.tags.length === 0 || redis === undefined
      ? turn
      : this.#beforeTaggedLoad(flight, turn)
  }

  /** What was seen before the load; `undefined` when Redis could not be asked, or had no lease to give. */
  seenBefore(flight: Flight): SeenBefore | undefined {
    const { expectedRevision: seen } = flight
    const tags = this.#tagged.versionsOf(flight)
    if (seen === undefined || seen === SEEN_NOTHING || tags === undefined) return undefined
    return { revision: revisionOf(seen), generation: generationOf(seen), tags }
  }

  /** Lets the versions of a value's tags outlive it. */
  async prolongTags(flight: Flight, holdMs: number): Promise<void> {
    if (flight.tags.length === 0 || holdMs <= TAGS_TAKEN_FOR_MS) return
    await this.#options.redis?.writes.takeTags(flight.tags, holdMs)
  }

  /** Forgets the lease of a load whose value is in Redis. */
  stored({ expectedRevision: seen }: Flight): void {
    if (seen !== undefined) this.#leases.fulfil(seen)
  }

  /** There is word of a tag. It may be of no more than its longer life, or of its first version. */
  hearTag(tag: string): Promise<void> {
    return this.#fenceOutdated((flight) => flight.tags.includes(tag))
  }

  /**
   * Looks whether the tags of a load under way are still those from before it, so that nobody joins a load
   * from before their invalidation: word of that may come late, or never.
   */
  beforeJoining(key: string): Promise<void> | undefined {
    return this.#tagged.any ? this.#fenceOutdated((flight) => flight.key === key) : undefined
  }

  async #fenceOutdated(matches: (flight: Flight) => boolean): Promise<void> {
    for (const [flight, versions] of this.#tagged.underWay(matches)) {
      if (!(await this.#areCurrent(versions)) && !flight.fenced) this.#options.fence(flight.key)
    }
  }

  async #beforeTaggedLoad(
    flight: Flight,
    turn: Promise<LookupResult | undefined> | undefined,
  ): Promise<LookupResult | undefined> {
    const held = await turn
    if (held !== undefined && held.freshMs >= 0) return held
    const versions = await this.#options.redis?.writes.takeTags(flight.tags, TAGS_TAKEN_FOR_MS)
    if (typeof versions === 'object') this.#tagged.began(flight, versions)
    return held
  }

  async #areCurrent(versions: readonly TagVersion[]): Promise<boolean> {
    const [current] =
      (await this.#options.redis?.tags.areCurrent([versions]).catch(() => [false])) ?? []
    return current === true
  }
}
