import { availableParallelism } from 'node:os'
import { Tinypool } from 'tinypool'
import type { Task } from './analysis/operations.js'
import type { Analysis, AnalysisJob } from './analysis/worker.js'
import { RequestError } from './request-error.js'

export interface AnalysisPoolOptions {
  /** The most threads that analyze at the same time. Default: one less than the cores, from 2 to 4. */
  readonly threads?: number | undefined
  /** The most analyses that wait for a thread. More are rejected. Default: 64. */
  readonly maxQueue?: number | undefined
  /** The compiled `analysis/worker.js`. Default: the one next to this file. */
  readonly workerFile?: URL | undefined
}

const MAX_QUEUE = 64

/** Limits the memory, because each thread has its own language model. */
const MAX_THREADS = 4

/** The time after which a thread without work ends. The first thread stays. */
const IDLE_TIMEOUT_MS = 60_000

/** Analyzes texts in worker threads, so that a long text never delays other requests. */
export class AnalysisPool {
  readonly #pool: Tinypool
  readonly #maxQueue: number
  #isClosed = false

  constructor({
    threads = Math.min(MAX_THREADS, Math.max(2, availableParallelism() - 1)),
    maxQueue = MAX_QUEUE,
    workerFile = new URL('./analysis/worker.js', import.meta.url),
  }: AnalysisPoolOptions = {}) {
    this.#maxQueue = maxQueue
    this.#pool = new Tinypool({
      filename: workerFile.href,
      // Starting a thread takes a second of processor time, so the others start on demand.
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: IDLE_TIMEOUT_MS,
      // With Atomics a thread would sleep between two jobs instead of preparing for the next one.
      useAtomics: false,
    })
    // A thread failed between two jobs. The pool has already replaced it.
    this.#pool.on('error', (error: unknown) => console.error(error))
  }

  /**
   * Analyzes a text in one of the threads.
   *
   * @param signal - removes a waiting analysis from the queue, and ends the thread of a running one
   * @throws RequestError 503 when the queue is full or the pool is closed
   */
  async analyze(text: string, task: Task, signal?: AbortSignal): Promise<Analysis> {
    if (this.#isClosed) throw shuttingDown()
    if (this.#pool.queueSize >= this.#maxQueue) throw busy()
    const job: AnalysisJob = { text, task }
    try {
      return (await this.#pool.run(job, signal === undefined ? {} : { signal })) as Analysis
    } catch (error) {
      throw this.#isClosed ? shuttingDown() : error
    }
  }

  /** Resolves when a thread has loaded its language model and can analyze without delay. */
  async ready(): Promise<void> {
    await this.analyze('Ready.', { operation: 'sentiment', options: {} })
  }

  /** Ends the threads. Analyses that are still running are rejected. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#pool.destroy()
  }
}

function busy(): RequestError {
  return new RequestError(503, 'BUSY', 'too many texts wait for analysis; try again in a second')
}

function shuttingDown(): RequestError {
  return new RequestError(503, 'SHUTTING_DOWN', 'the service is shutting down')
}
