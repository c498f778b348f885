import type { Cluster, Redis } from 'ioredis'
import { unavailable } from '../connection/connection-errors.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Keyspace, RecordNames } from './keyspace.js'
import { MasterClock } from './master-clock.js'
import { nodeOf } from './placement.js'
import type { KeyPrograms } from './programs/key-programs.js'
import { type ProgramWay, programsFor, wayOf, weakest } from './programs/program-way.js'
import { loadScripts } from './programs/script-runner.js'
import { ServerClock } from './server-clock.js'

/** What has to be known of a master before a program is sent to it. */
export interface KnownMaster {
  readonly clock: MasterClock
  readonly way: ProgramWay
  readonly programs: KeyPrograms
}

/** What is known of each master. */
export class KnownMasters {
  readonly #client: RedisClient
  readonly #run: RunCommands
  readonly #keyspace: Keyspace
  readonly #known = new Map<string, KnownMaster>()
  readonly #records = new Map<string, RecordNames | undefined>()

  constructor(client: RedisClient, run: RunCommands, keyspace: Keyspace) {
    this.#client = client
    this.#run = run
    this.#keyspace = keyspace
  }

  /** Learns about a master again: it, or another one by its name, may have become different. */
  async learn(node: string, master: Redis): Promise<KnownMaster> {
    const clock = new MasterClock(master, this.#run)
    const [way] = await Promise.all([wayOf(master), clock.ask()])
    // Not awaited: commands that follow on this connection come after them.
    if (way === 'script') loadScripts(master).catch(() => undefined)
    const known = { clock, way, programs: programsFor(master, way) }
    this.#known.set(node, known)
    return known
  }

  /** Forgets all but these nodes. */
  keepOnly(nodes: readonly string[]): void {
    for (const node of this.#known.keys()) {
      if (nodes.includes(node)) continue
      this.#known.delete(node)
      this.#records.delete(node)
    }
  }

  /**
   * Returns the master that has what a name in Redis holds.
   *
   * @throws InfrastructureError (`BACKEND_UNAVAILABLE`) unless it has been trusted
   */
  of(name: string): KnownMaster {
    const known = this.#known.get(this.nodeOf(name))
    if (known === undefined) throw unavailable(undefined, 'failed')
    return known
  }

  /**
   * Asks the clock of a name's master, if that must be done before a command is timed by it.
   *
   * @returns `undefined` when there is nothing to wait for
   */
  clockFirst(name: string): Promise<unknown> | undefined {
    const clock = this.#known.get(this.nodeOf(name))?.clock.look()
    return clock instanceof ServerClock ? undefined : clock
  }

  /** Returns the node that has a name, as the client knows it; `''` where there is only one. */
  nodeOf(name: string): string {
    return nodeOf(this.#client, name)
  }

  /**
   * Returns the names of the records of a node.
   *
   * @returns `undefined` when no name under the prefix is on it
   */
  recordsOn(node: string): RecordNames | undefined {
    const known = this.#records.get(node)
    // In a cluster slots move from master to master.
    if (known !== undefined && this.#owns(node, known.slot)) return known
    const records = this.#keyspace.recordsOn((slot) => this.#owns(node, slot))
    this.#records.set(node, records)
    return records
  }

  /** The weakest mode of them all; `undefined` while none is known. */
  get way(): ProgramWay | undefined {
    return weakest(Array.from(this.#known.values(), ({ way }) => way))
  }

  #owns(node: string, slot: number): boolean {
    if (!this.#client.isCluster) return true
    return (this.#client as Cluster).slots[slot]?.[0] === node
  }
}
