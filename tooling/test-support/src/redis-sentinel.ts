import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis } from './ask-redis.js'
import { freePort } from './free-port.js'
import { type RedisServer, type ServerTls, startRedis, tlsFlags } from './redis-server.js'

const NAME = 'cache'
const SENTINELS = 3
const REPLICAS = 2
const FORMING_DEADLINE_MS = 15_000

/** A master with two replicas and three sentinels on loopback ports. */
export class RedisSentinel implements AsyncDisposable {
  /** Name of the master in the sentinels. */
  readonly name = NAME
  /** All servers. The first is the master at the start. */
  readonly servers: readonly RedisServer[]
  readonly #sentinels: readonly Sentinel[]
  /** The port that the sentinels know of each server. */
  readonly #knownPorts: readonly number[]

  constructor(
    servers: readonly RedisServer[],
    sentinels: readonly Sentinel[],
    knownPorts: readonly number[],
  ) {
    this.servers = servers
    this.#sentinels = sentinels
    this.#knownPorts = knownPorts
  }

  /** URL of each sentinel, `rediss://` with TLS. */
  get urls(): string[] {
    return this.#sentinels.map(({ port, tlsPort }) =>
      tlsPort === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${tlsPort}`,
    )
  }

  /** Returns the current master, as reported by a sentinel. */
  async master(): Promise<RedisServer> {
    const [sentinel] = this.#sentinels
    const address = await askRedis(sentinel?.port ?? 0, `SENTINEL GET-MASTER-ADDR-BY-NAME ${NAME}`)
    const index = this.#knownPorts.findIndex((port) => address.includes(`\r\n${port}\r\n`))
    const master = this.servers[index]
    if (master === undefined) throw new Error(`the sentinels know no master: ${address}`)
    return master
  }

  /** Waits until the sentinels report another master. Returns the new master. */
  async failedOver(from: RedisServer): Promise<RedisServer> {
    for (;;) {
      const master = await this.master()
      if (master !== from) return master
      await sleep(10)
    }
  }

  /** Kills one sentinel, as in a crash. */
  async killSentinel(index: number): Promise<void> {
    await this.#sentinels[index]?.stop()
  }

  async stop(): Promise<void> {
    const all = [...this.#sentinels, ...this.servers]
    await Promise.all(all.map((each) => each.stop()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Starts the servers and the sentinels, and waits until the sentinels know each other. */
export async function startRedisSentinel({
  downAfterMs = 1_000,
  tls,
}: {
  /** Milliseconds without a reply after which a server counts as down. Default: 1,000. */
  readonly downAfterMs?: number
  /** Certificates for TLS between all, and on a second port of each. Default: plain text only. */
  readonly tls?: ServerTls
} = {}): Promise<RedisSentinel> {
  const tlsPorts = tls && (await Promise.all(Array.from({ length: REPLICAS + 1 }, freePort)))
  const flagsOf = (index: number): string[] => [
    ...['--repl-diskless-sync-delay', '0'],
    ...(tls && tlsPorts ? tlsFlags(tls, tlsPorts[index] as number) : []),
    ...(tls ? ['--tls-replication', 'yes'] : []),
  ]
  const master = await startRedis(...flagsOf(0))
  const masterPort = tlsPorts?.[0] ?? master.port
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, (_, index) =>
      startRedis(...flagsOf(index + 1), '--replicaof', '127.0.0.1', `${masterPort}`),
    ),
  )
  const sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, () => startSentinel(masterPort, downAfterMs, tls)),
  )
  const servers = [master, ...replicas]
  const knownPorts = tlsPorts ?? servers.map(({ port }) => port)
  const group = new RedisSentinel(servers, sentinels, knownPorts)
  const deadline = Date.now() + FORMING_DEADLINE_MS
  for (const { port } of sentinels) {
    while (!(await knowsTheOthers(port))) {
      if (Date.now() > deadline) {
        await group.stop()
        throw new Error('the sentinels did not find each other')
      }
      await sleep(50)
    }
  }
  return group
}

async function knowsTheOthers(port: number): Promise<boolean> {
  const state = await askRedis(port, `SENTINEL MASTER ${NAME}`).catch(() => '')
  const reports = (field: string, value: number): boolean =>
    state.includes(`\r\n${field}\r\n$1\r\n${value}\r\n`)
  return reports('num-other-sentinels', SENTINELS - 1) && reports('num-slaves', REPLICAS)
}

class Sentinel {
  readonly port: number
  readonly tlsPort: number | undefined
  readonly #process: ChildProcess
  readonly #folder: string

  constructor(
    { port, tlsPort }: { readonly port: number; readonly tlsPort: number | undefined },
    process: ChildProcess,
    folder: string,
  ) {
    this.port = port
    this.tlsPort = tlsPort
    this.#process = process
    this.#folder = folder
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGKILL')
      await ended
      running.delete(this.#process)
    }
    await rm(this.#folder, { recursive: true, force: true })
  }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const sentinel of running) sentinel.kill('SIGKILL')
})

async function startSentinel(
  masterPort: number,
  downAfterMs: number,
  tls: ServerTls | undefined,
): Promise<Sentinel> {
  const port = await freePort()
  const tlsPort = tls && (await freePort())
  const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-sentinel-'))
  // A sentinel writes its state into its configuration file.
  const file = path.join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    // Two failovers are at least twice this time apart.
    `sentinel failover-timeout ${NAME} 1000`,
  ]
  if (tls !== undefined && tlsPort !== undefined) {
    lines.push(`tls-port ${tlsPort}`, 'tls-replication yes', `tls-ca-cert-file ${tls.ca}`)
    lines.push(`tls-cert-file ${tls.cert}`, `tls-key-file ${tls.key}`)
  }
  await writeFile(file, `${lines.join('\n')}\n`)
  const program = process.env['REDIS_SERVER_BIN'] ?? 'redis-server'
  const sentinel = spawn(program, [file, '--sentinel'], { stdio: 'ignore' })
  running.add(sentinel)
  return new Sentinel({ port, tlsPort }, sentinel, folder)
}
