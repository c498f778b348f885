import { timers } from '@verbatim/cache-core/implement'
import type { Cluster, Redis } from 'ioredis'
import { Waiters } from '../waiters.js'
import { listen } from './client-hooks.js'
import { guardCluster } from './cluster-guard.js'
import { addressOf, addressOfMaster } from './cluster-slots.js'
import { errorForCaller } from './connection-errors.js'
import type { RedisServer } from './redis-server.js'

const PAUSE_BETWEEN_REFRESHES_MS = 500

/** The masters of a Cluster as the client knows them, and which of them holds a key. */
export class ClusterMasters {
  readonly #cluster: Cluster
  readonly #onChange: () => void
  readonly #stops: (() => void)[] = []
  readonly #waiters = new Waiters()
  #byAddress = new Map<string, Redis>()
  #coverAllSlots = false
  #refreshing: NodeJS.Timeout | undefined

  /** @param onChange - called when masters have come or gone */
  constructor(cluster: Cluster, onChange: () => void) {
    this.#cluster = cluster
    this.#onChange = onChange
  }

  /** Empty before the client has connected. */
  get all(): Redis[] {
    return [...this.#byAddress.values()]
  }

  /** Masters, replicas, and nodes whose role is not known yet. */
  get allNodes(): Redis[] {
    return this.#cluster.nodes()
  }

  /** Whether each slot that the client knows is on a known master. */
  get coverAllSlots(): boolean {
    return this.#coverAllSlots
  }

  of(key: string): Redis | undefined {
    const address = addressOfMaster(this.#cluster, key)
    return address === undefined ? undefined : this.#byAddress.get(address)
  }

  /** Connects if there is no connection. Events report the rest. */
  start(): void {
    this.#stops.push(guardCluster(this.#cluster))
    const update = (): void => this.#update()
    // Some changes have no event of their own: a node that was never connected leaves, or a replica
    // becomes a master. The refresh of the slots shows both.
    for (const event of ['ready', '+node', '-node', 'refresh']) {
      this.#stops.push(listen(this.#cluster, event, update))
    }
    this.#stops.push(
      listen(this.#cluster, 'close', () => {
        update()
        this.#waiters.notify()
      }),
    )
    if (this.#cluster.status === 'wait') this.#cluster.connect().catch(() => undefined)
    update()
  }

  /** Waits until masters are known, the client found no node, or a time in milliseconds is over. */
  async known(milliseconds: number): Promise<void> {
    if (this.#byAddress.size === 0) await this.#waiters.wait(milliseconds)
  }

  /** Asks where the slots are, repeatedly while that is needed: a failed master may be replaced. */
  refreshWhile(isNeeded: () => boolean): void {
    this.#refreshing ??= timers
      .setInterval(() => {
        if (!isNeeded()) this.#stopRefreshing()
        else if (this.#cluster.status === 'ready') this.#cluster.refreshSlotsCache()
      }, PAUSE_BETWEEN_REFRESHES_MS)
      .unref()
  }

  close(): void {
    this.#stopRefreshing()
    for (const stop of this.#stops) stop()
    this.#waiters.notify()
  }

  #stopRefreshing(): void {
    timers.clearInterval(this.#refreshing)
    this.#refreshing = undefined
  }

  #update(): void {
    // Until the client is ready, it takes every node for a master.
    const masters = this.#cluster.status === 'ready' ? this.#cluster.nodes('master') : []
    const before = this.#byAddress
    this.#byAddress = new Map(masters.map((redis) => [addressOf(redis), redis]))
    this.#coverAllSlots = this.#cluster.slots.every(([master]) => this.#byAddress.has(master ?? ''))
    const isSame =
      masters.length === before.size &&
      masters.every((redis) => before.get(addressOf(redis)) === redis)
    if (isSame) return
    this.#onChange()
    if (masters.length > 0) this.#waiters.notify()
  }
}

/** The target of commands: one server, or all of them. */
export type Target = Pick<
  RedisServer,
  'usable' | 'wasTried' | 'lastErrorCode' | 'settled' | 'classify' | 'receivedBytes'
>

/** All masters of a Cluster as one target, for commands that may concern any of them. */
export class AllServers implements Target {
  readonly #servers: ReadonlyMap<unknown, RedisServer>
  readonly #areComplete: () => boolean

  /** @param areComplete - returns whether there is a server for every key */
  constructor(servers: ReadonlyMap<unknown, RedisServer>, areComplete: () => boolean) {
    this.#servers = servers
    this.#areComplete = areComplete
  }

  get usable(): boolean {
    return this.#servers.size > 0 && this.#areComplete() && this.#every((server) => server.usable)
  }

  get wasTried(): boolean {
    return this.#every((server) => server.wasTried)
  }

  get lastErrorCode(): string | undefined {
    for (const { usable, lastErrorCode } of this.#servers.values())
      if (!usable) return lastErrorCode
    return undefined
  }

  get receivedBytes(): number {
    let sum = 0
    for (const server of this.#servers.values()) sum += server.receivedBytes
    return sum
  }

  async settled(milliseconds: number): Promise<boolean> {
    await Promise.all(Array.from(this.#servers.values(), (server) => server.settled(milliseconds)))
    return this.usable
  }

  /** Applies an error to all servers, because it is not known which one it is about. Each is checked. */
  readonly classify = (error: unknown): unknown => {
    for (const server of this.#servers.values()) server.apply(error)
    return errorForCaller(error)
  }

  #every(holds: (server: RedisServer) => boolean): boolean {
    for (const server of this.#servers.values()) if (!holds(server)) return false
    return true
  }
}
