import type { CacheMonitor, CacheOperation, Clock, OperationOutcome } from '@verbatim/cache-core'

/** So many operations are timed one by one: who looks at few of them may look closely. */
const ALL_TIMED_UP_TO = 1_000
/**
 * From then on one in so many is timed. Reading the clock twice takes longer than a hit, so timing
 * all of them would cost more than everything else that is observed.
 */
const TIMED_ONE_IN = 64

/** Tells a monitor of operations in memory: of each that it happened, of some how long they took. */
export class OperationObserver {
  readonly #monitor: CacheMonitor
  readonly #clock: Clock
  /** Operations up to the next that is timed, itself included. */
  #untilTimed = 1
  #allTimedFor = ALL_TIMED_UP_TO

  constructor(monitor: CacheMonitor, clock: Clock) {
    this.#monitor = monitor
    this.#clock = clock
  }

  /** Called before an operation. Answers its start, or `undefined` when this one is not timed. */
  start(): number | undefined {
    return --this.#untilTimed > 0 ? undefined : this.#startTimed()
  }

  /** Called after it with what {@link OperationObserver.start} answered. */
  end(operation: CacheOperation, outcome: OperationOutcome, startedAt: number | undefined): void {
    const milliseconds = startedAt === undefined ? undefined : this.#clock.now() - startedAt
    this.#monitor.observeOperation(operation, outcome, 'memory', milliseconds)
  }

  #startTimed(): number {
    this.#untilTimed = --this.#allTimedFor > 0 ? 1 : TIMED_ONE_IN
    return this.#clock.now()
  }
}
