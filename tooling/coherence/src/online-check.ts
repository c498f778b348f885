import { CoherenceChecker } from './checker/coherence-checker.js'
import { LinkState } from './checker/link-state.js'
import { MILLISECOND, type Nanoseconds, type RunClock, SECOND } from './clock.js'
import { checkEvent } from './events/check-event.js'
import { EventBatch } from './events/event-batch.js'
import { EventMerge } from './events/event-merge.js'
import { KeyTrace } from './events/key-trace.js'
import { Findings } from './findings.js'
import type { CoherenceReport } from './report.js'
import type { RunOptions } from './run-options.js'
import type { EventsMessage, Trouble } from './worker/messages.js'

/** How long a replaced version is remembered. */
const MEMORY = 30 * SECOND
/** Longer than any value lives: one whose replacement was lost may be read for as long as it lives. */
const MEMORY_WITH_LOSSES = 90 * SECOND

/** Checks what the workers log while they run. */
export class OnlineCheck {
  readonly links: LinkState
  readonly #checker: CoherenceChecker
  readonly #trace: KeyTrace
  readonly #merge: EventMerge
  readonly #findings: Findings
  #events = 0
  /** By process. */
  readonly #operations: number[] = []
  /** Performed by processes that were killed. */
  #operationsBefore = 0
  #firstFindingAt: Nanoseconds | undefined

  /** @param onFirst - called at the first violation or trouble */
  constructor(options: RunOptions, clock: RunClock, onFirst: () => void) {
    const { processes, keys, coldKeys, lateWritesMs, traceEvents, snapshots } = options
    this.links = new LinkState({
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
    this.#checker = new CoherenceChecker(keys + coldKeys, limits, this.links, (violation) => {
      const { key, start } = violation.read
      this.#findings.addViolation(violation, () => this.#trace.describe(key, start))
    })
    this.#merge = new EventMerge(processes, (process, event) => {
      this.#trace.add(process, event)
      checkEvent(this.#checker, process, event)
    })
  }

  /** Those that are over. */
  get faults(): number {
    return this.links.windows.filter(({ end }) => end < Number.POSITIVE_INFINITY).length
  }

  /** Performed so far by all processes. */
  get operations(): number {
    return this.#operations.reduce((sum, count) => sum + count, this.#operationsBefore)
  }

  take(worker: number, { events, completeUntil, operations }: EventsMessage): void {
    // A copy: what comes over a channel may begin anywhere in its buffer.
    this.#merge.add(worker, new EventBatch(new Uint8Array(events)), completeUntil)
    this.#events += this.#merge.advance()
    this.#operations[worker] = operations
  }

  addTrouble(worker: number, trouble: Trouble): void {
    this.#findings.addTrouble(worker, trouble)
  }

  /** Records that the process of a worker was killed. */
  processEnded(worker: number, at: Nanoseconds): void {
    const ended = EventBatch.withRoomFor(1)
    const event = { kind: 'process ended', key: 0, writer: worker, number: 0, life: 0 } as const
    ended.put(0, { ...event, start: at, end: at })
    this.#merge.add(worker, ended, at)
    this.close(worker)
    this.#operationsBefore += this.#operations[worker] ?? 0
    this.#operations[worker] = 0
  }

  /** Records that another process has taken its place and logs from then on. */
  processBegins(worker: number, at: Nanoseconds): void {
    this.#merge.open(worker, at)
  }

  /** Records that the worker logs nothing any more. */
  close(worker: number): void {
    this.#merge.close(worker)
    this.#events += this.#merge.advance()
  }

  /** @param startedAt - when the run began */
  report(startedAt: Nanoseconds): Omit<CoherenceReport, 'options' | 'seconds' | 'counts'> {
    const faults = new Map<string, number>()
    for (const { name } of this.links.windows) faults.set(name, (faults.get(name) ?? 0) + 1)
    const { violations, histories, troubles, troubleTexts } = this.#findings
    const firstAt = this.#firstFindingAt
    return {
      ...{ events: this.#events, faults: Object.fromEntries(faults) },
      ...{ violations, histories, troubles, troubleTexts },
      firstFindingAfterSeconds: firstAt === undefined ? undefined : (firstAt - startedAt) / SECOND,
      staleness: this.#checker.staleness.report(),
      degradedReads: this.#checker.degradedReads.report(),
      visibility: this.#checker.visibility.report(),
    }
  }
}
