import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type {
  DyingMessage,
  EventsMessage,
  FromWorker,
  Problem,
  ToWorker,
  WorkerConfig,
  WorkerCounts,
} from './messages.js'

const MAIN = fileURLToPath(new URL('worker.ts', import.meta.url))
const READY_DEADLINE_MS = 60_000
/** The limit of the watchdog, plus the time to close. */
const DONE_DEADLINE_MS = 15_000
/** A process ends in milliseconds. On a busy machine it may not run for seconds. */
const EXIT_DEADLINE_MS = 30_000

export interface WorkerListener {
  readonly events: (worker: number, message: EventsMessage) => void
  readonly problem: (worker: number, problem: Problem) => void
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process with its own cache. */
export class WorkerProcess implements AsyncDisposable {
  readonly index: number
  readonly #listener: WorkerListener
  readonly #child: ChildProcess
  readonly #ready: Promise<unknown>
  readonly #recovered: Promise<unknown>
  readonly #done: Promise<WorkerCounts | undefined>
  #output = ''
  #isDone = false

  constructor(config: WorkerConfig, listener: WorkerListener) {
    this.index = config.index
    this.#listener = listener
    this.#child = fork(MAIN, {
      // The folder of this file, so that the run can be started from any folder.
      cwd: import.meta.dirname,
      execArgv: ['--import', import.meta.resolve('tsx')],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    running.add(this.#child)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text) => {
        this.#output += String(text)
      })
    }
    this.#ready = new Promise((resolve) => this.#on('ready', resolve))
    this.#recovered = new Promise((resolve) => this.#on('recovered', resolve))
    this.#done = new Promise((resolve) => {
      this.#on('done', ({ counts }) => resolve(counts))
      this.#child.once('exit', () => resolve(undefined))
    })
    this.#on('events', (message) => listener.events(this.index, message))
    this.#on('problem', ({ problem }) => this.#reportProblem(problem.kind, problem.text))
    this.#child.once('exit', (code, signal) => this.#onExit(code, signal))
    this.#send({ type: 'prepare', config })
  }

  /**
   * Waits until the process is ready.
   *
   * @throws Error if it does not start
   */
  async ready(): Promise<void> {
    const isReady = await Promise.race([
      this.#ready.then(() => true),
      this.#done.then(() => false),
      sleep(READY_DEADLINE_MS, false, { ref: false }),
    ])
    if (!isReady) throw new Error(`worker ${this.index} did not start:\n${this.#output}`)
  }

  go(): void {
    this.#send({ type: 'go' })
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /**
   * Waits until its cache uses Redis again. The process reports a problem if that takes too long.
   */
  async recovered(): Promise<void> {
    this.#send({ type: 'recover' })
    await Promise.race([
      this.#recovered,
      this.#done,
      sleep(DONE_DEADLINE_MS, undefined, { ref: false }),
    ])
  }

  /** Kills the process during its operations. Returns its counts after it has ended. */
  async die(): Promise<DyingMessage> {
    const dying = new Promise<DyingMessage>((resolve) => this.#on('dying', resolve))
    const exited = once(this.#child, 'exit')
    this.#isDone = true
    this.#send({ type: 'die' })
    await Promise.race([exited, rejectAfter(EXIT_DEADLINE_MS, `worker ${this.index} did not die`)])
    return Promise.race([dying, rejectAfter(0, `worker ${this.index} died too early`)])
  }

  /**
   * Stops the process after its current operations. Returns its counts, `undefined` if it does not
   * respond.
   */
  async stop(): Promise<WorkerCounts | undefined> {
    this.#send({ type: 'stop' })
    const counts = await Promise.race([
      this.#done,
      sleep(DONE_DEADLINE_MS, undefined, { ref: false }),
    ])
    this.#isDone = counts !== undefined
    if (counts === undefined) this.#reportProblem('died', `it did not finish:\n${this.#output}`)
    else if (!(await this.#exits()))
      this.#reportProblem('did not exit', 'the process is still running')
    return counts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDone = true
    if (!running.has(this.#child)) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async #exits(): Promise<boolean> {
    if (!running.has(this.#child)) return true
    return Promise.race([
      once(this.#child, 'exit').then(() => true),
      sleep(EXIT_DEADLINE_MS, false, { ref: false }),
    ])
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    running.delete(this.#child)
    const cause = signal ?? `exit code ${code}`
    if (!this.#isDone && cause !== 'exit code 0')
      this.#reportProblem('died', `${cause}:\n${this.#output}`)
  }

  #on<Type extends FromWorker['type']>(
    type: Type,
    listener: (message: FromWorker & { readonly type: Type }) => void,
  ): void {
    this.#child.on('message', (message: FromWorker) => {
      if (message.type === type) listener(message as FromWorker & { readonly type: Type })
    })
  }

  #send(message: ToWorker): void {
    // The process may have ended, which its exit event reports.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #reportProblem(kind: Problem['kind'], text: string): void {
    this.#listener.problem(this.index, { kind, text })
  }
}

async function rejectAfter(milliseconds: number, message: string): Promise<never> {
  await sleep(milliseconds, undefined, { ref: false })
  throw new Error(message)
}
