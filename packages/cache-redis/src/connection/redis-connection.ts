import { timers } from '@verbatim/cache-core/implement'
import type { Cluster, Redis } from 'ioredis'
import { AllServers, type Target } from './all-servers.js'
import { patienceFor } from './client-settings.js'
import { ClusterMasters } from './cluster-masters.js'
import { turnToConnect } from './connect-gate.js'
import { CONNECTION_LOST, troubleOf, unavailable } from './connection-errors.js'
import { meaningOf } from './error-replies.js'
import { destroyClient, type RedisClient } from './redis-client.js'
import { RedisServer } from './redis-server.js'
import { listen } from './shared-listeners.js'
import { askAgain, askNoMore } from './slot-questions.js'
import { TimeLimit } from './time-limit.js'
import { WriteBatch } from './write-batch.js'

/** How long `connect()` waits for an answer, one way or the other. */
const LEAST_CONNECT_DEADLINE_MS = 1_500
/** Round trips that opening, logging in and checking may take, each of up to a time limit. */
const ROUND_TRIPS_TO_CONNECT = 10
const DRAIN_MS = 500

/**
 * Sends commands and waits for the answer, within the time limit.
 *
 * @param on - what the commands are about: a key, or one of the masters. In a Cluster they are then
 * sent if the master that has it is trusted; without it, if all are
 * @param options - `extraMs`: time that the answer may take on top of the time limit, in
 * milliseconds, for what is large. Default: 0
 * @throws InfrastructureError (`BACKEND_UNAVAILABLE`, `BACKEND_TIMEOUT`, `BACKEND_REFUSED`,
 * `BACKEND_OVERLOADED`,
 * `BACKEND_MALFORMED_REPLY`, `CLIENT_CHANGED`) that holds neither arguments nor values
 */
export type RunCommands = <T>(
  send: (client: RedisClient) => Promise<T>,
  on?: string | Redis,
  options?: { readonly extraMs?: number },
) => Promise<T>

/** `'closed'` while commands flow. */
export type Circuit = 'closed' | 'partly open' | 'open'

export interface ConnectionOptions {
  readonly client: RedisClient
  /** Whether the connection is ours to open and to close. */
  readonly owned: boolean
  /** The longest that one command may take, in milliseconds. */
  readonly commandTimeoutMs: number
  /** Must succeed on every connection to a master before it is trusted, and after each loss of trust. */
  readonly check: (master: Redis) => Promise<unknown>
  /** Redis can be used, at least in part; or no longer, not even in part. */
  readonly onChange: (ready: boolean) => void
  /** A master is trusted, for the first time or again. */
  readonly onTrust?: (master: Redis) => void
  /** The masters are others than before. */
  readonly onTopologyChange?: () => void
  /** The first attempt to connect begins: its turn among the connections of the process has come. */
  readonly onFirstAttempt?: () => void
  /** More or fewer masters may be used than before. */
  readonly onCircuitChange?: () => void
}

/**
 * A connection to one server or to the masters of a Cluster, each of which is either trusted or not
 * used (see {@link RedisServer}).
 */
export class RedisConnection {
  readonly #options: ConnectionOptions
  readonly #client: RedisClient
  readonly #limit: TimeLimit
  readonly #batch = new WriteBatch()
  /** Whether it is one connection, and ours. */
  readonly #isSingle: boolean
  readonly #servers = new Map<Redis, RedisServer>()
  /** Undefined unless the client is one for a Cluster. */
  readonly #cluster: ClusterMasters | undefined
  readonly #whole: Target
  readonly #stops: (() => void)[] = []
  #state: 'idle' | 'started' | 'closed' = 'idle'
  #wasTried = false
  #ready = false
  #trouble: string | undefined
  #closed: Promise<void> | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#client = options.client
    this.#limit = new TimeLimit(options.commandTimeoutMs)
    this.#isSingle = options.owned && !options.client.isCluster
    if (options.client.isCluster) {
      const cluster = new ClusterMasters(options.client as Cluster, () => this.#follow())
      this.#cluster = cluster
      this.#whole = new AllServers(this.#servers, () => cluster.coverAllSlots)
    } else {
      this.#whole = this.#add(options.client as Redis)
    }
  }

  get ready(): boolean {
    return this.#ready
  }

