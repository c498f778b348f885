import { once } from 'node:events'
import type { Transferable, Worker } from 'node:worker_threads'
import { timers } from '@verbatim/cache-core/implement'
import { codecFailed, failureOf } from '../codec-errors.js'

/** With two jobs, one value does not wait for another. More would occupy a small machine. */
const MAX_JOBS = 2

/** The pause after no thread could be started. */
const PAUSE_AFTER_FAILURE_MS = 60_000

/** The idle time after which a thread ends. Starting one takes 50 ms, 3 ms of them on the event loop. */
const IDLE_MS = 5_000

/**
 * Worker threads that start when there is work. They keep the process alive while they work, and end after an
 * idle time.
 */
export class WorkerPool {
  readonly #start: () => Worker
  readonly #waiting: (() => void)[] = []
  #running = 0
  #idle: WorkerThread[] = []
  #idleTimer: NodeJS.Timeout | undefined
  #failedAt = Number.NEGATIVE_INFINITY

  /** @param start - starts a worker as {@link WorkerThread} needs it */
  constructor(start: () => Worker) {
    this.#start = start
  }

  /**
   * Runs a job in its turn: two jobs at a time, in order.
   *
   * @param job - receives a thread for itself, or `undefined` where the process may not start threads
   */
  async run<T>(job: (thread: WorkerThread | undefined) => Promise<T>): Promise<T> {
    if (this.#running < MAX_JOBS) this.#running += 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const thread = this.#takeIdle() ?? (await this.#startThread())
    try {
      return await job(thread)
    } finally {
      if (thread !== undefined) this.#giveBack(thread)
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  #takeIdle(): WorkerThread | undefined {
    this.#idle = this.#idle.filter(({ hasEnded }) => !hasEnded)
    const thread = this.#idle.pop()
    thread?.ref()
    return thread
  }

  async #startThread(): Promise<WorkerThread | undefined> {
    if (timers.now() - this.#failedAt < PAUSE_AFTER_FAILURE_MS) return undefined
    try {
      const thread = new WorkerThread(this.#start())
      await thread.nextMessage()
      return thread
    } catch {
      this.#failedAt = timers.now()
      return undefined
    }
  }

  #giveBack(thread: WorkerThread): void {
    thread.unref()
    this.#idle.push(thread)
    timers.clearTimeout(this.#idleTimer)
    this.#idleTimer = timers.setTimeout(() => this.#endIdle(), IDLE_MS).unref()
  }

  #endIdle(): void {
    for (const thread of this.#idle) thread.end()
    this.#idle = []
  }
}

/** A worker that posts one message when it is ready, and one for each request. */
export class WorkerThread {
  readonly #worker: Worker
  readonly #ended = new AbortController()

  constructor(worker: Worker) {
    this.#worker = worker
    worker.once('exit', () => this.#ended.abort())
    // The worker is ending. A waiting request fails; without one, nothing is lost.
    worker.on('error', () => this.#ended.abort())
    worker.once('messageerror', () => this.end())
  }

  get hasEnded(): boolean {
    return this.#ended.signal.aborted
  }

  /** @throws SerializationError (`CODEC_FAILED`) when the worker ends */
  async nextMessage(): Promise<unknown> {
    try {
      const [message] = await once(this.#worker, 'message', { signal: this.#ended.signal })
      return message
    } catch (error) {
      throw codecFailed(`its thread has ended (${failureOf(error)})`)
    }
  }

  /**
   * Sends a request, and returns the reply.
   *
   * @param transfer - buffers of the request that are transferred instead of copied
   * @throws SerializationError (`CODEC_FAILED`) when the worker ends before it replies
   */
  ask(request: unknown, transfer: readonly Transferable[] = []): Promise<unknown> {
    this.#worker.postMessage(request, transfer)
    return this.nextMessage()
  }

  /** Keeps the process alive. */
  ref(): void {
    this.#worker.ref()
  }

  unref(): void {
    this.#worker.unref()
  }

  end(): void {
    void this.#worker.terminate()
  }
}
