import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Order, Orders, Report } from './control.js'

const require = createRequire(import.meta.url)
const TSX = pathToFileURL(require.resolve('tsx')).href

const START_DEADLINE_MS = 20_000

interface Asked {
  readonly resolve: (answer: unknown) => void
  readonly reject: (reason: Error) => void
}

/**
 * The process of the proxy, and the requests to it.
 *
 * The requests use the IPC channel of the process instead of a socket. The channel needs no port, no
 * other process can reach it, and it closes when this process ends, even after SIGKILL.
 */
export class ProxyProcess {
  readonly #child: ChildProcess
  readonly #onReached: (hold: number) => void
  readonly #asked = new Map<number, Asked>()
  readonly #ended: Promise<unknown>
  #port = 0
  #lastId = 0
  #errors = ''
  #gone = false

  constructor(targetPort: number, onReached: (hold: number) => void) {
    this.#onReached = onReached
    this.#child = fork(
      fileURLToPath(new URL('./process/main.ts', import.meta.url)),
      [String(targetPort)],
      {
        execArgv: ['--import', TSX],
        // A child that inherits a pipe keeps it open, and a CI step would wait for it.
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      },
    )
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stderr?.on('data', (text) => {
      this.#errors += String(text)
    })
    this.#child.on('error', (error) => {
      this.#errors += String(error)
    })
    this.#child.on('message', (report: Report) => this.#take(report))
    this.#child.on('close', () => this.#failAll())
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get port(): number {
    return this.#port
  }

  async started(): Promise<void> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), START_DEADLINE_MS)
    // The report that the process is ready counts as the reply to request 0.
    await this.#answerTo(0).finally(() => clearTimeout(late))
  }

  async ask<Name extends keyof Orders>(
    name: Name,
    ...[options]: Parameters<Orders[Name]>
  ): Promise<Awaited<ReturnType<Orders[Name]>>> {
    if (this.#gone || !this.#child.connected) throw this.#goneError()
    const id = ++this.#lastId
    const order: Order = { id, name, options }
    const answer = this.#answerTo(id)
    // An error of the channel also ends the process, which rejects the reply.
    this.#child.send(order, () => undefined)
    return (await answer) as Awaited<ReturnType<Orders[Name]>>
  }

  /** Ends the process and its connections. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #answerTo(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }))
  }

  #take(report: Report): void {
    if (report.kind === 'reached') this.#onReached(report.hold)
    else if (report.kind === 'ready') {
      this.#port = report.port
      this.#settle(0, (asked) => asked.resolve(undefined))
    } else if (report.kind === 'done') {
      this.#settle(report.id, (asked) => asked.resolve(report.answer))
    } else this.#settle(report.id, (asked) => asked.reject(new Error(report.reason)))
  }

  #settle(id: number, settle: (asked: Asked) => void): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (asked !== undefined) settle(asked)
  }

  #failAll(): void {
    this.#gone = true
    for (const id of [...this.#asked.keys()]) {
      this.#settle(id, (asked) => asked.reject(this.#goneError()))
    }
  }

  #goneError(): Error {
    return new Error(`The fault proxy has ended. ${this.#errors}`.trimEnd())
  }
}
