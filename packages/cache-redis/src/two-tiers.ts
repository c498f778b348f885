import type { EventHub } from '@verbatim/cache-core/implement'
import { type Isolator, isolatorFor } from '@verbatim/cache-memory/implement'
import { duplicateFor } from './connection/duplicate.js'
import { usesTls } from './connection/server-place.js'
import type { RedisCacheEvents } from './events.js'
import { InvalidationLinks } from './link/invalidation-links.js'
import { KeyNews } from './link/key-news.js'
import { Copies } from './memory/copies.js'
import { MemoryTrust } from './memory/memory-trust.js'
import { NearTier } from './memory/near-tier.js'
import { RedisReports } from './messages/redis-reports.js'
import type { ResolvedOptions } from './options.js'
import { Keyspace } from './redis/keyspace.js'
import { RedisStore } from './redis/redis-store.js'
import type { Tally } from './tally.js'
import { TierLoads } from './tiers/tier-loads.js'
import { TierReads } from './tiers/tier-reads.js'
import { TierWrites } from './tiers/tier-writes.js'

/** How long `connect()` waits for the links, once Redis can be used. */
const LINK_DEADLINE_MS = 500

export interface TwoTiersOptions extends ResolvedOptions {
  /** The longest that a copy of a value is kept in memory, unless a call says otherwise. */
  readonly memoryTtlMs: number
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
  /** `undefined` for a cache that is memory only. */
  readonly redis: RedisStore | undefined
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
  /** `undefined` for a cache that is memory only. */
  readonly #reports: RedisReports | undefined

  constructor(options: TwoTiersOptions) {
    const { clock, enableL1Cache, memoryTtlMs } = options
    this.#options = options
    this.#keyspace = new Keyspace(options.keyPrefix, options.usedDatabase)
    this.isolator = isolatorFor(options.isolation)
    this.#reports =
      options.client &&
      new RedisReports({
        reporter: options.reporter,
        client: options.client,
        details: { ...options, database: options.usedDatabase, tls: usesTls(options.client) },
      })
    const isProven = (): boolean => this.links?.isProven() ?? false
    const connected = (): boolean => this.redis?.connected ?? false
    this.#trust = new MemoryTrust({ connected, proven: isProven })
    this.redis = this.#openRedis(isProven)
    this.near = enableL1Cache ? new NearTier(options, this.#trust) : undefined
    this.links = enableL1Cache && this.redis ? this.#listen(this.redis) : undefined
    this.#copies = new Copies({ near: this.near, isProven, clock, memoryTtlMs })
    const parts = { near: this.near, copies: this.#copies, isolator: this.isolator }
    this.loads = new TierLoads({
      redis: this.redis,
      news: this.#news,
      look: (key, memoryTtl) => this.reads.look(key, memoryTtl),
      fence: options.fenceLoad,
    })
    this.reads = new TierReads({ ...parts, redis: this.redis?.reads, loads: this.loads })
    this.writes = new TierWrites({
      ...parts,
      redis: this.redis,
      loads: this.loads,
      fence: options.fenceLoad,
      clock,
    })
  }

  /** Answers whether Redis can be used; if so, its changes are heard of too, unless that takes long. */
  async connect(): Promise<boolean> {
    const isConnected = (await this.redis?.connect()) ?? false
    if (isConnected) {
      await this.links?.settled(Math.max(LINK_DEADLINE_MS, 10 * this.#options.commandTimeoutMs))
    }
    return isConnected
  }

  async close(): Promise<void> {
    this.links?.close()
    await this.redis?.close()
    this.near?.close()
  }

  #openRedis(isProven: () => boolean): RedisStore | undefined {
    const { client, events, tally } = this.#options
    const reports = this.#reports
    if (client === undefined || reports === undefined) return undefined
    return new RedisStore({
      ...this.#options,
      ...{ client, events, tally, reports },
      keyspace: this.#keyspace,
      listener: {
        isProven,
        onChange: (connected) => {
          this.#trust.changed()
          if (connected) this.links?.follow()
        },
        onTopologyChange: () => this.links?.follow(),
      },
    })
  }

  #listen(redis: RedisStore): InvalidationLinks {
    const { client, commandTimeoutMs, events } = this.#options
    return new InvalidationLinks({
      prefix: this.#keyspace.prefix,
      masters: () => redis.masters(),
      commandTimeoutMs,
      connectTo: (master) => duplicateFor(master, commandTimeoutMs, client),
      changed: (names) => {
        for (const name of names) this.#received(redis, name)
      },
      lost: () => {
        this.#copies.forget()
        redis.tags.forget()
        redis.generations.forget()
      },
      flushed: () => {
        this.#copies.clear()
        redis.tags.forget()
        redis.generations.forget()
      },
      silent: () => redis.probe(),
      refused: (trouble) => this.#reports?.trackingRefused(trouble),
      turned: (live) => {
        this.#trust.changed()
        if (live) {
          redis.generations.refresh()
          this.#reports?.trackingLive()
        }
        events.emit(live ? 'link_up' : 'link_down')
      },
    })
  }

  /** A message from Redis says that a name has changed. */
  #received(redis: RedisStore, name: string): void {
    const key = this.#keyspace.keyOf(name)
    if (key !== undefined) {
      this.#copies.hear(key)
      this.#news.tell(key)
      return
    }
    if (this.#keyspace.isRecord(name)) {
      // Another generation makes everything void.
      if (redis.generations.received(name)) this.#copies.clear()
      return
    }
    const tag = this.#keyspace.tagOf(name)
    if (tag === undefined) return
    redis.tags.received(tag)
    this.#copies.dropTagged([tag])
    void this.loads.hearTag(tag)
  }
}
