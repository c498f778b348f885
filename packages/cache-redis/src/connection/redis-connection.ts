import { timers } from '@verbatim/cache-core/implement'
import type { Cluster, Redis } from 'ioredis'
import { listen } from './client-hooks.js'
import { patienceFor } from './client-settings.js'
import { destroyClient, type RedisClient } from './clients.js'
import { askAgain, stopAsking } from './cluster-guard.js'
import { AllServers, ClusterMasters, type Target } from './cluster-masters.js'
import { turnToConnect } from './connect-gate.js'
import { CONNECTION_LOST, errorCodeOf, unavailable } from './connection-errors.js'
import { meaningOf } from './error-replies.js'
import { RedisServer } from './redis-server.js'
import { TimeLimit } from './time-limit.js'
import { Turn } from './turn.js'
import { WriteBatch } from './write-batch.js'

/** The least time that `connect()` waits, in milliseconds. */
const MIN_CONNECT_WAIT_MS = 1_500
/** The round trips of opening, logging in and checking, each of up to one time limit. */
const ROUND_TRIPS_TO_CONNECT = 10
const DRAIN_MS = 500

/**
 * Sends commands, and waits for the reply within the time limit.
 *
 * @param on - the key or the master that the commands are about. In a Cluster they are sent if that master
 * is healthy; without it, if all masters are
 * @param options - `extraMs`: time in addition to the time limit, for large replies, in milliseconds.
 * Default: 0
 * @throws InfrastructureError (`BACKEND_UNAVAILABLE`, `BACKEND_TIMEOUT`, `BACKEND_REFUSED`,
 * `BACKEND_OVERLOADED`, `BACKEND_MALFORMED_REPLY`, `CLIENT_CHANGED`) without arguments or values
 */
export type RunCommands = <T>(
  send: (client: RedisClient) => Promise<T>,
  on?: string | Redis,
  options?: { readonly extraMs?: number },
) => Promise<T>

/** `'closed'` while commands are sent, `'partial'` while some masters of a Cluster are not used. */
export type Circuit = 'closed' | 'partial' | 'open'

export interface ConnectionOptions {
  readonly client: RedisClient
  /** Whether the cache made the client, and opens and closes it. */
  readonly owned: boolean
  /** The time limit of a command, in milliseconds. */
  readonly commandTimeoutMs: number
}

/** Checks masters, and learns what happens to the connection. */
export interface ConnectionListener {
  /** Must resolve before a master is used: on each connection, and each time the master was unhealthy. */
  readonly check: (master: Redis) => Promise<unknown>
  /** Redis is available, at least in part; or not even in part. */
  readonly onAvailability: (isAvailable: boolean) => void
  /** A master is healthy, for the first time or again. */
  readonly onHealthy?: (master: Redis) => void
  readonly onTopologyChange?: () => void
  /** The first attempt to connect begins: the connection has its turn among those of the process. */
  readonly onFirstAttempt?: () => void
  /** More or fewer masters are used than before. */
  readonly onCircuitChange?: () => void
}

/** A connection to one server, or to the masters of a Cluster. Only healthy servers are used. */
export class RedisConnection {
  /** The calls of the current turn of the event loop that leave as one command. */
  readonly turn: Turn = new Turn()
  readonly #options: ConnectionOptions
  readonly #client: RedisClient
  readonly #limit: TimeLimit
  readonly #batch = new WriteBatch()
  /** Whether there is one connection, and the cache made it. */
  readonly #isSingle: boolean
  readonly #servers = new Map<Redis, RedisServer>()
  /** `undefined` without a Cluster. */
  readonly #cluster: ClusterMasters | undefined
  readonly #whole: Target
  readonly #stops: (() => void)[] = []
  #listener: ConnectionListener | undefined
  #state: 'idle' | 'started' | 'closed' = 'idle'
  #wasTried = false
  #ready = false
  #lastErrorCode: string | undefined
  #closed: Promise<void> | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#client = options.client
    this.#limit = new TimeLimit(options.commandTimeoutMs)
    this.#isSingle = options.owned && !options.client.isCluster
    if (options.client.isCluster) {
      const cluster = new ClusterMasters(options.client as Cluster, () => this.#followMasters())
      this.#cluster = cluster
      this.#whole = new AllServers(this.#servers, () => cluster.coverAllSlots)
    } else {
      this.#whole = this.#addServer(options.client as Redis)
    }
  }

  /** Connects the events to a listener. Call it once, before the first command. */
  listen(listener: ConnectionListener): void {
    this.#listener = listener
  }

  get ready(): boolean {
    return this.#ready
  }

