import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis } from './ask-redis.js'
import { freePort } from './free-port.js'
import { type RedisServer, startRedis } from './redis-server.js'

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

  constructor(servers: readonly RedisServer[], sentinels: readonly Sentinel[]) {
    this.servers = servers
    this.#sentinels = sentinels
  }

  /** Host and port of each sentinel. */
  get urls(): string[] {
    return this.#sentinels.map(({ port }) => `redis://127.0.0.1:${port}`)
  }

  /** Returns the current master, as reported by a sentinel. */
  async master(): Promise<RedisServer> {
    const [sentinel] = this.#sentinels
    const address = await askRedis(sentinel?.port ?? 0, `SENTINEL GET-MASTER-ADDR-BY-NAME ${NAME}`)
    const master = this.servers.find(({ port }) => address.includes(`\r\n${port}\r\n`))
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
}: {
  /** Milliseconds without a reply after which a server counts as down. Default: 1,000. */
  readonly downAfterMs?: number
} = {}): Promise<RedisSentinel> {
  const master = await startRedis('--repl-diskless-sync-delay', '0')
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, () =>
      startRedis('--repl-diskless-sync-delay', '0', '--replicaof', '127.0.0.1', `${master.port}`),
    ),
  )
  const sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, () => startSentinel(master.port, downAfterMs)),
  )
  const group = new RedisSentinel([master, ...replicas], sentinels)
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
  readonly #process: ChildProcess
  readonly #folder: string

  constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port
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

async function startSentinel(masterPort: number, downAfterMs: number): Promise<Sentinel> {
  const port = await freePort()
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
  await writeFile(file, `${lines.join('\n')}\n`)
  const program = process.env['REDIS_SERVER_BIN'] ?? 'redis-server'
  const sentinel = spawn(program, [file, '--sentinel'], { stdio: 'ignore' })
  running.add(sentinel)
  return new Sentinel(port, sentinel, folder)
}
