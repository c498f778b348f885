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
 * The process that the proxy runs in, and the talk with it.
 *
 * That goes over the child's IPC channel rather than a socket of its own: no second port to find,
 * nobody else can reach it, and it breaks by itself when this process ends, even by SIGKILL.
 */
export class ProxyProcess {
  readonly #child: ChildProcess
  readonly #onSeen: (hold: number) => void
  readonly #asked = new Map<number, Asked>()
  readonly #ended: Promise<unknown>
  #port = 0
  #lastId = 0
  #complaints = ''
  #gone = false

  constructor(targetPort: number, onSeen: (hold: number) => void) {
    this.#onSeen = onSeen
    this.#child = fork(
      fileURLToPath(new URL('./process/main.ts', import.meta.url)),
      [String(targetPort)],
      {
        execArgv: ['--import', TSX],
        // Not inherited: a child that keeps a pipe open keeps a whole CI step waiting.
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      },
    )
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stderr?.on('data', (text) => {
      this.#complaints += String(text)
    })
    this.#child.on('error', (error) => {
      this.#complaints += String(error)
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
    // The ready report is the answer to the question that nobody had to ask.
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
    // An error here is one of the channel, which ends the child and so fails the answer.
    this.#child.send(order, () => undefined)
    return (await answer) as Awaited<ReturnType<Orders[Name]>>
  }

  /** Ends the process. Its connections end with it. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #answerTo(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }))
  }

  #take(report: Report): void {
    if (report.kind === 'seen') this.#onSeen(report.hold)
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
    return new Error(`The fault proxy is gone. ${this.#complaints}`.trimEnd())
  }
}
