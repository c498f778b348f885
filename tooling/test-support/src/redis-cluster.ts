import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis } from './ask-redis.js'
import { freePort } from './free-port.js'
import { type RedisServer, type ServerTls, startRedis, tlsFlags } from './redis-server.js'

const SLOTS = 16_384
const MASTERS = 3
const FORMING_DEADLINE_MS = 15_000

/** Options of {@link startRedisCluster}. */
export interface RedisClusterOptions {
  /** Whether each master has a replica that replaces it after a crash. Default: false. */
  readonly replicas?: boolean
  /** Milliseconds without a reply after which a node counts as down. Default: 15,000. */
  readonly nodeTimeoutMs?: number
  /** Certificates for TLS between the nodes, and on a second port of each node. Default: plain text only. */
  readonly tls?: ServerTls
}

/** A real Redis Cluster of three masters on loopback ports. */
export class RedisCluster implements AsyncDisposable {
  /** Servers that are masters at the start. */
  readonly masters: readonly RedisServer[]
  /** Replica of each master, in the order of `masters`. */
  readonly replicas: readonly RedisServer[]
  readonly #tlsPorts: readonly number[]

  constructor(
    masters: readonly RedisServer[],
    replicas: readonly RedisServer[],
    tlsPorts: readonly number[],
  ) {
    this.masters = masters
    this.replicas = replicas
    this.#tlsPorts = tlsPorts
  }

  /** Host and port of each master, in the format of the client. */
  get addresses(): { host: string; port: number }[] {
    return this.masters.map(({ port }) => ({ host: '127.0.0.1', port }))
  }

  /** URL of each master, `rediss://` with TLS. */
  get urls(): string[] {
    const secure = this.#tlsPorts.slice(0, MASTERS).map((port) => `rediss://localhost:${port}`)
    return secure.length > 0 ? secure : this.masters.map(({ url }) => url)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.masters, ...this.replicas].map((node) => node.stop()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Starts a cluster and waits until every node knows the owner of each slot. */
export async function startRedisCluster({
  replicas = false,
  nodeTimeoutMs = 15_000,
  tls,
}: RedisClusterOptions = {}): Promise<RedisCluster> {
  const freePorts = (): Promise<number[]> =>
    Promise.all(Array.from({ length: replicas ? 2 * MASTERS : MASTERS }, freePort))
  const busPorts = await freePorts()
  const tlsPorts = tls === undefined ? [] : await freePorts()
  const nodes = await Promise.all(
    busPorts.map((busPort, index) =>
      startRedis(
        ...(tls ? [...tlsFlags(tls, tlsPorts[index] as number), '--tls-cluster', 'yes'] : []),
        ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
        ...['--cluster-node-timeout', String(nodeTimeoutMs)],
        ...['--repl-diskless-sync-delay', '0'],
      ),
    ),
  )
  const cluster = new RedisCluster(nodes.slice(0, MASTERS), nodes.slice(MASTERS), tlsPorts)
  try {
    await form(cluster.masters, nodes, { busPorts, tlsPorts })
    await replicate(cluster)
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

async function form(
  masters: readonly RedisServer[],
  nodes: readonly RedisServer[],
  { busPorts, tlsPorts }: { busPorts: readonly number[]; tlsPorts: readonly number[] },
): Promise<void> {
  const [first] = nodes
  for (const [index, { port }] of nodes.entries()) {
    await askRedis(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`)
    const meetPort = tlsPorts[index] ?? port
    await askRedis(first?.port ?? 0, `CLUSTER MEET 127.0.0.1 ${meetPort} ${busPorts[index]}`)
  }
  for (const [index, { port }] of masters.entries()) {
    const low = Math.ceil((index * SLOTS) / MASTERS)
    const high = Math.ceil(((index + 1) * SLOTS) / MASTERS) - 1
    await askRedis(port, `CLUSTER ADDSLOTSRANGE ${low} ${high}`)
  }
  await untilEach(nodes, async ({ port }) => {
    const state = await askRedis(port, 'CLUSTER INFO')
    return (
      state.includes('cluster_state:ok') &&
      state.includes(`cluster_slots_assigned:${SLOTS}`) &&
      state.includes(`cluster_known_nodes:${nodes.length}`)
    )
  })
}

async function replicate({ masters, replicas }: RedisCluster): Promise<void> {
  const ids = await Promise.all(masters.map(({ port }) => askRedis(port, 'CLUSTER MYID')))
  for (const [index, { port }] of replicas.entries()) {
    await askRedis(port, `CLUSTER REPLICATE ${ids[index]?.split('\r\n')[1]}`)
  }
  await untilEach(replicas, async ({ port }) =>
    (await askRedis(port, 'INFO replication')).includes('master_link_status:up'),
  )
}

async function untilEach(
  nodes: readonly RedisServer[],
  holds: (node: RedisServer) => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + FORMING_DEADLINE_MS
  for (const node of nodes) {
    while (!(await holds(node))) {
      if (Date.now() > deadline) throw new Error('the cluster did not form')
      await sleep(50)
    }
  }
}
