import { overloaded, timedOut } from './connection-errors.js'

/** Past so many calls under way, further ones fail at once: a queue that grows answers nobody. */
const MOST_IN_FLIGHT = 10_000
/** So many ended calls at the head of the queue are worth moving the others up. */
const LONG_HEAD = 1_024

interface Call {
  readonly dueAt: number
  readonly fail: (error: unknown) => void
  ended: boolean
}

/**
 * Gives every call the same time to end.
 *
 * As all have the same limit, they run out of it in the order in which they began: one timer for the
 * oldest does for all.
 */
export class TimeLimit {
  readonly milliseconds: number
  /** Oldest first. Those before the head have ended. */
  readonly #calls: Call[] = []
  #head = 0
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined
  #onIdle: (() => void) | undefined

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds
  }

  /**
   * @param judge - is shown what the call failed with and answers what to reject with instead
   */
  run<T>(start: () => Promise<T>, judge: (error: unknown) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#inFlight >= MOST_IN_FLIGHT) throw overloaded(this.#inFlight)
      const succeed = (answer: T): void => {
        if (this.#end(call)) resolve(answer)
      }
      const fail = (error: unknown): void => {
        if (this.#end(call)) reject(judge(error))
      }
      const call = this.#begin(fail)
      try {
        start().then(succeed, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  /** Waits until no call is under way, but no longer than so many milliseconds. */
  async drain(milliseconds: number): Promise<void> {
    if (this.#inFlight === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
      timer = setTimeout(resolve, milliseconds)
    })
    clearTimeout(timer)
  }

  #begin(fail: Call['fail']): Call {
    const call = { dueAt: performance.now() + this.milliseconds, fail, ended: false }
    this.#calls.push(call)
    this.#inFlight++
    if (this.#timer === undefined) this.#watch(this.milliseconds)
    return call
  }

  #watch(milliseconds: number): void {
    // A process that waits for nothing but this is not kept alive by it.
    this.#timer = setTimeout(this.#expire, milliseconds).unref()
  }

  /** Answers false if it had ended before. */
  #end(call: Call): boolean {
    if (call.ended) return false
    call.ended = true
    this.#inFlight--
    const calls = this.#calls
    while (calls[this.#head]?.ended) this.#head++
    if (this.#head === calls.length || this.#head > LONG_HEAD) {
      calls.splice(0, this.#head)
      this.#head = 0
    }
    if (this.#inFlight === 0) this.#onIdle?.()
    return true
  }

  readonly #expire = (): void => {
    const now = performance.now()
    const due: Call[] = []
    let index = this.#head
    let call = this.#calls[index]
    while (call !== undefined && call.dueAt <= now) {
      due.push(call)
      call = this.#calls[++index]
    }
    if (call === undefined) this.#timer = undefined
    else this.#watch(call.dueAt - now)
    // After a stall of this process timers run before sockets are read. The answer may be there
    // already, so it gets that one chance before Redis is blamed.
    if (due.length > 0) setImmediate(this.#expireAll, due)
  }

  readonly #expireAll = (due: readonly Call[]): void => {
    for (const call of due) call.fail(timedOut(this.milliseconds))
  }
}
