import type { CacheMonitor, CacheOperation, Clock, OperationOutcome } from '@verbatim/cache-core'

/** Number of operations that are all timed, so that a short test sees every duration. */
const ALL_TIMED_UP_TO = 1_000
/** After that, one operation in this many is timed, because reading the clock twice takes longer than a hit. */
const TIMED_ONE_IN = 64

/** Reports all operations in memory to a monitor, and the duration of a sample of them. */
export class OperationObserver {
  readonly #monitor: CacheMonitor
  readonly #clock: Clock
  /** Number of operations until the next one that is timed. */
  #untilTimed = 1
  #allTimedFor = ALL_TIMED_UP_TO

  constructor(monitor: CacheMonitor, clock: Clock) {
    this.#monitor = monitor
    this.#clock = clock
  }

  /** Called before an operation. Returns its start, or `undefined` when it is not timed. */
  start(): number | undefined {
    return --this.#untilTimed > 0 ? undefined : this.#startTimed()
  }

  /** Called after an operation with the result of {@link OperationObserver.start}. */
  end(operation: CacheOperation, outcome: OperationOutcome, startedAt: number | undefined): void {
    const milliseconds = startedAt === undefined ? undefined : this.#clock.now() - startedAt
    this.#monitor.observeOperation(operation, outcome, 'memory', milliseconds)
  }

  #startTimed(): number {
    this.#untilTimed = --this.#allTimedFor > 0 ? 1 : TIMED_ONE_IN
    return this.#clock.now()
  }
}
