import type { EventHub } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { ValueCodec } from '../codec/value-codec.js'
import { checkServer } from '../connection/check-server.js'
import { patienceFor } from '../connection/client-settings.js'
import type { RedisClient } from '../connection/redis-client.js'
import { type Circuit, RedisConnection, type RunCommands } from '../connection/redis-connection.js'
import type { RedisCacheEvents } from '../events.js'
import { AvailabilityReports } from '../messages/availability-reports.js'
import type { RedisReports } from '../messages/redis-reports.js'
import type { ResolvedOptions } from '../options.js'
import type { Tally } from '../tally.js'
import { ChangeSender } from './change-sender.js'
import { ErrorPolicy } from './error-policy.js'
import { Generations } from './generations.js'
import { RedisInspection } from './inspection.js'
import type { Keyspace } from './keyspace.js'
import { KnownMasters } from './known-masters.js'
import { PendingInvalidations } from './pending-invalidations.js'
import { nameOfNode } from './placement.js'
import type { ProgramWay } from './programs/program-way.js'
import { RedisReads, type StoreParts } from './reads.js'
import { type RecentChange, RecentChanges } from './recent-changes.js'
import { RedisRemovals } from './removals.js'
import { Revisions } from './revisions.js'
import { runIdOf, ServerIdentity } from './server-identity.js'
import { type RedisServerInfo, serverInfo } from './server-info.js'
import { TagVersions } from './tag-versions.js'
import { RedisWrites } from './writes.js'

/** What the memory tier has to do with Redis. */
interface StoreListener {
  /** Whether every change in Redis is received. */
  readonly isProven: () => boolean
  /** Redis can be used, or cannot any more. */
  readonly onChange: (connected: boolean) => void
  /** The masters are others than before. */
  readonly onTopologyChange: () => void
}

export interface RedisStatus {
  readonly connected: boolean
  readonly circuit: Circuit
  readonly lastError: string | undefined
  readonly lastErrorCode: string | undefined
  readonly unconfirmedDeletes: number
  /** How scripts are run; `undefined` until that is known. */
  readonly programs: ProgramWay | undefined
}

export interface RedisStoreOptions extends ResolvedOptions {
  readonly client: RedisClient
  readonly keyspace: Keyspace
  readonly events: EventHub<RedisCacheEvents>
  readonly tally: Tally
  readonly reports: RedisReports
  readonly listener: StoreListener
}

/** The Redis that processes share, as one of them sees it. */
export class RedisStore {
  readonly reads: RedisReads
  readonly inspection: RedisInspection
  readonly writes: RedisWrites
  readonly removals: RedisRemovals
  readonly tags: TagVersions
  readonly generations: Generations
  readonly #connection: RedisConnection
  readonly #pending: PendingInvalidations
  readonly #recent: RecentChanges
  readonly #keyspace: Keyspace
  readonly #known: KnownMasters
  readonly #client: RedisClient
  readonly #database: number
  readonly #identity = new ServerIdentity()
  readonly #run: RunCommands
  readonly #reports: RedisReports
  readonly #availability: AvailabilityReports

