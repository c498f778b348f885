import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis } from './ask-redis.js'
import { findRedisServer } from './find-redis-server.js'
import { freePort } from './free-port.js'

/** A server starts in milliseconds. On a busy machine it may not run for seconds. */
const START_DEADLINE_MS = 60_000

/** Paths of certificates and a key in PEM, with which servers use TLS. */
export interface ServerTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Returns the flags of a server that uses TLS on a port, in addition to plain text on another. */
export function tlsFlags({ ca, cert, key }: ServerTls, tlsPort: number): string[] {
  return [
    ...['--tls-port', String(tlsPort), '--tls-ca-cert-file', ca],
    ...['--tls-cert-file', cert, '--tls-key-file', key],
  ]
}

/** A real redis-server on a loopback port, for one test file. Only `SAVE` writes to disk. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly #args: readonly string[]
  #process: ChildProcess | undefined
  #folder: string | undefined

  constructor(port: number, args: readonly string[]) {
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
    this.#args = args
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  async start(): Promise<void> {
    // A benchmark has no global setup that has found it already.
    const program = (process.env['REDIS_SERVER_BIN'] ??= await findRedisServer())
    this.#folder ??= await mkdtemp(path.join(tmpdir(), 'verbatim-redis-'))
    const server = spawn(
      program,
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1'],
        ...['--save', '', '--appendonly', 'no', '--dir', this.#folder],
        ...this.#args,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#process = server
    running.add(server)
    let output = ''
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (text) => {
        output += String(text)
      })
    }
    const deadline = Date.now() + START_DEADLINE_MS
    while (!(await repliesToPing(this.port))) {
      if (server.exitCode !== null || Date.now() > deadline) {
        throw new Error(`redis-server did not start:\n${output}`)
      }
      await sleep(10)
    }
  }

  /** Freezes the server. Its connections stay open, and it sends no reply. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Stops the server and deletes its data. Pass `SIGKILL` for a crash. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#kill(signal)
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }

  /** Stops the server and starts it again on the same port, without data. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Kills the server and starts it again with the data of the last `SAVE`. */
  async crash(): Promise<void> {
    await this.#kill('SIGKILL')
    await this.start()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const server = this.#process
    this.#process = undefined
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit')
      server.kill(signal)
      // A frozen process handles a signal only after it continues.
      server.kill('SIGCONT')
      await ended
      running.delete(server)
    }
  }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const server of running) server.kill('SIGKILL')
})

/** Starts a redis-server on a free port. */
export async function startRedis(...args: string[]): Promise<RedisServer> {
  const server = new RedisServer(await freePort(), args)
  await server.start()
  return server
}

async function repliesToPing(port: number): Promise<boolean> {
  return askRedis(port, 'PING').then(
    (reply) => /^[+-]/.test(reply),
    () => false,
  )
}
