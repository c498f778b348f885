import type { Cluster, Redis } from 'ioredis'
import type { RedisClient } from '../connection/clients.js'
import { nodeOf } from '../connection/cluster-slots.js'
import { unavailable } from '../connection/connection-errors.js'
import { isErrorReply, meaningOf, replyOf } from '../connection/error-replies.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Keyspace, RecordNames } from './keyspace.js'
import type { KeyCommands } from './scripts/key-commands.js'
import { plainCommands } from './scripts/plain-commands.js'
import { loadScripts, permitsScripts, scriptCommands } from './scripts/script-commands.js'
import { MasterClock, ServerClock } from './server-clock.js'

/** The form of operations with several commands: scripts, or plain commands where scripts are denied. */
export type ScriptingMode = 'scripts' | 'commands'

/** The knowledge of a master that is needed before it is used. */
export interface Master {
  readonly clock: MasterClock
  readonly scripting: ScriptingMode
  readonly commands: KeyCommands
}

/** The knowledge of this process about each master. */
export class Masters {
  readonly #client: RedisClient
  readonly #run: RunCommands
  readonly #keyspace: Keyspace
  readonly #masters = new Map<string, Master>()
  readonly #records = new Map<string, RecordNames | undefined>()

  constructor(client: RedisClient, run: RunCommands, keyspace: Keyspace) {
    this.#client = client
    this.#run = run
    this.#keyspace = keyspace
  }

  /** Learns about a master. Call it on every connection: the server behind a name may be another one. */
  async learn(node: string, master: Redis): Promise<Master> {
    const clock = new MasterClock(master, this.#run)
    const [hasScripts] = await Promise.all([permitsScripts(master), clock.sample()])
    // Not awaited: later commands on this connection are carried out after the scripts are loaded.
    if (hasScripts) loadScripts(master).catch(() => undefined)
    const known: Master = hasScripts
      ? { clock, scripting: 'scripts', commands: scriptCommands }
      : { clock, scripting: 'commands', commands: plainCommands }
    this.#masters.set(node, known)
    return known
  }

  /** Forgets all nodes but these. */
  retainOnly(nodes: readonly string[]): void {
    for (const node of this.#masters.keys()) {
      if (nodes.includes(node)) continue
      this.#masters.delete(node)
      this.#records.delete(node)
    }
  }

  /**
   * Returns the master that holds a name in Redis.
   *
   * @throws InfrastructureError (`BACKEND_UNAVAILABLE`) if nothing is known of it yet
   */
  of(name: string): Master {
    const master = this.#masters.get(this.nodeOf(name))
    if (master === undefined) throw unavailable(undefined, 'failed')
    return master
  }

  /**
   * Samples the clock of a name's master, if that must be done before a command gets a deadline.
   *
   * @returns `undefined` when no sample is needed
   */
  clockFirst(name: string): Promise<unknown> | undefined {
    const clock = this.#masters.get(this.nodeOf(name))?.clock.read()
    return clock instanceof ServerClock ? undefined : clock
  }

  /** Returns the node that holds a name, as the client knows it; `''` without a Cluster. */
  nodeOf(name: string): string {
    return nodeOf(this.#client, name)
  }

  /**
   * Returns the names of the records on a node.
   *
   * @returns `undefined` when no name under the prefix is on the node
   */
  recordsOn(node: string): RecordNames | undefined {
    const known = this.#records.get(node)
    // In a Cluster, slots move from one master to another.
    if (known !== undefined && this.#owns(node, known.slot)) return known
    const records = this.#keyspace.recordsOn((slot) => this.#owns(node, slot))
    this.#records.set(node, records)
    return records
  }

  /** `'commands'` if any master denies scripts; `undefined` while no master is known. */
  get scripting(): ScriptingMode | undefined {
    const modes = Array.from(this.#masters.values(), ({ scripting }) => scripting)
    return modes.includes('commands') ? 'commands' : modes[0]
  }

  #owns(node: string, slot: number): boolean {
    if (!this.#client.isCluster) return true
    return (this.#client as Cluster).slots[slot]?.[0] === node
  }
}

/** Recognizes a server that has kept every change since this process was last connected to it. */
export class ServerIdentity {
  /** The run of the server process on each node. */
  readonly #runs = new Map<string, string>()
  /** Nodes that were masters from the start and have not been connected yet. */
  #unmet: Set<string> | undefined

  /**
   * Returns whether a server may not know recent changes: it is new on its node, or was restarted. A server
   * that does not return its run id counts as new each time.
   *
   * @param nodes - the current masters
   */
  mayHaveLostChanges(node: string, runId: string | undefined, nodes: readonly string[]): boolean {
    // A node that was not a master for a while may have missed changes.
    for (const known of this.#runs.keys()) if (!nodes.includes(known)) this.#runs.delete(known)
    this.#unmet ??= new Set(nodes)
    const isFirstMeeting = this.#unmet.delete(node)
    const before = this.#runs.get(node)
    this.#runs.set(node, runId ?? '')
    return !isFirstMeeting && (runId === undefined || runId !== before)
  }
}

/** Returns the id of a server process; `undefined` where the user may not ask. */
export async function runIdOf(master: Redis): Promise<string | undefined> {
  try {
    return /^run_id:(\w+)/m.exec(await master.info('server'))?.[1]
  } catch (error) {
    if (isErrorReply(error)) return undefined
    throw error
  }
}

/**
 * Rejects unless a server replies, in the right database, and is a master. It needs no permission that the
 * user of a cache may lack, such as the one for `INFO`.
 *
 * @param database - the number of the database; 0 for the one that the client uses
 */
export async function checkServer(server: RedisClient, database: number): Promise<void> {
  await Promise.all([
    // When the server refuses the database in its settings, the client goes on in database 0.
    database === 0 ? undefined : server.select(database),
    // A server that cannot save its data refuses PING like a write, but permits reads.
    server.ping().catch(ignoreMinorRefusal),
    server.call('HELLO').then(assertMaster, ignoreMinorRefusal),
  ])
}

/** @throws Error that looks like the reply of a replica to a write */
function assertMaster(hello: unknown): void {
  // The reply is a list of names and values.
  const properties = Array.isArray(hello) ? hello.map(String) : []
  const role = properties[properties.indexOf('role') + 1]
  if (properties.includes('role') && role !== 'master') {
    throw Object.assign(new Error('READONLY'), { name: 'ReplyError' })
  }
}

/** Redis before 6 has no HELLO, and a user may lack the permission for either command. */
function ignoreMinorRefusal(error: unknown): void {
  if (!isErrorReply(error) || meaningOf(replyOf(error as Error)).marksUnhealthy) throw error
}

/** Figures that Redis reports about itself; the sum over all masters of a Cluster. */
export interface RedisServerInfo {
  readonly usedMemoryBytes: number
  readonly connectedClients: number
}

/** @throws InfrastructureError when Redis is unavailable, or the user may not ask */
export async function serverInfo(
  masters: readonly Redis[],
  run: RunCommands,
): Promise<RedisServerInfo> {
  const sum = { usedMemoryBytes: 0, connectedClients: 0 }
  for (const node of masters) {
    const memory = await run(() => node.info('memory'), node)
    const clients = await run(() => node.info('clients'), node)
    sum.usedMemoryBytes += figureIn(memory, 'used_memory')
    sum.connectedClients += figureIn(clients, 'connected_clients')
  }
  return sum
}

function figureIn(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
}
