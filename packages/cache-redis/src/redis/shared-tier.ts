import type { EventHub } from '@verbatim/cache-core'
import type { Redis } from 'ioredis'
import { ValueCodec } from '../codec/value-codec.js'
import { checkServer } from '../connection/check-server.js'
import { type Circuit, RedisConnection, type RunCommands } from '../connection/redis-connection.js'
import type { RedisCacheEvents } from '../events.js'
import type { ResolvedOptions } from '../options.js'
import type { Tally } from '../tally.js'
import { BackendTrouble } from './backend-trouble.js'
import { ChangeLog } from './change-log.js'
import type { Keyspace } from './keyspace.js'
import { KnownMasters } from './known-masters.js'
import { nameOfNode } from './placement.js'
import type { ProgramWay } from './programs/program-way.js'
import { RedisTier } from './redis-tier.js'
import { ServerIdentity } from './server-identity.js'
import { type RedisServerInfo, serverInfo } from './server-info.js'
import { SharedReads } from './shared-reads.js'
import { SharedWrites } from './shared-writes.js'
import { Stamps } from './stamps.js'
import { TagVersions } from './tag-versions.js'

/** What those who keep copies of values have to do with Redis. */
export interface Watched {
  /** Whether every change in Redis is heard of. */
  readonly isProven: () => boolean
  /** Redis can be used, or cannot any more. */
  readonly onChange: (connected: boolean) => void
  /** The masters are others than before. */
  readonly onTopologyChange: () => void
}

/** How Redis stands. */
export interface SharedStatus {
  readonly connected: boolean
  readonly circuit: Circuit
  readonly lastTrouble: string | undefined
  readonly unconfirmedDeletes: number
  /** How programs are run there; `undefined` until that is known. */
  readonly programs: ProgramWay | undefined
}

/** The Redis that processes share, as one of them sees it. */
export class SharedTier {
  readonly reads: SharedReads
  readonly writes: SharedWrites
  readonly tags: TagVersions
  readonly #connection: RedisConnection
  readonly #changes: ChangeLog
  readonly #known: KnownMasters
  readonly #run: RunCommands = (send, on) => this.#connection.run(send, on)

  constructor(
    options: ResolvedOptions,
    keyspace: Keyspace,
    events: EventHub<RedisCacheEvents>,
    tally: Tally,
    watched: Watched,
  ) {
    const { client, ownsClient, database, commandTimeoutMs } = options
    const codec = new ValueCodec(options)
    const identity = new ServerIdentity()
    const run = this.#run
    const known = new KnownMasters(client, run)
    this.#known = known
    this.#connection = new RedisConnection({
      client,
      owned: ownsClient,
      commandTimeoutMs,
      check: async (master) => {
        await checkServer(master, database)
        const nameOf = (node: Redis): string => nameOfNode(client, node)
        const name = nameOf(master)
        await known.learn(name, master)
        const names = this.#connection.masters().map(nameOf)
        known.keepOnly(names)
        if (await identity.isAnother(master, name, names)) this.#changes.recall()
      },
      onChange: (ready) => {
        watched.onChange(ready)
        events.emit(ready ? 'connected' : 'disconnected')
      },
      onTrust: () => this.#changes.settle(),
      onTopologyChange: watched.onTopologyChange,
    })
    const masters = (): readonly Redis[] => this.#connection.masters()
    this.#changes = new ChangeLog({
      ready: () => this.#connection.ready,
      delete: (kind, names) => this.writes.makeGood(kind, names),
    })
    this.tags = new TagVersions({ run, keyspace, known, isProven: watched.isProven })
    const parts = {
      tally,
      redis: new RedisTier({
        client,
        run,
        masters,
        codec,
        keyspace,
        known,
        tally,
        commandTimeoutMs,
      }),
      tags: this.tags,
      changes: this.#changes,
      trouble: new BackendTrouble(options.throwsBackendErrors, events, tally),
      stamps: new Stamps(),
    }
    this.reads = new SharedReads(parts)
    this.writes = new SharedWrites(parts, this.reads, codec)
  }

  /** Whether Redis can be used now. */
  get connected(): boolean {
    return this.#connection.ready
  }

  get status(): SharedStatus {
    return {
      connected: this.#connection.ready,
      circuit: this.#connection.circuit,
      lastTrouble: this.#connection.lastTrouble,
      unconfirmedDeletes: this.#changes.unconfirmed,
      programs: this.#known.way,
    }
  }

  /** The masters that there are, trusted or not. */
  masters(): readonly Redis[] {
    return this.#connection.masters()
  }

  connect(): Promise<boolean> {
    return this.#connection.connect()
  }

  async info(): Promise<RedisServerInfo> {
    return serverInfo(await this.#run(async () => this.masters()), this.#run)
  }

  /** Finds out, in the background, whether Redis still answers. */
  probe(): void {
    for (const master of this.#connection.masters()) {
      this.#connection.run(() => master.ping(), master).catch(() => undefined)
    }
  }

  close(): Promise<void> {
    this.#changes.close()
    return this.#connection.close()
  }
}
