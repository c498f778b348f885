import fc from 'fast-check'
import { settledAt } from './definition.js'
import type { Operation, Read, Rules, Write } from './history.js'

const NEVER = Number.POSITIVE_INFINITY
const FOR_EVER = 1_000_000

interface Step {
  readonly process: number
  readonly gap: number
  readonly length: number
  readonly what: 'set' | 'delete' | 'read'
  readonly ok: boolean
  /** From 0 to 1: time within the span, or delay, at which the operation takes effect or looks. */
  readonly moment: number
}

interface Planned {
  readonly write: Write
  readonly moment: number
}

interface Effect {
  readonly write: Write
  readonly at: number
}

const step: fc.Arbitrary<Step> = fc.record({
  process: fc.nat(2),
  gap: fc.nat(6),
  length: fc.oneof({ weight: 5, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(60) }),
  what: fc.constantFrom('set', 'delete', 'read', 'read', 'read'),
  ok: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, fc.constant(false)),
  moment: fc.double({ min: 0, max: 1, noNaN: true }),
})

/**
 * Generates legal histories of an atomic register. Its reads can return states within the bound,
 * and its failed writes can take effect late.
 */
export function legalHistory(rules: Rules, maxLength: number): fc.Arbitrary<Operation[]> {
  return fc
    .array(step, { minLength: 1, maxLength, size: 'max' })
    .map((steps) => simulate(steps, rules))
}

function simulate(steps: readonly Step[], rules: Rules): Operation[] {
  const timed = withTimes(steps)
  const writes = timed.flatMap(({ step: each, start }, index) =>
    each.what === 'read'
      ? []
      : [{ write: writeOf(each, start, timed.slice(0, index)), moment: each.moment }],
  )
  const effects = effectsOf(writes, rules)
  const reads = timed.flatMap(({ step: each, start }) =>
    each.what === 'read' ? readOf(each, start, effects, rules) : [],
  )
  return [...writes.map(({ write }) => write), ...reads]
}

interface Timed {
  readonly step: Step
  readonly start: number
}

function withTimes(steps: readonly Step[]): Timed[] {
  let start = 0
  return steps.map((each) => {
    start += each.gap
    return { step: each, start }
  })
}

function writeOf({ process, length, what, ok }: Step, start: number, before: Timed[]): Write {
  const earlier = before.filter(
    ({ step: each }) => each.process === process && each.what !== 'read',
  )
  return {
    what: what === 'delete' ? 'delete' : 'set',
    process,
    number: earlier.length + 1,
    start,
    end: start + length,
    ok,
    ttl: FOR_EVER,
  }
}

/**
 * Returns the time at which each write takes effect. Writes of one process take effect in order,
 * except for failed ones.
 */
function effectsOf(writes: readonly Planned[], { lateWrites }: Rules): Effect[] {
  return writes.map(({ write, moment }, index) => {
    if (!write.ok) return { write, at: lateEffect(write, moment, lateWrites) }
    const isOwn = (other: Planned): boolean =>
      other.write.process === write.process && other.write.ok
    const latest = Math.min(
      ...writes
        .slice(index)
        .filter(isOwn)
        .map((own) => own.write.end),
    )
    // The same share of the remaining time for each write preserves the order.
    const part = writes.find(isOwn)?.moment ?? 0
    return { write, at: write.start + part * (latest - write.start) }
  })
}

/** Returns the time of the effect. One in four failed writes never takes effect. */
function lateEffect(write: Write, moment: number, lateWrites: number): number {
  if (moment < 0.25) return NEVER
  const latest = Math.min(settledAt(write, lateWrites), write.end + 200)
  return write.start + moment * (latest - write.start)
}

/** Returns the read, none if it finds nothing. */
function readOf(
  { process, length, moment }: Step,
  start: number,
  effects: readonly Effect[],
  { bound, lateWrites }: Rules,
): Read[] {
  const end = start + length
  const own = effects.filter(({ write }) => write.process === process && write.end < start)
  const ownAcknowledged = own.filter(({ write }) => write.ok).map(({ at }) => at)
  const earliest = Math.max(start - bound, ...ownAcknowledged)
  const found = currentAt(earliest + moment * (end - earliest), effects)
  if (found === undefined || found.what === 'delete') return []
  const { number, process: writer } = found
  // The register does not return a version that its process may have replaced.
  const isDoubtful = own.some(
    ({ write }) =>
      write.start > settledAt(found, lateWrites) ||
      (write.process === writer && write.number > number && found.ok && found.end <= end),
  )
  return isDoubtful ? [] : [{ what: 'read', process, start, end, writer, number }]
}

function currentAt(instant: number, effects: readonly Effect[]): Write | undefined {
  let current: Effect | undefined
  for (const effect of effects) {
    if (effect.at <= instant && (current === undefined || effect.at >= current.at)) current = effect
  }
  return current?.write
}
