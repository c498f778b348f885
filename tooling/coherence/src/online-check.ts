import { CoherenceChecker } from './checker/coherence-checker.js'
import { FaultTimeline } from './checker/fault-timeline.js'
import { MILLISECOND, type Nanoseconds, type RunClock, SECOND } from './clock.js'
import { checkEvent } from './events/check-event.js'
import { EventBatch } from './events/event-batch.js'
import { EventMerge } from './events/event-merge.js'
import { KeyTrace } from './events/key-trace.js'
import { Findings } from './findings.js'
import type { CoherenceReport } from './report.js'
import type { RunOptions } from './run-options.js'
import type { EventsMessage, Problem } from './worker/messages.js'

/** Time for which a replaced version is remembered. */
const MEMORY = 30 * SECOND
/** Longer than any TTL: a version whose replacement was lost can be read until it expires. */
const MEMORY_WITH_LOSSES = 90 * SECOND

/** Checks the logs of the workers during the run. */
export class OnlineCheck {
  readonly timeline: FaultTimeline
  readonly #checker: CoherenceChecker
  readonly #trace: KeyTrace
  readonly #merge: EventMerge
  readonly #findings: Findings
  #events = 0
  /** Number of operations by process. */
  readonly #operations: number[] = []
  /** Number of operations of killed processes. */
  #operationsBefore = 0
  #firstFindingAt: Nanoseconds | undefined

  /**
   * Creates a check.
   *
   * @param onFirst - called at the first violation or problem
   */
  constructor(options: RunOptions, clock: RunClock, onFirst: () => void) {
    const { processes, keys, coldKeys, lateWritesMs, traceEvents, snapshots } = options
    this.timeline = new FaultTimeline({
      healthy: options.healthyBoundMs * MILLISECOND,
      lost: options.lostBoundMs * MILLISECOND,
      recovery: options.recoveryMs * MILLISECOND,
    })
    this.#findings = new Findings(() => {
      this.#firstFindingAt = clock.now()
      onFirst()
    })
    this.#trace = new KeyTrace(traceEvents)
    const memory = snapshots ? MEMORY_WITH_LOSSES : MEMORY
    const limits = { processes, lateWrites: lateWritesMs * MILLISECOND, memory }
    this.#checker = new CoherenceChecker(keys + coldKeys, limits, this.timeline, (violation) => {
      const { key, start } = violation.read
      this.#findings.addViolation(violation, () => this.#trace.describe(key, start))
    })
    this.#merge = new EventMerge(processes, (process, event) => {
      this.#trace.add(process, event)
      checkEvent(this.#checker, process, event)
    })
  }

  /** Number of ended faults. */
  get faults(): number {
    return this.timeline.windows.filter(({ end }) => end < Number.POSITIVE_INFINITY).length
  }

  /** Number of operations of all processes. */
  get operations(): number {
    return this.#operations.reduce((sum, count) => sum + count, this.#operationsBefore)
  }

  take(worker: number, { events, completeUntil, operations }: EventsMessage): void {
    // A copy, because bytes from a channel can start anywhere in their buffer.
    this.#merge.add(worker, new EventBatch(new Uint8Array(events)), completeUntil)
    this.#events += this.#merge.advance()
    this.#operations[worker] = operations
  }

  addProblem(worker: number, problem: Problem): void {
    this.#findings.addProblem(worker, problem)
  }

  /** Records that the process of a worker was killed. */
  processEnded(worker: number, at: Nanoseconds): void {
    const ended = EventBatch.withRoomFor(1)
    const event = { kind: 'process ended', key: 0, writer: worker, number: 0, ttl: 0 } as const
    ended.put(0, { ...event, start: at, end: at })
    this.#merge.add(worker, ended, at)
    this.close(worker)
    this.#operationsBefore += this.#operations[worker] ?? 0
    this.#operations[worker] = 0
  }

  /** Records that another process has replaced it and logs from now on. */
  processBegins(worker: number, at: Nanoseconds): void {
    this.#merge.open(worker, at)
  }

  /** Records that the worker logs no more events. */
  close(worker: number): void {
    this.#merge.close(worker)
    this.#events += this.#merge.advance()
  }

  /**
   * Returns the report.
   *
   * @param startedAt - start of the run
   */
  report(startedAt: Nanoseconds): Omit<CoherenceReport, 'options' | 'seconds' | 'counts'> {
    const faults = new Map<string, number>()
    for (const { name } of this.timeline.windows) faults.set(name, (faults.get(name) ?? 0) + 1)
    const { violations, histories, problems, problemTexts } = this.#findings
    const firstAt = this.#firstFindingAt
    return {
      ...{ events: this.#events, faults: Object.fromEntries(faults) },
      ...{ violations, histories, problems, problemTexts },
      firstFindingAfterSeconds: firstAt === undefined ? undefined : (firstAt - startedAt) / SECOND,
      staleness: this.#checker.staleness.report(),
      degradedReads: this.#checker.degradedReads.report(),
      visibility: this.#checker.visibility.report(),
    }
  }
}
