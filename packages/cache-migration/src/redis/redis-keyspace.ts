import { createHash } from 'node:crypto'
import { CacheError, ConfigurationError, InfrastructureError } from '@verbatim/cache-core'
import { assertKnownFields, integerOption, isError } from '@verbatim/cache-core/implement'
import { createClient, type LocationOptions, type RedisClient } from '@verbatim/cache-redis'
import type { Cluster, Redis } from 'ioredis'

/** Options of {@link RedisKeyspace}. Set exactly one location. */
export interface RedisKeyspaceOptions extends LocationOptions {
  /** Time limit of a command in milliseconds, 100 to 3,600,000. Default: 60,000. */
  readonly commandTimeout?: number | undefined
}

/** Texts that identify the databases of a keyspace. */
export interface KeyspaceIdentities {
  /** Two keyspaces that share one of these have the same keys. */
  readonly data: readonly string[]
  readonly addresses: readonly string[]
}

const FIELDS: ReadonlySet<string> = new Set<keyof RedisKeyspaceOptions>([
  'redisUrl',
  'sentinel',
  'cluster',
  'client',
  'commandTimeout',
])

/**
 * All keys of a Redis database, a Sentinel group or a Cluster, of every type. As the source or the target of
 * a backup, a restore or a migration, it copies keys in the format of the server and without decoding them.
 *
 * @example
 * ```ts
 * await using source = new RedisKeyspace({ redisUrl: 'redis://127.0.0.1:6379' })
 * const backup = await manager.createBackup(source, 'redis.backup')
 * ```
 */
export class RedisKeyspace implements AsyncDisposable {
  readonly #timeoutMs: number
  readonly #redisUrl: string | undefined
  readonly #ownsClient: boolean
  #client: RedisClient
  #connecting: Promise<void> | undefined

  /** @throws ConfigurationError (`INVALID_OPTION`, `INVALID_REDIS_URL`) for bad and unknown options */
  constructor(options: RedisKeyspaceOptions) {
    assertKnownFields(options, FIELDS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { commandTimeout = 60_000, ...location } = options
    this.#timeoutMs = integerOption('commandTimeout', commandTimeout, { min: 100, max: 3_600_000 })
    this.#client = createClient(location, this.#timeoutMs)
    this.#redisUrl = location.redisUrl
    this.#ownsClient = location.client === undefined
  }

  /**
   * Connects to the servers. If `redisUrl` is a node of a Cluster, the keyspace is the whole Cluster. All
   * methods of `CacheMigrationManager` call it.
   *
   * @throws InfrastructureError if a server cannot be reached or rejects the login
   */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect()
    return this.#connecting
  }

  async #connect(): Promise<void> {
    await this.#open()
    if (this.#client.isCluster || this.#redisUrl === undefined) return
    const [only] = this.masters()
    const info = String(await this.run(only as Redis, 'INFO', 'cluster'))
    if (!info.includes('cluster_enabled:1')) return
    this.#client.disconnect()
    this.#client = createClient({ cluster: { urls: [this.#redisUrl] } }, this.#timeoutMs)
    await this.#open()
  }

  async #open(): Promise<void> {
    const client = this.#client
    // The client reports the reason as an event, and only the consequence as an error.
    let reason: unknown
    const note = (error: unknown): void => {
      reason = error
    }
    client.on('error', note)
    try {
      if (client.status === 'wait') await client.connect()
      for (const master of this.masters()) await this.run(master, 'PING')
    } catch (error) {
      if (this.#ownsClient) client.disconnect()
      throw connectionFailed(reason ?? error)
    } finally {
      client.off('error', note)
    }
  }

