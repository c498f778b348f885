import { CoherenceChecker } from '../../src/checker/coherence-checker.js'
import { FaultTimeline } from '../../src/checker/fault-timeline.js'
import type { Violation } from '../../src/checker/violation.js'
import { checkEvent } from '../../src/events/check-event.js'
import type { CoherenceEvent, EventKind } from '../../src/events/event-batch.js'

/**
 * Operations of one key. Times are plain numbers, because the checker does not depend on the unit.
 */
export type Operation = Write | Read | Load | Kill

/** End of a process. Another process replaces it under the same number. */
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
  /** `Infinity` if the call never returned. */
  readonly end: number
  readonly ok: boolean
  readonly ttl: number
  /** Whether the write can take effect in another order, like an invalidation of tags. */
  readonly unordered?: boolean
}

export interface Read {
  readonly what: 'read'
  readonly process: number
  readonly start: number
  readonly end: number
  readonly writer: number
  readonly number: number
  /** Whether the cache reported that it uses memory only, or the process was stalled. */
  readonly state?: 'degraded' | 'stalled'
}

/** A load. The loader reads the source at the start. */
export interface Load extends Omit<Read, 'what' | 'state'> {
  readonly what: 'load'
  readonly ok: boolean
  readonly ttl: number
}

export interface Rules {
  readonly processes: number
  readonly bound: number
  readonly lateWrites: number
  /** Time for which a replaced version is remembered. Default: forever. */
  readonly memory?: number
}

/** Returns the violations in a history without faults. */
export function violationsIn(operations: readonly Operation[], rules: Rules): Violation[] {
  const { bound } = rules
  return check(operations, rules, new FaultTimeline({ healthy: bound, lost: bound, recovery: 0 }))
    .violations
}

export interface Checked {
  readonly violations: Violation[]
  readonly checker: CoherenceChecker
}

/** Checks a history with faults. Returns the violations and the checker. */
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

/** Order of events with the same time: starts, then ends, then reads. */
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
