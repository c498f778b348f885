import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const START_DEADLINE_MS = 60_000

/** The built service in its own process, as `pnpm start` runs it. */
export class AppProcess implements AsyncDisposable {
  readonly address: string
  /** The output so far. */
  readonly output: () => string
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, address: string, output: () => string) {
    this.#process = process
    this.address = address
    this.output = output
  }

  static async start(environment: Record<string, string>): Promise<AppProcess> {
    const service = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env['PATH'], PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const deadline = Date.now() + START_DEADLINE_MS
    for (const stream of [service.stdout, service.stderr]) {
      stream.on('data', (text) => {
        output += String(text)
      })
    }
    while (true) {
      const address = /Listening on (\S+)/u.exec(output)?.[1]
      if (address !== undefined) return new AppProcess(service, address, () => output)
      if (service.exitCode !== null || Date.now() > deadline) {
        service.kill('SIGKILL')
        throw new Error(`${MAIN} did not start; has it been built?\n${output}`)
      }
      await Promise.race([once(service.stdout, 'data'), once(service, 'exit')])
    }
  }

  /** Stops the process and returns its exit code. */
  async stop(): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit')
      this.#process.kill('SIGTERM')
      await exited
    }
    return this.#process.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