  /** Closes the connections, unless the client is yours. */
  close(): Promise<void> {
    if (this.#ownsClient) this.#client.disconnect()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal Returns the masters in the order of their addresses. */
  masters(): Redis[] {
    if (!this.#client.isCluster) return [this.#client as Redis]
    const nodes = (this.#client as Cluster).nodes('master')
    return nodes.toSorted((one, two) => (addressOf(one) < addressOf(two) ? -1 : 1))
  }

  /** @internal Returns the name of a master in positions; `''` without a Cluster. */
  nameOf(master: Redis): string {
    return this.#client.isCluster ? addressOf(master) : ''
  }

  /** @internal Returns the master that holds a slot. */
  masterOf(slot: number): Redis {
    const masters = this.masters()
    if (!this.#client.isCluster) return masters[0] as Redis
    const address = (this.#client as Cluster).slots[slot]?.[0]
    const master = masters.find((each) => addressOf(each) === address)
    if (master !== undefined) return master
    throw new InfrastructureError(`no master of the Cluster serves slot ${slot}`)
  }

  /**
   * @internal Returns a text that changes when cursors of SCAN on a master become useless: when its process ends,
   * when another server takes its place, and when slots of a Cluster move.
   */
  async scanEpochOf(master: Redis): Promise<string> {
    const server = String(await this.run(master, 'INFO', 'server'))
    const process = /^run_id:(\w+)/m.exec(server)?.[1] ?? ''
    if (!this.#client.isCluster) return process
    const slots = (await this.run(master, 'CLUSTER', 'SLOTS')) as readonly (readonly unknown[])[]
    const owners = slots.map(([first, last, owner]) => [first, last, addressIn(owner)].join(' '))
    const layout = createHash('sha256').update(owners.toSorted().join()).digest('hex')
    return `${process}/${layout.slice(0, 32)}`
  }

  /** @internal Whether keys must be grouped by their master. */
  get isCluster(): boolean {
    return this.#client.isCluster
  }

  /**
   * @internal Returns texts that identify the databases of this keyspace: the process of each master, its address,
   * and its replication, which replicas and promoted replicas share.
   */
  async identities(): Promise<KeyspaceIdentities> {
    const all = await Promise.all(
      this.masters().map(async (master) => {
        const server = String(await this.run(master, 'INFO', 'server'))
        const replication = String(await this.run(master, 'INFO', 'replication'))
        const database = this.#client.isCluster ? 0 : (master.options.db ?? 0)
        const data = [
          /^run_id:(\w+)/m.exec(server)?.[1],
          /^master_replid:(\w+)/m.exec(replication)?.[1],
          /^master_replid2:(\w*[1-9a-f]\w*)/m.exec(replication)?.[1],
        ]
        return {
          data: data.filter((id) => id !== undefined).map((id) => `${id}/${database}`),
          address: `${addressOf(master)}/${database}`,
        }
      }),
    )
    return { data: all.flatMap(({ data }) => data), addresses: all.map(({ address }) => address) }
  }

  /**
   * @internal Runs a command. Texts in the reply are buffers.
   * @throws InfrastructureError after the time limit
   */
  async run(
    master: Redis,
    command: string,
    ...args: (string | number | Buffer)[]
  ): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const message = `Redis did not reply to ${command} within ${this.#timeoutMs} ms`
        reject(new InfrastructureError(message, { code: 'TIMEOUT' }))
      }, this.#timeoutMs)
    })
    try {
      return await Promise.race([master.callBuffer(command, ...args), late])
    } catch (error) {
      throw error instanceof CacheError ? error : commandFailed(command, error)
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Returns the start of an error of Redis, which may quote arguments with values further on. */
export function withoutArguments(text: string): string {
  return (
    text
      .split(/(?<!\w)['"`]|\n/, 1)[0]
      ?.trim()
      .slice(0, 200) ?? ''
  )
}

/** Returns the error of Redis without the arguments of the command, which may contain values. */
function commandFailed(command: string, error: unknown): InfrastructureError {
  const text = isError(error) ? error.message : 'unknown error'
  const shown = withoutArguments(text)
  const reason = /^[A-Z]+ /.test(text) ? text.slice(0, text.indexOf(' ')) : undefined
  return new InfrastructureError(`Redis failed to run ${command}: ${shown}`, {
    code: 'BACKEND_UNAVAILABLE',
    context: { command, reason },
    cause: error,
  })
}

function connectionFailed(error: unknown): InfrastructureError {
  const cause = error instanceof InfrastructureError ? (error.cause ?? error) : error
  const text = isError(cause) ? cause.message : 'unknown error'
  if (/^(WRONGPASS|NOAUTH)|invalid password/i.test(text)) {
    return new InfrastructureError('Redis rejected the user or the password', {
      code: 'BACKEND_UNAVAILABLE',
      context: { reason: 'WRONGPASS' },
    })
  }
  const code = /\b(E[A-Z]{4,})\b/.exec(text)?.[1]
  const reason = code === undefined ? '' : ` (${code})`
  return new InfrastructureError(`Redis cannot be reached${reason}`, {
    code: 'BACKEND_UNAVAILABLE',
    cause: error,
  })
}

/** Returns the address and the id of the first node in a reply to CLUSTER SLOTS. */
function addressIn(node: unknown): string {
  const [host, port, id] = node as readonly unknown[]
  return [host, port, id].map(String).join(':')
}

function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`
}
