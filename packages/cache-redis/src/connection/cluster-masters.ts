import { timers } from '@verbatim/cache-core/implement'
import type { Cluster, Redis } from 'ioredis'
import { Waiting } from '../waiting.js'
import { guardCluster } from './cluster-guard.js'
import { addressOf, addressOfMaster } from './node-address.js'
import { listen } from './shared-listeners.js'

const PAUSE_BETWEEN_REFRESHES_MS = 500

/** The masters of a Cluster as the client knows them, and which one a key is on. */
export class ClusterMasters {
  readonly #cluster: Cluster
  readonly #onChange: () => void
  readonly #stops: (() => void)[] = []
  readonly #waiting = new Waiting()
  #byAddress = new Map<string, Redis>()
  #coverAllSlots = false
  #refreshing: NodeJS.Timeout | undefined

  /** @param onChange - some have come or gone */
  constructor(cluster: Cluster, onChange: () => void) {
    this.#cluster = cluster
    this.#onChange = onChange
  }

  /** None before the client has connected. */
  get all(): Redis[] {
    return [...this.#byAddress.values()]
  }

  /** Masters, replicas and nodes of which that is not known yet. */
  get allNodes(): Redis[] {
    return this.#cluster.nodes()
  }

  /** Whether each slot that the client knows of is on one of them. */
  get coverAllSlots(): boolean {
    return this.#coverAllSlots
  }

  of(key: string): Redis | undefined {
    const address = addressOfMaster(this.#cluster, key)
    return address === undefined ? undefined : this.#byAddress.get(address)
  }

  /** Connects if need be. The rest is told by events. */
  start(): void {
    this.#stops.push(guardCluster(this.#cluster))
    const look = (): void => this.#look()
    // Not every change has an event of its own: a node that was not connected goes without one, and
    // a replica becomes a master without one. A refresh of the slots tells of both.
    for (const event of ['ready', '+node', '-node', 'refresh']) {
      this.#stops.push(listen(this.#cluster, event, look))
    }
    this.#stops.push(
      listen(this.#cluster, 'close', () => {
        look()
        this.#waiting.tell()
      }),
    )
    if (this.#cluster.status === 'wait') this.#cluster.connect().catch(() => undefined)
    look()
  }

  /** Waits until they are known, or the client found no node, or the time is over. */
  async known(milliseconds: number): Promise<void> {
    if (this.#byAddress.size === 0) await this.#waiting.wait(milliseconds)
  }

  /** Asks where the slots are, again and again while that is needed: what failed may be replaced. */
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
    this.#waiting.tell()
  }

  #stopRefreshing(): void {
    timers.clearInterval(this.#refreshing)
    this.#refreshing = undefined
  }

  #look(): void {
    // Until it is ready, the client takes every node that it was told of for a master.
    const masters = this.#cluster.status === 'ready' ? this.#cluster.nodes('master') : []
    const before = this.#byAddress
    this.#byAddress = new Map(masters.map((redis) => [addressOf(redis), redis]))
    this.#coverAllSlots = this.#cluster.slots.every(([master]) => this.#byAddress.has(master ?? ''))
    const isSame =
      masters.length === before.size &&
      masters.every((redis) => before.get(addressOf(redis)) === redis)
    if (isSame) return
    this.#onChange()
    if (masters.length > 0) this.#waiting.tell()
  }
}
