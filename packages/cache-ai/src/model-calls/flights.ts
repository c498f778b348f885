import { onAbort } from '@verbatim/cache-core/implement'
import type { CachedCall } from './call-control.js'
import type { Claim } from './claim.js'

/** Whether a model call goes on when no caller waits for it any longer. */
export type WhenAbandoned = 'abort' | 'finish'

/** The way in which a call begins: with the model and the right to store its answer, or with a stored answer. */
export type Beginning<Answer> =
  | { readonly claim: Claim | 'store_failed' | 'superseded' | 'not_stored' }
  | { readonly answer: Answer }

/** A model call that is running, and the callers that share it. */
export class Flight<Answer, Log, Outcome> {
  /** The parts of a stream; `undefined` when the call does not stream. */
  readonly log: Log
  /** The callers that joined the call. */
  readonly joined: CachedCall[] = []
  #storing: CachedCall | undefined
  readonly #controller = new AbortController()
  readonly #whenAbandoned: WhenAbandoned
  readonly #remove: () => void
  #callers = 0
  #isOver = false
  #outcome: Promise<Outcome> | undefined
  /** Known when the model is asked, or when an identical call of another process has stored its answer. */
  readonly beginning: Promise<Beginning<Answer>>
  begin!: (beginning: Beginning<Answer>) => void
  #failToBegin!: (error: unknown) => void

  constructor(log: Log, whenAbandoned: WhenAbandoned, remove: () => void) {
    this.log = log
    this.#whenAbandoned = whenAbandoned
    this.#remove = remove
    this.beginning = new Promise((resolve, reject) => {
      this.begin = resolve
      this.#failToBegin = reject
    })
    // Each caller handles the rejection; without callers, it is ignored.
    this.beginning.catch(() => undefined)
  }

  /** Aborted when the last caller leaves, unless the call goes on without callers. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The callers that want the answer to be stored, as one call; `undefined` when none does. */
  get storing(): CachedCall | undefined {
    return this.#storing
  }

  /** Adds a caller that may want the answer to be stored: with all tags, for the shortest of the TTLs. */
  addStoring(call: CachedCall): void {
    if (call.plan.noStore) return
    if (this.#storing === undefined) {
      this.#storing = call
      return
    }
    const { plan } = this.#storing
    const shortest =
      (plan.ttlMs ?? Number.POSITIVE_INFINITY) <= (call.plan.ttlMs ?? plan.ttlMs ?? 0)
    const { ttlMs, staleMs } = shortest ? plan : call.plan
    const tags = [...new Set([...plan.tags, ...call.plan.tags])]
    this.#storing = { ...this.#storing, plan: { ...plan, ttlMs, staleMs, tags } }
  }

  /** The end of the call. */
  get outcome(): Promise<Outcome> {
    return this.#outcome as Promise<Outcome>
  }

  /** Starts the call. */
  run(call: (flight: this) => Promise<Outcome>): void {
    this.#outcome = call(this).finally(() => {
      this.#isOver = true
    })
    this.#outcome.catch(this.#failToBegin)
  }

  /** Lets no more callers join, because the call has failed and is about to end. */
  close(): void {
    this.#remove()
  }

  /**
   * Adds a caller.
   *
   * @returns a function that removes the caller. The last caller that leaves aborts the call
   */
  enter(): () => void {
    this.#callers++
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      this.#callers--
      if (this.#callers > 0 || this.#isOver || this.#whenAbandoned === 'finish') return
      this.#remove()
      this.#controller.abort(new DOMException('No caller waits for the answer.', 'AbortError'))
    }
  }
}

/** The running model calls of one cache, by key. */
export class Flights<Answer, Log, Outcome> {
  readonly #running = new Map<string, Flight<Answer, Log, Outcome>>()
  /** Number of calls that have ended. */
  ended = 0

  get(id: string): Flight<Answer, Log, Outcome> | undefined {
    return this.#running.get(id)
  }

  /** Starts a call that others can join until it is over. */
  start(
    id: string,
    log: Log,
    whenAbandoned: WhenAbandoned,
    call: (flight: Flight<Answer, Log, Outcome>) => Promise<Outcome>,
  ): Flight<Answer, Log, Outcome> {
    const flight = new Flight<Answer, Log, Outcome>(log, whenAbandoned, () =>
      this.#remove(id, flight),
    )
    this.#running.set(id, flight)
    flight.run(async (running) => {
      try {
        return await call(running)
      } finally {
        this.ended++
        this.#remove(id, running)
      }
    })
    return flight
  }

  #remove(id: string, flight: Flight<Answer, Log, Outcome>): void {
    if (this.#running.get(id) === flight) this.#running.delete(id)
  }
}

/** Waits for a promise, or rejects with the reason of the caller's signal. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  if (signal.aborted) {
    promise.catch(() => undefined)
    return Promise.reject(signal.reason as Error)
  }
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, () => reject(signal.reason as Error))
    promise.then(resolve, reject).finally(stop)
  })
}