  get circuit(): Circuit {
    if (this.#whole.usable) return 'closed'
    return this.#ready ? 'partial' : 'open'
  }

  /** Why Redis is unavailable, such as `ECONNREFUSED` or `WRONGPASS`. */
  get lastErrorCode(): string | undefined {
    if (this.#whole.usable) return undefined
    return this.#whole.lastErrorCode ?? this.#lastErrorCode
  }

  /** The first master of a Cluster that is not usable; `undefined` if it is not known which. */
  get failingMaster(): Redis | undefined {
    if (this.#cluster === undefined) return undefined
    for (const [redis, { usable }] of this.#servers) if (!usable) return redis
    return undefined
  }

  /** Returns the masters that there are, healthy or not. A Cluster has none before it is connected. */
  masters(): Redis[] {
    return this.#cluster?.all ?? [...this.#servers.keys()]
  }

  /**
   * Opens the connection if it is not open. Never rejects.
   *
   * @param waitMs - how long to wait, in milliseconds, from the turn of this connection among those of the
   * process. Default: 1,500 or 10 time limits, whichever is longer
   * @returns whether Redis is available
   */
  async connect(waitMs?: number): Promise<boolean> {
    if (this.isClosed) return false
    if (this.#state === 'idle') this.#start()
    await this.#turn()
    if (this.isClosed) return false
    const roundTripsMs = ROUND_TRIPS_TO_CONNECT * this.#limit.milliseconds
    return this.#connectWithin(waitMs ?? Math.max(MIN_CONNECT_WAIT_MS, roundTripsMs))
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  async #turn(): Promise<void> {
    const nodes = this.#cluster?.allNodes ?? [this.#client as Redis]
    await Promise.all(nodes.map(turnToConnect))
  }

  async #connectWithin(waitMs: number): Promise<boolean> {
    if (this.#state === 'idle') this.#start()
    const endsAt = timers.now() + waitMs
    await this.#cluster?.known(waitMs)
    if (!this.#ready) await this.#whole.settled(endsAt - timers.now())
    this.#wasTried = true
    return this.#ready
  }

  /** Returns whether a command about this key would fail at once, without being sent. */
  isDown(key: string): boolean {
    if (!this.#wasTried) return false
    const target = this.#targetFor(key)
    return target === undefined || (!target.usable && target.wasTried)
  }

  readonly run: RunCommands = (send, on, options) => {
    this.turn.flush()
    const target = this.#targetFor(on)
    if (!target?.usable) return this.#runOnceConnected(send, on, options)
    // A client that was passed in sends in the way its owner has chosen.
    if (this.#isSingle) this.#batch.gather(this.#client as Redis)
    return this.#limit.run(() => send(this.#client), target.classify, target, options?.extraMs)
  }

  /**
   * Closes the connection if the cache made it.
   *
   * @param options - `drainMs`: how long to wait for replies in flight, in milliseconds. Default: 500
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
    if (!this.isClosed) this.#listener?.onFirstAttempt?.()
  }

  #open(): void {
    if (this.#cluster === undefined) {
      for (const server of this.#servers.values()) server.start()
      return
    }
    const record = (error: unknown): void => {
      const code = errorCodeOf(error)
      if (code !== CONNECTION_LOST || this.#lastErrorCode === undefined) this.#lastErrorCode = code
    }
    this.#stops.push(listen(this.#client, 'node error', record))
    if (this.#options.owned) this.#stops.push(listen(this.#client, 'error', record))
    this.#cluster.start()
  }

  #targetFor(on: string | Redis | undefined): Target | undefined {
    if (on === undefined || this.#cluster === undefined) return this.#whole
    const master = typeof on === 'string' ? this.#cluster.of(on) : on
    return master && this.#servers.get(master)
  }

  /** Waits for the connection if this is one of the first calls. Later calls fail at once. */
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
      return this.#limit.run(() => send(this.#client), target.classify, target, options?.extraMs)
    }
    throw unavailable(target === undefined ? this.lastErrorCode : target.lastErrorCode, 'failed')
  }

  #addServer(redis: Redis): RedisServer {
    const { owned, commandTimeoutMs } = this.#options
    const server = new RedisServer({
      redis,
      owned,
      inCluster: this.#client.isCluster,
      limit: this.#limit,
      patienceMs: patienceFor(commandTimeoutMs),
      check: async (master) => this.#listener?.check(master),
      onChange: () => this.#serverChanged(server),
    })
    this.#servers.set(redis, server)
    return server
  }

  /** Makes the servers the current masters of the Cluster. */
  #followMasters(): void {
    const masters = new Set(this.masters())
    for (const [redis, server] of this.#servers) {
      if (masters.has(redis)) continue
      server.close()
      this.#servers.delete(redis)
    }
    for (const redis of masters) if (!this.#servers.has(redis)) this.#addServer(redis).start()
    this.#update()
    this.#listener?.onTopologyChange?.()
  }

  #serverChanged(server: RedisServer): void {
    if (server.healthy) askAgain(server.redis)
    else if (server.lastErrorCode === 'BACKEND_TIMEOUT') stopAsking(server.redis)
    this.#update()
    if (server.healthy) this.#listener?.onHealthy?.(server.redis)
  }

  #update(): void {
    const servers = [...this.#servers.values()]
    const ready = servers.some(({ healthy }) => healthy)
    if (!this.#whole.usable) this.#refreshSlots()
    if (ready !== this.#ready) {
      this.#ready = ready
      this.#listener?.onAvailability(ready)
    }
    this.#listener?.onCircuitChange?.()
  }

  /** Asks where the slots are: another server may have taken over from one that is unhealthy or gone. */
  #refreshSlots(): void {
    this.#cluster?.refreshWhile(() => {
      const code = this.lastErrorCode
      // Each refresh opens a connection and logs in, which a server with another password refuses.
      const wouldBeRefused = code !== undefined && meaningOf(code).retrySlowly
      return !this.#whole.usable && !wouldBeRefused
    })
  }
}
