import { once } from 'node:events'
import type { Transferable, Worker } from 'node:worker_threads'
import { codecFailed } from './codec-errors.js'
import { failureOf } from './failure.js'

/** A worker that posts a message when it is ready, and one for each that it is sent. */
export class WorkerThread {
  readonly #worker: Worker
  readonly #ended = new AbortController()

  constructor(worker: Worker) {
    this.#worker = worker
    worker.once('exit', () => this.#ended.abort())
    // It is on its way out. Who waits for a message is told; if nobody does, nothing is lost.
    worker.on('error', () => this.#ended.abort())
    worker.once('messageerror', () => this.end())
  }

  get hasEnded(): boolean {
    return this.#ended.signal.aborted
  }

  /** @throws SerializationError (`CODEC_FAILED`) when it ends instead */
  async nextMessage(): Promise<unknown> {
    try {
      const [message] = await once(this.#worker, 'message', { signal: this.#ended.signal })
      return message
    } catch (error) {
      throw codecFailed(`the thread for it has ended (${failureOf(error)})`)
    }
  }

  /**
   * @param transfer - parts of the request that are handed over instead of copied
   * @throws SerializationError (`CODEC_FAILED`) when it ends instead of answering
   */
  ask(request: unknown, transfer: readonly Transferable[] = []): Promise<unknown> {
    this.#worker.postMessage(request, transfer)
    return this.nextMessage()
  }

  /** Makes the process wait for it. */
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
