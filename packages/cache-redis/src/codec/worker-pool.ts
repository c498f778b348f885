import type { Worker } from 'node:worker_threads'
import { timers } from '@verbatim/cache-core/implement'
import { WorkerThread } from './worker-thread.js'

/** Two keep one value from waiting for another; more would take all of a small machine. */
const MOST_JOBS = 2

/** Where no thread could be started, so long passes before the next try. */
const PAUSE_AFTER_FAILURE_MS = 60_000

/** Starting a thread takes 50 ms, of which 3 on the event loop. */
const IDLE_MS = 5_000

/**
 * Worker threads that are started when there is work, keep the process alive only while there is
 * some, and end when there has been none for a while.
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
   * Runs a job when its turn comes: two at once, and who came first is served first.
   *
   * @param job - has the thread to itself; gets none where none can be started, because threads
   * are not permitted
   */
  async run<T>(job: (thread: WorkerThread | undefined) => Promise<T>): Promise<T> {
    if (this.#running < MOST_JOBS) this.#running += 1
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