  constructor(options: RedisStoreOptions) {
    const { client, keyspace, events, tally, listener, reports, commandTimeoutMs, readOnly } =
      options
    this.#reports = reports
    this.#availability = this.#reportAvailability(options)
    this.#client = client
    this.#keyspace = keyspace
    this.#database = options.database
    this.#run = (send, on, extra) => this.#connection.run(send, on, extra)
    const run = this.#run
    const known = new KnownMasters(client, run, keyspace)
    this.#known = known
    this.#connection = new RedisConnection({
      ...{ client, commandTimeoutMs },
      owned: options.ownsClient,
      check: (master) => this.#verify(master),
      onChange: (ready) => {
        listener.onChange(ready)
        events.emit(ready ? 'connected' : 'disconnected')
      },
      onTrust: () => this.#pending.replayAll(),
      onFirstAttempt: () => this.#availability.started(),
      onCircuitChange: () => this.#availability.changed(),
      onTopologyChange: () => {
        this.#pending.follow(this.#nodes())
        listener.onTopologyChange()
      },
    })
    const { isProven } = listener
    this.generations = new Generations({
      ...{ run, keyspace, known, isProven, readOnly },
      asksForEpoch: (node) => this.#recent.asksForEpoch(node),
      sawEpoch: (node, epoch) => this.#recent.sawEpoch(node, epoch),
    })
    this.#recent = new RecentChanges((node) => this.generations.advanceEpoch(node))
    this.tags = new TagVersions({
      ...{ run, keyspace, known, isProven },
      generations: this.generations,
    })
    this.#pending = new PendingInvalidations({
      ready: () => this.#connection.ready,
      removeKeys: (keys) => this.removals.replayKeys(keys),
      removeMatching: (pattern, done) => this.removals.replayPattern(pattern, done),
      invalidateTags: (tags) => this.removals.replayTags(tags),
      raise: (node) => this.generations.raise(node),
      nodeOf: (key) => known.nodeOf(keyspace.nameOf(key)),
      nodes: () => this.#nodes(),
      givenUp: (kind, name, error) => {
        reports.givenUp(kind, error)
        events.emit('invalidation_given_up', kind, name, error)
      },
    })
    const parts: StoreParts = {
      ...{ client, run, keyspace, known, tally, commandTimeoutMs, readOnly },
      masters: () => this.masters(),
      codec: new ValueCodec(options),
      generations: this.generations,
      tags: this.tags,
      pending: this.#pending,
      errors: new ErrorPolicy(options.throwsBackendErrors, events, tally, reports),
      revisions: new Revisions(),
    }
    this.reads = new RedisReads(parts)
    this.inspection = new RedisInspection(parts, this.reads)
    const changes = new ChangeSender(parts, this.#recent)
    this.writes = new RedisWrites(parts, changes)
    this.removals = new RedisRemovals(parts, this.reads, changes)
  }

  /** Whether Redis can be used now. */
  get connected(): boolean {
    return this.#connection.ready
  }

  /** Whether a command about this key would fail at once, without being sent. */
  isDown(key: string): boolean {
    return this.#connection.isDown(this.#keyspace.nameOf(key))
  }

  get status(): RedisStatus {
    return {
      connected: this.#connection.ready,
      circuit: this.#connection.circuit,
      lastError: this.#connection.lastErrorCode && this.whyUnusable(),
      lastErrorCode: this.#connection.lastErrorCode,
      unconfirmedDeletes: this.#pending.size,
      programs: this.#known.way,
    }
  }

  /** Composes a sentence about why Redis cannot be used, and what to do about it. */
  whyUnusable(): string {
    const { failingMaster, isClosed, lastErrorCode } = this.#connection
    if (isClosed) return `${this.#reports.place} is not used any more: the cache is closed.`
    return this.#reports.describe(lastErrorCode, failingMaster)
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
    this.#availability.close()
    this.#pending.close()
    this.#recent.close()
    return this.#connection.close()
  }

  /** Must succeed before a master is used. */
  async #verify(master: Redis): Promise<void> {
    await checkServer(master, this.#database)
    const node = nameOfNode(this.#client, master)
    const [{ programs, way }, runId] = await Promise.all([
      this.#known.learn(node, master),
      runIdOf(master),
    ])
    if (way === 'plain') this.#reports.scriptsForbidden()
    const nodes = this.#nodes()
    this.#known.keepOnly(nodes)
    const isRewound = await this.generations.verify(node, master, programs, runId)
    this.tags.forget()
    const isAnother = this.#identity.isAnother(node, runId, nodes)
    // What an older snapshot has brought back is void; nothing has to be done about each key.
    if (isRewound) this.#recent.recall(node)
    else if (isAnother) this.#repeat(node, this.#recent.recall(node))
    this.#repeat(node, this.#recent.recallOthers(nodes))
  }

  /** Makes recent changes again: the server may not know them. */
  #repeat(node: string, changes: readonly RecentChange[] | 'all'): void {
    if (changes === 'all') this.#pending.addGeneration(node)
    else {
      for (const { kind, name, revision } of changes) this.#pending.repeat(kind, name, revision)
    }
  }

  #reportAvailability(options: RedisStoreOptions): AvailabilityReports {
    return new AvailabilityReports({
      reporter: options.reporter,
      place: this.#reports.place,
      // A connection that hangs is given up once before it is reported.
      graceMs: patienceFor(options.commandTimeoutMs) + 500,
      circuit: () => this.#connection.circuit,
      reason: () => this.whyUnusable(),
      consequence: (circuit) => consequenceOf(circuit, options),
    })
  }

  #nodes(): string[] {
    return this.masters().map((master) => nameOfNode(this.#client, master))
  }
}

/** Composes what calls do while Redis, or a part of it, cannot be used. */
function consequenceOf(
  circuit: Circuit,
  { throwsBackendErrors, enableL1Cache }: ResolvedOptions,
): string {
  const when = circuit === 'open' ? 'Until then' : 'Until then, for the keys on it'
  if (throwsBackendErrors) return `${when}, calls that need Redis throw an InfrastructureError.`
  return enableL1Cache
    ? `${when}, the cache uses the memory of this process only.`
    : `${when}, every read is a miss and nothing is stored.`
}
