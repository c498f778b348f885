import { CoherenceChecker } from '../../src/checker/coherence-checker.js'
import { FaultTimeline } from '../../src/checker/fault-timeline.js'
import type { Violation } from '../../src/checker/violation.js'
import { checkEvent } from '../../src/events/check-event.js'
import type { CoherenceEvent, EventKind } from '../../src/events/event-batch.js'

/** Operations of one key. Times are plain numbers; the checker does not mind the unit. */
export type Operation = Write | Read | Load | Kill

/** The end of a process. Another one of the same number takes its place. */
interface Kill {
  readonly what: 'kill'
  readonly process: number
  readonly start: number
  readonly end: number
  readonly number: 0
}

export interface Write {
  readonly what: 'set' | 'delete'
  readonly process: number
  readonly number: number
  readonly start: number
  /** `Infinity` when the call never returned. */
  readonly end: number
  readonly ok: boolean
  readonly ttl: number
  /** Whether it may take effect out of the order of issue, as an invalidation of tags may. */
  readonly unordered?: boolean
}

export interface Read {
  readonly what: 'read'
  readonly process: number
  readonly start: number
  readonly end: number
  readonly writer: number
  readonly number: number
  /** Whether the cache said that it lived in memory only, or the process had stood still. */
  readonly state?: 'degraded' | 'stalled'
}

/** Its loader reads the source of truth as it starts. */
export interface Load extends Omit<Read, 'what' | 'state'> {
  readonly what: 'load'
  readonly ok: boolean
  readonly ttl: number
}

export interface Rules {
  readonly processes: number
  readonly bound: number
  readonly lateWrites: number
  /** How long a replaced version is remembered; for ever when left out. */
  readonly memory?: number
}

/** What the checker says of a history. */
export function violationsIn(operations: readonly Operation[], rules: Rules): Violation[] {
  const { bound } = rules
  return check(operations, rules, new FaultTimeline({ healthy: bound, lost: bound, recovery: 0 }))
    .violations
}

export interface Checked {
  readonly violations: Violation[]
  readonly checker: CoherenceChecker
}

/** The same amid faults, with the checker, which can tell more. */
export function check(
  operations: readonly Operation[],
  { processes, lateWrites, memory = Number.POSITIVE_INFINITY }: Omit<Rules, 'bound'>,
  timeline: FaultTimeline,
): Checked {
  const violations: Violation[] = []
  const limits = { processes, lateWrites, memory }
  const checker = new CoherenceChecker(1, limits, timeline, (found) => violations.push(found))
  for (const { process, event } of inOrder(operations)) checkEvent(checker, process, event)
  return { violations, checker }
}

interface Logged {
  readonly process: number
  readonly event: CoherenceEvent
}

/** Where several happen at one time: beginnings, then ends, then reads. */
const RANKS: Partial<Record<EventKind, number>> = {
  'set began': 0,
  'delete began': 0,
  'load began': 0,
  'unordered set began': 0,
  'unordered delete began': 0,
  read: 2,
  'degraded read': 2,
  'stalled read': 2,
}

function inOrder(operations: readonly Operation[]): Logged[] {
  return operations
    .flatMap(eventsOf)
    .filter(({ event }) => event.end < Number.POSITIVE_INFINITY)
    .toSorted(
      ({ event: left }, { event: right }) =>
        left.end - right.end || (RANKS[left.kind] ?? 1) - (RANKS[right.kind] ?? 1),
    )
}

function eventsOf(operation: Operation): Logged[] {
  const { process, start, end, number } = operation
  const log = (kind: EventKind, at: number, times: Partial<CoherenceEvent> = {}): Logged => {
    const writer = 'writer' in operation ? operation.writer : process
    return {
      process,
      event: { kind, key: 0, writer, number, start: at, end: at, ttl: 0, ...times },
    }
  }
  switch (operation.what) {
    case 'read':
      return [
        log(operation.state === undefined ? 'read' : `${operation.state} read`, end, { start }),
      ]
    case 'kill':
      return [log('process ended', end)]
    case 'load': {
      const { ttl, ok } = operation
      return [
        log('load began', start),
        log(ok ? 'load stored' : 'load failed', end, { start, ttl }),
      ]
    }
    default: {
      const { what, ttl, ok, unordered = false } = operation
      const began = what === 'set' ? 'set began' : 'delete began'
      return [
        log(unordered ? `unordered ${began}` : began, start, { ttl }),
        log(ok ? 'write succeeded' : 'write failed', end),
      ]
    }
  }
}
