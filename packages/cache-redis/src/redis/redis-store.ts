import type { EventHub } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { ValueCodec } from '../codec/value-codec.js'
import { patienceFor } from '../connection/client-settings.js'
import type { RedisClient } from '../connection/clients.js'
import { nameOfNode } from '../connection/cluster-slots.js'
import { type Circuit, RedisConnection } from '../connection/redis-connection.js'
import type { RedisCacheEvents } from '../events.js'
import { AvailabilityMessages } from '../messages/availability-messages.js'
import type { RedisMessages } from '../messages/redis-messages.js'
import type { ResolvedOptions } from '../options.js'
import type { SecurityStatus, SecurityValidationResult } from '../security/findings.js'
import { RedisCacheSecurityManager } from '../security/security-manager.js'
import type { Counters } from '../stats.js'
import type { Tracking } from '../tracking/tracking.js'
import { ChangeRecorder } from './change-recorder.js'
import { ErrorPolicy } from './error-policy.js'
import { Generations } from './generations.js'
import { InvalidationReplay, KeyRemoval } from './key-removal.js'
import { type Keyspace, Revisions } from './keyspace.js'
import { Listing } from './listing.js'
import {
  checkServer,
  Masters,
  type RedisServerInfo,
  runIdOf,
  type ScriptingMode,
  ServerIdentity,
  serverInfo,
} from './masters.js'
import { KeyMetadata, toTtlMs } from './metadata.js'
import { PendingInvalidations } from './pending-invalidations.js'
import { ReadBatch } from './read-batch.js'
import { RedisReads } from './reads.js'
import { type RecentChange, RecentChanges } from './recent-changes.js'
import { Reencryption } from './reencryption.js'
import type { StoreParts } from './store-parts.js'
import { StoredValues } from './stored-value.js'
import { TagVersions } from './tag-versions.js'
import { ValueBatch } from './value-batch.js'
import { ValueCommands } from './value-commands.js'
import { ValueSender } from './value-sender.js'
import { RedisWrites } from './writes.js'

/** Learns when Redis becomes available or unavailable, and when its masters change. */
export interface StoreListener {
  /** Redis is available, or is not any more. */
  readonly onAvailability: (isConnected: boolean) => void
  readonly onTopologyChange: () => void
}

export interface RedisStatus {
  readonly connected: boolean
  readonly circuit: Circuit
  readonly lastError: string | undefined
  readonly lastErrorCode: string | undefined
  readonly unconfirmedDeletes: number
  /** `undefined` until a master is known. */
  readonly scripting: ScriptingMode | undefined
}

export interface RedisStoreOptions extends ResolvedOptions {
  readonly client: RedisClient
  readonly keyspace: Keyspace
  readonly events: EventHub<RedisCacheEvents>
  readonly counters: Counters
  readonly messages: RedisMessages
  /** `undefined` for a cache without a memory tier. */
  readonly tracking: Pick<Tracking, 'isCurrent'> | undefined
}

/** The Redis that processes share, as this process uses it. */
export class RedisStore {
  readonly reads: RedisReads
  readonly listing: Listing
  readonly reencryption: Reencryption
  readonly writes: RedisWrites
  readonly tags: TagVersions
  readonly generations: Generations
  readonly #options: RedisStoreOptions
  readonly #connection: RedisConnection
  readonly #masters: Masters
  readonly #pending: PendingInvalidations
  readonly #recent = new RecentChanges()
  readonly #identity = new ServerIdentity()
  readonly #availability: AvailabilityMessages
  readonly #security: RedisCacheSecurityManager

