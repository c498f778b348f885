import type { EventHub } from '@verbatim/cache-core'
import { type Isolator, isolatorFor } from '@verbatim/cache-memory'
import { duplicateFor } from './connection/duplicate.js'
import type { RedisCacheEvents } from './events.js'
import { InvalidationLinks } from './link/invalidation-links.js'
import { KeyNews } from './link/key-news.js'
import { Copies } from './memory/copies.js'
import { MemoryTrust } from './memory/memory-trust.js'
import { NearTier } from './memory/near-tier.js'
import type { ResolvedOptions } from './options.js'
import { Keyspace } from './redis/keyspace.js'
import { SharedTier } from './redis/shared-tier.js'
import type { Tally } from './tally.js'
import { TierLoads } from './tiers/tier-loads.js'
import { TierReads } from './tiers/tier-reads.js'
import { TierWrites } from './tiers/tier-writes.js'

/** How long `connect()` waits for the links, once Redis can be used. */
const LINK_DEADLINE_MS = 500

export interface TwoTiersOptions extends ResolvedOptions {
  readonly longestCopyMs: (key: string, value: unknown) => number
  readonly events: EventHub<RedisCacheEvents>
  readonly tally: Tally
  /** Lets nothing be stored that a load of the key under way answers. */
  readonly fenceLoad: (key: string) => void
}

/**
 * The memory of this process before a Redis that processes share, as one: what belongs to it, and
 * who hears from whom.
 *
 * A copy in memory is answered while it is proven to be what Redis holds: every change there is heard
 * of, and nothing is kept that was read while word of a change came in.
 */
export class TwoTiers {
  readonly near: NearTier | undefined
  readonly shared: SharedTier
  readonly links: InvalidationLinks | undefined
  readonly isolator: Isolator
  readonly reads: TierReads
  readonly loads: TierLoads
  readonly writes: TierWrites
  readonly #options: TwoTiersOptions
  readonly #keyspace: Keyspace
  readonly #trust: MemoryTrust
  readonly #copies: Copies
  readonly #news = new KeyNews()

  constructor(options: TwoTiersOptions) {
    const { clock, enableL1Cache, longestCopyMs } = options
    this.#options = options
    this.#keyspace = new Keyspace(options.keyPrefix)
    this.isolator = isolatorFor(options.isolation)
    const isProven = (): boolean => this.links?.isProven() ?? false
    const connected = (): boolean => this.shared.connected
    this.#trust = new MemoryTrust({ connected, proven: isProven })
    this.shared = this.#openRedis(isProven)
    this.near = enableL1Cache ? new NearTier(options, this.#trust) : undefined
    this.links = enableL1Cache ? this.#listen() : undefined
    this.#copies = new Copies({ near: this.near, isProven, clock, longestCopyMs })
    const parts = { near: this.near, copies: this.#copies, isolator: this.isolator }
    this.loads = new TierLoads({
      shared: this.shared.writes,
      tags: this.shared.tags,
      news: this.#news,
      look: (key) => this.reads.look(key),
      fence: options.fenceLoad,
    })
    this.reads = new TierReads({
      ...parts,
      shared: this.shared.reads,
      leased: (seen) => this.loads.leased(seen),
    })
    this.writes = new TierWrites({
      ...parts,
      shared: this.shared.writes,
      loads: this.loads,
      connected,
      clock,
    })
  }

  /** Answers whether Redis can be used; if so, its changes are heard of too, unless that takes long. */
  async connect(): Promise<boolean> {
    const isConnected = await this.shared.connect()
    if (isConnected)
      await this.links?.settled(Math.max(LINK_DEADLINE_MS, 10 * this.#options.commandTimeoutMs))
    return isConnected
  }

  async close(): Promise<void> {
    this.links?.close()
    await this.shared.close()
    await this.near?.close()
  }

  #openRedis(isProven: () => boolean): SharedTier {
    const { events, tally } = this.#options
    return new SharedTier(this.#options, this.#keyspace, events, tally, {
      isProven,
      onChange: (connected) => {
        this.#trust.changed()
        if (connected) this.links?.follow()
      },
      onTopologyChange: () => this.links?.follow(),
    })
  }

  #listen(): InvalidationLinks {
    const { events } = this.#options
    return new InvalidationLinks({
      prefix: this.#keyspace.prefix,
      masters: () => this.shared.masters(),
      commandTimeoutMs: this.#options.commandTimeoutMs,
      connectTo: (master) =>
        duplicateFor(master, this.#options.commandTimeoutMs, this.#options.client),
      changed: (names) => {
        for (const name of names) this.#hear(name)
      },
      lost: () => {
        this.#copies.forget()
        this.shared.tags.forget()
      },
      flushed: () => {
        this.#copies.clear()
        this.shared.tags.forget()
      },
      silent: () => this.shared.probe(),
      turned: (live) => {
        this.#trust.changed()
        events.emit(live ? 'link_up' : 'link_down')
      },
    })
  }

  /** There is word from Redis that what stands under a name has changed. */
  #hear(name: string): void {
    const key = this.#keyspace.keyOf(name)
    if (key !== undefined) {
      this.#copies.hear(key)
      this.#news.tell(key)
      return
    }
    const tag = this.#keyspace.tagOf(name)
    if (tag === undefined) return
    this.shared.tags.hear(tag)
    this.#copies.dropTagged([tag])
    void this.loads.hearTag(tag)
  }
}
