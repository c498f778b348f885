import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'

const START_DEADLINE_MS = 10_000

/** A redis-server that the service starts and stops, so that a visitor can see an outage. It stores nothing on disk. */
export class OwnRedis implements AsyncDisposable {
  readonly #command: string
  readonly #port: number
  #process: ChildProcessByStdio<null, Readable, null> | undefined

  private constructor(command: string, port: number) {
    this.#command = command
    this.#port = port
  }

  /**
   * Starts a server on a free port of 127.0.0.1.
   *
   * @param command - the name or the path of a redis-server
   * @throws Error that says why the server did not start
   */
  static async launch(command: string): Promise<OwnRedis> {
    const redis = new OwnRedis(command, await freePort())
    await redis.start()
    return redis
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  get isRunning(): boolean {
    return this.#process !== undefined
  }

  /** Starts the server again on its port. Does nothing while it runs. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return
    const args = ['--port', String(this.#port), '--bind', '127.0.0.1', '--save', '']
    const started = spawn(this.#command, [...args, '--appendonly', 'no', '--dir', tmpdir()], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#process = started
    started.once('exit', () => {
      if (this.#process === started) this.#process = undefined
    })
    try {
      await ready(started)
    } catch (cause) {
      started.kill()
      this.#process = undefined
      throw new Error('START_REDIS must be a redis-server that starts', { cause })
    }
    started.stdout.resume()
  }

  /** Ends the server at once, as a crash does. */
  async stop(): Promise<void> {
    const running = this.#process
    if (running === undefined) return
    const exited = once(running, 'exit')
    running.kill('SIGKILL')
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Resolves when a server accepts connections. */
async function ready(server: ChildProcessByStdio<null, Readable, null>): Promise<void> {
  // A command that does not exist emits an error instead of starting.
  const failed = once(server, 'error').then(([error]) => Promise.reject(error as Error))
  await Promise.race([failed, printed(server.stdout)])
}

async function printed(output: Readable): Promise<void> {
  const signal = AbortSignal.timeout(START_DEADLINE_MS)
  let text = ''
  for await (const [part] of on(output, 'data', { signal, close: ['end'] })) {
    text += String(part)
    if (text.includes('Ready to accept connections')) return
  }
  throw new Error('the server has ended')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