  constructor(options: RedisStoreOptions) {
    const { client, keyspace, counters, tracking, commandTimeoutMs, readOnly } = options
    this.#options = options
    const connection = new RedisConnection({
      ...{ client, commandTimeoutMs },
      owned: options.ownsClient,
    })
    this.#connection = connection
    const { run } = connection
    const masters = new Masters(client, run, keyspace)
    this.#masters = masters
    this.#pending = new PendingInvalidations({
      isReady: () => connection.ready,
      nodeOf: (key) => masters.nodeOf(keyspace.nameOf(key)),
      nodes: () => this.#nodes(),
    })
    const isTracking = (): boolean => tracking?.isCurrent() ?? false
    const shared = { run, keyspace, masters, isTracking }
    this.generations = new Generations({ ...shared, readOnly, recent: this.#recent })
    this.tags = new TagVersions({
      ...shared,
      generations: this.generations,
      pending: this.#pending,
    })
    this.#security = new RedisCacheSecurityManager(options.securityConfig)
    const codec = new ValueCodec(options)
    const parts: StoreParts = {
      ...{ client, run, codec, keyspace, masters, counters, commandTimeoutMs, readOnly },
      readBatch: new ReadBatch(client, run, connection.turn),
      allMasters: () => connection.masters(),
      generations: this.generations,
      tags: this.tags,
      pending: this.#pending,
      errors: new ErrorPolicy(
        options.throwsBackendErrors,
        options.events,
        counters,
        options.messages,
      ),
      revisions: new Revisions(),
    }
    const metadata = new KeyMetadata(parts)
    const stored = new StoredValues({
      ...{ codec, counters },
      clockOf: (name) => masters.of(name).clock.read(),
      ttlOf: async (name) => toTtlMs(await run((on) => on.pttl(name), name)),
    })
    const removal = new KeyRemoval(parts, metadata)
    this.reads = new RedisReads(parts, metadata, stored)
    this.listing = new Listing(parts, metadata, stored)
    this.reencryption = new Reencryption(parts, metadata)
    const changes = new ChangeRecorder(parts, this.#recent)
    const values = new ValueCommands(parts)
    const valueBatch = new ValueBatch(parts, values, connection.turn)
    const sender = new ValueSender(parts, values, valueBatch)
    this.writes = new RedisWrites(parts, sender, removal, changes)
    this.#availability = this.#reportAvailability()
    this.#startReplay(new InvalidationReplay(parts, removal, changes))
  }

  /** Connects the events of Redis to a listener. Call it once, before the first command. */
  listen(listener: StoreListener): void {
    const { events } = this.#options
    this.#connection.listen({
      check: (master) => this.#verify(master),
      onAvailability: (isConnected) => {
        listener.onAvailability(isConnected)
        events.emit(isConnected ? 'connected' : 'disconnected')
      },
      onHealthy: () => this.#pending.replayAll(),
      onFirstAttempt: () => this.#availability.started(),
      onCircuitChange: () => this.#availability.changed(),
      onTopologyChange: () => {
        this.#pending.mastersChanged(this.#nodes())
        listener.onTopologyChange()
      },
    })
  }

  /** Whether Redis is available now. */
  get connected(): boolean {
    return this.#connection.ready
  }

  /** Returns whether commands about this key, or about the tags of its value, fail at once without being sent. */
  isDown(key: string, isTagged = false): boolean {
    const { keyspace } = this.#options
    if (this.#connection.isDown(keyspace.nameOf(key))) return true
    // All tags are on one server, whatever their names.
    return isTagged && this.#connection.isDown(keyspace.nameOfTag(''))
  }

  get status(): RedisStatus {
    const { circuit, lastErrorCode, ready } = this.#connection
    return {
      connected: ready,
      circuit,
      lastError: lastErrorCode && this.whyUnavailable(),
      lastErrorCode,
      unconfirmedDeletes: this.#pending.size,
      scripting: this.#masters.scripting,
    }
  }

  /** Composes a sentence about why Redis is unavailable, and what to do about it. */
  whyUnavailable(): string {
    const { messages } = this.#options
    const { failingMaster, isClosed, lastErrorCode } = this.#connection
    if (isClosed) return `${messages.place} is not used any more: the cache is closed.`
    return messages.describe(lastErrorCode, failingMaster)
  }

  /** Returns the masters that there are, healthy or not. */
  masters(): readonly Redis[] {
    return this.#connection.masters()
  }

  connect(): Promise<boolean> {
    return this.#connection.connect()
  }

  async info(): Promise<RedisServerInfo> {
    const { run } = this.#connection
    return serverInfo(await run(async () => this.masters()), run)
  }

  /** Judges the open connections. Connects first if there are none. */
  async validateSecurity(): Promise<SecurityValidationResult> {
    await this.connect()
    return this.#security.validateConnectionSecurity(this.#options.client)
  }

  get securityStatus(): SecurityStatus {
    return this.#security.getSecurityStatus()
  }

  /** Checks in the background whether each master still replies. */
  probe(): void {
    for (const master of this.masters()) {
      this.#connection.run(() => master.ping(), master).catch(() => undefined)
    }
  }

  close(): Promise<void> {
    this.#availability.close()
    this.#pending.close()
    this.#recent.close()
    return this.#connection.close()
  }

  /** Checks a master before it is used, and finds out what it has lost. */
  async #verify(master: Redis): Promise<void> {
    const { client, database, messages } = this.#options
    await checkServer(master, database)
    const node = nameOfNode(client, master)
    const [{ commands, scripting }, runId] = await Promise.all([
      this.#masters.learn(node, master),
      runIdOf(master),
    ])
    if (scripting === 'commands') messages.scriptsForbidden()
    const nodes = this.#nodes()
    this.#masters.retainOnly(nodes)
    const isRewound = await this.generations.verify(node, master, commands, runId)
    this.tags.forget()
    const mayHaveLostChanges = this.#identity.mayHaveLostChanges(node, runId, nodes)
    // Everything from an older snapshot is void, so no change of a single key has to be repeated.
    if (isRewound) this.#recent.take(node)
    else if (mayHaveLostChanges) this.#repeat(node, this.#recent.take(node))
    this.#repeat(node, this.#recent.takeOthers(nodes))
  }

  /** Repeats recent changes that the server may not know. */
  #repeat(node: string, changes: readonly RecentChange[] | 'all'): void {
    if (changes === 'all') this.#pending.addGeneration(node)
    else {
      for (const { kind, name, revision } of changes) this.#pending.repeat(kind, name, revision)
    }
  }

  #startReplay(replay: InvalidationReplay): void {
    const { events, messages } = this.#options
    this.#recent.start((node) => this.generations.advanceEpoch(node))
    this.#pending.start({
      removeKeys: (keys) => replay.keys(keys),
      removeMatching: (pattern, done) => replay.pattern(pattern, done),
      invalidateTags: (tags) => replay.tags(tags),
      raise: (node) => this.generations.raise(node),
      givenUp: (kind, name, error) => {
        messages.givenUp(kind, error)
        events.emit('invalidation_given_up', kind, name, error)
      },
    })
  }

  #reportAvailability(): AvailabilityMessages {
    const { reporter, messages, commandTimeoutMs } = this.#options
    return new AvailabilityMessages({
      ...{ reporter, place: messages.place },
      // A connection that hangs is replaced once before it is reported.
      graceMs: patienceFor(commandTimeoutMs) + 500,
      circuit: () => this.#connection.circuit,
      reason: () => this.whyUnavailable(),
      consequence: (circuit) => consequenceOf(circuit, this.#options),
    })
  }

  #nodes(): string[] {
    return this.masters().map((master) => nameOfNode(this.#options.client, master))
  }
}

/** Composes a sentence about what calls do while Redis, or a part of it, is unavailable. */
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
