import { timers } from '@verbatim/cache-core/implement'
import { overloaded, timedOut } from './connection-errors.js'

/** With so many calls in flight, further calls fail at once, because a longer queue helps no caller. */
const MAX_IN_FLIGHT = 10_000
/** With so many ended calls at its head, the queue is compacted. */
const LONG_HEAD = 1_024

/** The period of checks on a reply that is still arriving after its time limit, in milliseconds. */
const PROGRESS_PERIOD_MS = 25
/** Bytes that must have arrived since the last check, in one reply or several: 320 KB a second. */
const PROGRESS_BYTES = 8_000
/** The longest time that a reply may go on arriving after its time limit, in milliseconds. */
const MAX_EXTENSION_MS = 5_000

/** The server or servers that replies come from. */
export interface ReplySource {
  /** Bytes that have arrived from there so far. */
  readonly receivedBytes: number
}

interface Call {
  dueAt: number
  readonly extraMs: number
  readonly source: ReplySource | undefined
  /** The bytes of the source at the last check. */
  receivedBytes: number
  /** `undefined` once the call has ended, because the function would keep the reply in memory. */
  fail: ((error: unknown) => void) | undefined
}

/**
 * Gives every call the same time limit.
 *
 * Calls with the same limit time out in the order in which they began. So one timer, for the oldest call,
 * is enough for all. A call that gets more time leaves the queue when the limit is over.
 */
export class TimeLimit {
  readonly milliseconds: number
  /** Oldest first. The calls before the head have ended or left the queue. */
  readonly #calls: (Call | undefined)[] = []
  /** Calls that got more time than the limit. */
  readonly #extended = new Set<Call>()
  #head = 0
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined
  #onIdle: (() => void) | undefined

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds
  }

  /**
   * Starts a call, and rejects when its time limit is over.
   *
   * @param classify - receives the error of a call, and returns the error to reject with
   * @param source - where the reply comes from. While a large reply is arriving, the call gets up to 5 s
   * more
   * @param extraMs - time in addition to the limit, in milliseconds. Default: 0
   */
  run<T>(
    start: () => Promise<T>,
    classify: (error: unknown) => unknown,
    source?: ReplySource,
    extraMs = 0,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#inFlight >= MAX_IN_FLIGHT) throw overloaded(this.#inFlight)
      const succeed = (answer: T): void => {
        if (this.#end(call)) resolve(answer)
      }
      const fail = (error: unknown): void => {
        if (this.#end(call)) reject(classify(error))
      }
      const call = this.#begin(fail, source, extraMs)
      try {
        start().then(succeed, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  /** Rejects all calls in flight to a source. */
  failAll(source: ReplySource, error: unknown): void {
    for (const call of [...this.#calls, ...this.#extended]) {
      if (call?.source === source) call.fail?.(error)
    }
  }

  /** Waits until no call is in flight, or a time in milliseconds is over. */
  async drain(milliseconds: number): Promise<void> {
    if (this.#inFlight === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
      timer = timers.setTimeout(resolve, milliseconds)
    })
    timers.clearTimeout(timer)
  }

  #begin(fail: Call['fail'], source: ReplySource | undefined, extraMs: number): Call {
    const dueAt = timers.now() + this.milliseconds
    const call: Call = { dueAt, extraMs, source, receivedBytes: source?.receivedBytes ?? 0, fail }
    this.#calls.push(call)
    this.#inFlight++
    if (this.#timer === undefined) this.#watch(this.milliseconds)
    return call
  }

  #watch(milliseconds: number): void {
    // Does not keep the process alive.
    this.#timer = timers.setTimeout(this.#expire, milliseconds).unref()
  }

  /** Returns false if the call had ended already. */
  #end(call: Call): boolean {
    if (call.fail === undefined) return false
    call.fail = undefined
    this.#inFlight--
    this.#extended.delete(call)
    this.#dropHead()
    if (this.#inFlight === 0) this.#onIdle?.()
    return true
  }

  #dropHead(): void {
    const calls = this.#calls
    while (this.#head < calls.length && calls[this.#head]?.fail === undefined) {
      calls[this.#head++] = undefined
    }
    if (this.#head === calls.length || this.#head > LONG_HEAD) {
      calls.splice(0, this.#head)
      this.#head = 0
    }
  }

  readonly #expire = (): void => {
    const now = timers.now()
    const due: Call[] = []
    let index = this.#head
    let call = this.#calls[index]
    while (index < this.#calls.length && (call === undefined || call.dueAt <= now)) {
      if (call?.fail !== undefined) due.push(call)
      this.#calls[index] = undefined
      call = this.#calls[++index]
    }
    this.#dropHead()
    if (call === undefined) this.#timer = undefined
    else this.#watch(call.dueAt - now)
    for (const late of due) this.#extended.add(late)
    // After a stall of this process, timers run before sockets are read. The reply may have arrived, so the
    // sockets are read again before the call fails.
    if (due.length > 0) timers.setImmediate(this.#expireAll, due)
  }

  readonly #expireAll = (due: readonly Call[]): void => {
    for (const call of due) {
      if (call.extraMs > 0) this.#extend(call, call.extraMs)
      else this.#extendWhileArriving(call)
    }
  }

  /** Gives a call more time, and then checks whether its reply is arriving. */
  #extend(call: Call, milliseconds: number): void {
    const check = (): void => {
      timers.setImmediate(() => this.#extendWhileArriving(call))
    }
    timers.setTimeout(check, milliseconds).unref()
  }

  #extendWhileArriving(call: Call): void {
    if (call.fail === undefined) return
    const receivedBytes = call.source?.receivedBytes ?? 0
    const isArriving = receivedBytes - call.receivedBytes >= PROGRESS_BYTES
    const latestAt = call.dueAt + call.extraMs + MAX_EXTENSION_MS
    if (isArriving && timers.now() < latestAt) {
      call.receivedBytes = receivedBytes
      this.#extend(call, Math.min(PROGRESS_PERIOD_MS, this.milliseconds))
    } else call.fail(timedOut(this.milliseconds + call.extraMs))
  }
}
