import type { Redis } from 'ioredis'
import { unavailable } from '../connection/connection-errors.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { RunCommands } from '../connection/redis-connection.js'
import { MasterClock } from './master-clock.js'
import { nodeOf } from './placement.js'
import type { KeyPrograms } from './programs/key-programs.js'
import { type ProgramWay, programsFor, wayOf, weakest } from './programs/program-way.js'

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
  readonly #known = new Map<string, KnownMaster>()

  constructor(client: RedisClient, run: RunCommands) {
    this.#client = client
    this.#run = run
  }

  /** Learns anew about a master: it, or another one by its name, may have become different. */
  async learn(node: string, master: Redis): Promise<void> {
    const clock = new MasterClock(master, this.#run)
    const [way] = await Promise.all([wayOf(master), clock.ask()])
    this.#known.set(node, { clock, way, programs: programsFor(master, way) })
  }

  /** Forgets all but these nodes. */
  keepOnly(nodes: readonly string[]): void {
    for (const node of this.#known.keys()) if (!nodes.includes(node)) this.#known.delete(node)
  }

  /**
   * The master that has what stands under a name in Redis.
   *
   * @throws InfrastructureError (`BACKEND_UNAVAILABLE`) unless it has been trusted
   */
  of(name: string): KnownMaster {
    const known = this.#known.get(nodeOf(this.#client, name))
    if (known === undefined) throw unavailable(undefined, 'failed')
    return known
  }

  /** The way of them all that promises least; `undefined` while none is known. */
  get way(): ProgramWay | undefined {
    return weakest(Array.from(this.#known.values(), ({ way }) => way))
  }
}
