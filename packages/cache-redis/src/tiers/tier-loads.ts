import type { Flight, HeldValue } from '@verbatim/cache-core'
import type { TagVersion } from '../codec/envelope.js'
import type { KeyNews } from '../link/key-news.js'
import { LoadLeases } from '../loading/load-leases.js'
import { stampOf } from '../loading/seen.js'
import { TAGS_TAKEN_FOR_MS, TaggedLoads } from '../loading/tagged-loads.js'
import type { SeenBefore, SharedWrites } from '../redis/shared-writes.js'
import type { TagVersions } from '../redis/tag-versions.js'

export interface TierLoadsOptions {
  readonly shared: SharedWrites
  readonly tags: TagVersions
  readonly news: KeyNews
  /** Looks at a key that is to be loaded; `undefined` when Redis is no use. */
  readonly look: (key: string) => Promise<HeldValue | undefined>
  /** Lets nothing be stored that a load of the key under way answers. */
  readonly fence: (key: string) => void
}

/** What goes before and after a load where processes share keys. */
export class TierLoads {
  readonly #options: TierLoadsOptions
  readonly #leases: LoadLeases
  readonly #tagged = new TaggedLoads()

  constructor(options: TierLoadsOptions) {
    const { look, news, shared } = options
    const renew = (key: string, seen: string, underWay: boolean): Promise<void> =>
      shared.renewLease(key, stampOf(seen), underWay)
    this.#options = options
    this.#leases = new LoadLeases({ look, renew }, news)
  }

  /** Says that this process has been given the lease of a load. */
  leased(seen: string): void {
    this.#leases.grant(seen)
  }

  /** Waits while another process loads the key, and notes how its tags stand. */
  beforeLoad(flight: Flight): Promise<HeldValue | undefined> | undefined {
    const turn = this.#leases.beforeLoad(flight)
    return flight.tags.length === 0 ? turn : this.#beforeTaggedLoad(flight, turn)
  }

  /** What was seen before the load; `undefined` when Redis could not be asked. */
  seenBefore(flight: Flight): SeenBefore | undefined {
    const tags = this.#tagged.versionsOf(flight)
    if (flight.seen === undefined || tags === undefined) return undefined
    return { stamp: stampOf(flight.seen), tags }
  }

  /** Lets the versions of a value's tags outlive it. */
  async prolongTags(flight: Flight, holdMs: number): Promise<void> {
    if (holdMs > TAGS_TAKEN_FOR_MS) await this.#options.shared.takeTags(flight.tags, holdMs)
  }

  /** Says that what was loaded is in Redis. */
  stored({ seen }: Flight): void {
    if (seen !== undefined) this.#leases.fulfil(seen)
  }

  /** There is word of a tag. It may be of no more than its longer life, or of its first version. */
  async hearTag(tag: string): Promise<void> {
    for (const [flight, versions] of this.#tagged.carrying(tag)) {
      if (!(await this.#areCurrent(versions))) this.#options.fence(flight.key)
    }
  }

  async #beforeTaggedLoad(
    flight: Flight,
    turn: Promise<HeldValue | undefined> | undefined,
  ): Promise<HeldValue | undefined> {
    const held = await turn
    if (held !== undefined && held.freshMs >= 0) return held
    const versions = await this.#options.shared.takeTags(flight.tags, TAGS_TAKEN_FOR_MS)
    if (versions !== undefined) this.#tagged.began(flight, versions)
    return held
  }

  async #areCurrent(versions: readonly TagVersion[]): Promise<boolean> {
    const [current] = await this.#options.tags.areCurrent([versions]).catch(() => [false])
    return current === true
  }
}
