import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis } from './ask-redis.js'
import { freePort } from './free-port.js'
import { type RedisServer, startRedis } from './redis-server.js'

const SLOTS = 16_384
const MASTERS = 3
const FORMING_DEADLINE_MS = 15_000

/** A real Redis Cluster of three masters on loopback ports. */
export class RedisCluster implements AsyncDisposable {
  readonly masters: readonly RedisServer[]

  constructor(masters: readonly RedisServer[]) {
    this.masters = masters
  }

  /** Where each master listens, as a client wants to know it. */
  get addresses(): { host: string; port: number }[] {
    return this.masters.map(({ port }) => ({ host: '127.0.0.1', port }))
  }

  async stop(): Promise<void> {
    await Promise.all(this.masters.map((master) => master.stop()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Starts a cluster and waits until every master knows of all slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const busPorts = await Promise.all(Array.from({ length: MASTERS }, freePort))
  const masters = await Promise.all(
    busPorts.map((busPort) =>
      startRedis('--cluster-enabled', 'yes', '--cluster-port', String(busPort)),
    ),
  )
  const cluster = new RedisCluster(masters)
  try {
    await form(masters, busPorts)
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

async function form(masters: readonly RedisServer[], busPorts: readonly number[]): Promise<void> {
  const [first] = masters
  for (const [index, { port }] of masters.entries()) {
    const low = Math.ceil((index * SLOTS) / MASTERS)
    const high = Math.ceil(((index + 1) * SLOTS) / MASTERS) - 1
    await askRedis(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`)
    await askRedis(port, `CLUSTER ADDSLOTSRANGE ${low} ${high}`)
    await askRedis(first?.port ?? 0, `CLUSTER MEET 127.0.0.1 ${port} ${busPorts[index]}`)
  }
  const deadline = Date.now() + FORMING_DEADLINE_MS
  for (const { port } of masters) {
    while (!(await knowsAllSlots(port))) {
      if (Date.now() > deadline) throw new Error('the cluster did not form')
      await sleep(50)
    }
  }
}

async function knowsAllSlots(port: number): Promise<boolean> {
  const state = await askRedis(port, 'CLUSTER INFO')
  return (
    state.includes('cluster_state:ok') &&
    state.includes(`cluster_slots_assigned:${SLOTS}`) &&
    state.includes(`cluster_known_nodes:${MASTERS}`)
  )
}