  /** Whether all masters are used, or some, or none. */
  get circuit(): Circuit {
    if (this.#whole.usable) return 'closed'
    return this.#ready ? 'partly open' : 'open'
  }

  /** Why Redis could not be used last time, such as `ECONNREFUSED` or `WRONGPASS`. */
  get lastErrorCode(): string | undefined {
    if (this.#whole.usable) return undefined
    return this.#whole.trouble ?? this.#trouble
  }

  /** The first master of a Cluster that cannot be used; `undefined` when it is not known which. */
  get failingMaster(): Redis | undefined {
    if (this.#cluster === undefined) return undefined
    for (const [redis, { usable }] of this.#servers) if (!usable) return redis
    return undefined
  }

  /** The masters that there are, trusted or not. In a Cluster none until it is connected. */
  masters(): Redis[] {
    return this.#cluster?.all ?? [...this.#servers.keys()]
  }

  /**
   * Opens the connection if need be, and returns whether it can be used. Never rejects.
   *
   * @param deadlineMs - how long to wait, in milliseconds, once the turn of this connection among
   * those of the process has come. Default: 1,500 or 10 time limits, whichever is longer
   */
  async connect(deadlineMs?: number): Promise<boolean> {
    if (this.isClosed) return false
    if (this.#state === 'idle') this.#start()
    await this.#turn()
    if (this.isClosed) return false
    const enoughMs = ROUND_TRIPS_TO_CONNECT * this.#limit.milliseconds
    return this.#connectWithin(deadlineMs ?? Math.max(LEAST_CONNECT_DEADLINE_MS, enoughMs))
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  async #turn(): Promise<void> {
    const nodes = this.#cluster?.allNodes ?? [this.#client as Redis]
    await Promise.all(nodes.map(turnToConnect))
  }

  async #connectWithin(deadlineMs: number): Promise<boolean> {
    if (this.#state === 'idle') this.#start()
    const endsAt = timers.now() + deadlineMs
    await this.#cluster?.known(deadlineMs)
    if (!this.#ready) await this.#whole.settled(endsAt - timers.now())
    this.#wasTried = true
    return this.#ready
  }

  /** Whether a command about this key would fail at once, without being sent. */
  isDown(key: string): boolean {
    if (!this.#wasTried) return false
    const target = this.#targetFor(key)
    return target === undefined || (!target.usable && target.wasTried)
  }

  readonly run: RunCommands = (send, on, options) => {
    const target = this.#targetFor(on)
    if (!target?.usable) return this.#runOnceConnected(send, on, options)
    // A client that was handed in sends as its owner has it send.
    if (this.#isSingle) this.#batch.gather(this.#client as Redis)
    return this.#limit.run(() => send(this.#client), target.judge, target, options?.extraMs)
  }

  /**
   * Ends the connection if it is ours.
   *
   * @param options - `drainMs`: how long commands that are under way may still be answered, in
   * milliseconds; 500 by default
   */
  close({ drainMs = DRAIN_MS }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#end(drainMs)
    return this.#closed
  }

  async #end(drainMs: number): Promise<void> {
    this.#state = 'closed'
    this.#ready = false
    this.#cluster?.close()
    for (const server of this.#servers.values()) server.close()
    for (const stop of this.#stops) stop()
    await this.#limit.drain(drainMs)
    if (this.#options.owned) destroyClient(this.#client)
  }

  #start(): void {
    this.#state = 'started'
    this.#open()
    void this.#announceFirstAttempt()
  }

  async #announceFirstAttempt(): Promise<void> {
    await this.#turn()
    if (!this.isClosed) this.#options.onFirstAttempt?.()
  }

  #open(): void {
    if (this.#cluster === undefined) {
      for (const server of this.#servers.values()) server.start()
      return
    }
    const note = (error: unknown): void => {
      const trouble = troubleOf(error)
      if (trouble !== CONNECTION_LOST || this.#trouble === undefined) this.#trouble = trouble
    }
    this.#stops.push(listen(this.#client, 'node error', note))
    if (this.#options.owned) this.#stops.push(listen(this.#client, 'error', note))
    this.#cluster.start()
  }

  #targetFor(on: string | Redis | undefined): Target | undefined {
    if (on === undefined || this.#cluster === undefined) return this.#whole
    const master = typeof on === 'string' ? this.#cluster.of(on) : on
    return master && this.#servers.get(master)
  }

  /** Only the very first calls wait for the connection; after that, calls fail at once. */
  async #runOnceConnected<T>(
    send: (client: RedisClient) => Promise<T>,
    on: string | Redis | undefined,
    options: Parameters<RunCommands>[2],
  ): Promise<T> {
    if (!this.#wasTried && this.#state !== 'closed')
      await this.#connectWithin(this.#limit.milliseconds)
    let target = this.#targetFor(on)
    if (this.#state !== 'closed' && target?.wasTried === false) {
      await target.settled(this.#limit.milliseconds)
      target = this.#targetFor(on)
    }
    if (target?.usable) {
      return this.#limit.run(() => send(this.#client), target.judge, target, options?.extraMs)
    }
    throw unavailable(target === undefined ? this.lastErrorCode : target.trouble, 'failed')
  }

  #add(redis: Redis): RedisServer {
    const { owned, check, commandTimeoutMs } = this.#options
    const server = new RedisServer({
      redis,
      owned,
      inCluster: this.#client.isCluster,
      limit: this.#limit,
      patienceMs: patienceFor(commandTimeoutMs),
      check,
      onChange: () => this.#onServerChange(server),
    })
    this.#servers.set(redis, server)
    return server
  }

  /** Makes the servers those that the Cluster has. */
  #follow(): void {
    const masters = new Set(this.masters())
    for (const [redis, server] of this.#servers) {
      if (masters.has(redis)) continue
      server.close()
      this.#servers.delete(redis)
    }
    for (const redis of masters) if (!this.#servers.has(redis)) this.#add(redis).start()
    this.#update()
    this.#options.onTopologyChange?.()
  }

  #onServerChange(server: RedisServer): void {
    if (server.trusted) askAgain(server.redis)
    else if (server.trouble === 'BACKEND_TIMEOUT') askNoMore(server.redis)
    this.#update()
    if (server.trusted) this.#options.onTrust?.(server.redis)
  }

  #update(): void {
    const servers = [...this.#servers.values()]
    const ready = servers.some(({ trusted }) => trusted)
    if (!this.#whole.usable) this.#refreshSlots()
    if (ready !== this.#ready) {
      this.#ready = ready
      this.#options.onChange(ready)
    }
    this.#options.onCircuitChange?.()
  }

  /** Another server may have taken the place of one that is no use, or of one that left. */
  #refreshSlots(): void {
    this.#cluster?.refreshWhile(() => {
      const trouble = this.lastErrorCode
      // Each refresh is a connection of its own, with a password of its own to be refused.
      const wouldBeRefused = trouble !== undefined && meaningOf(trouble).retrySlowly
      return !this.#whole.usable && !wouldBeRefused
    })
  }
}
